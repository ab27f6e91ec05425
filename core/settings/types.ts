import * as z from "zod";
import { isDuration } from "../duration.ts";
import type { Duration } from "../duration.ts";
import { parseReference } from "../secretReference.ts";
import type { SecretReference } from "../secretReference.ts";

/** An http or https address without a path, query or trailing slash: `https://registry.example.net`. */
export const baseUrl = z.string().refine(isBaseUrl, {
  error: "an http or https URL without a path or trailing slash, such as https://registry.example.net",
});

export const secretReference = z
  .string()
  .refine((text): text is SecretReference => parseReference(text) !== undefined, {
    error:
      "a reference to a secret: op://vault/item/field (or op://vault/item/section/field), env:NAME or file:path (never the secret itself)",
  });

export const onePasswordReference = z
  .string()
  .refine((text): text is SecretReference => parseReference(text)?.kind === "op", {
    error:
      "a 1Password reference op://vault/item/field or op://vault/item/section/field (use ids where a title has parentheses or slashes)",
  });

export const duration = z.string().refine((text): text is Duration => isDuration(text), {
  error: 'a span of time such as "90 days", "1 hour" or "30 seconds"',
});

/** A name that ends up in Authentik, zot and Forgejo: letters, digits, `.`, `_`, `-`. */
export const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, {
  error: "a name of letters, digits, dots, underscores and hyphens, beginning with a letter or digit",
});

export const text = z.string().min(1, { error: "a text that is not empty" });

export const port = z.int({ error: "a port between 1 and 65535" }).min(1).max(65_535);

export function isWithoutDuplicates(list: readonly string[]): boolean {
  return new Set(list).size === list.length;
}

function isBaseUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return /^https?:$/.test(url.protocol) && url.origin === value;
}
