import * as z from "zod";
import { isDuration, toSeconds } from "../time/duration.ts";
import type { Duration } from "../time/duration.ts";
import { parseReference, referenceProblem } from "../secrets/reference.ts";
import type { SecretReference } from "../secrets/reference.ts";

const SERVER_URL =
  "an http or https URL without a user name or query, such as https://example.net or https://example.net/git";
const SECRET_REFERENCE =
  "a secret reference: op://vault/item/field, op://vault/item/section/field (use IDs if a title contains parentheses or slashes), env:NAME or file:path (never the secret itself)";
const OP_REFERENCE =
  "a 1Password reference: op://vault/item/field or op://vault/item/section/field (use IDs if a title contains parentheses or slashes)";
const DURATION = 'a duration such as "90 days", "1 hour" or "30 seconds"';
const NAME = "a name of letters, digits, dots, underscores and hyphens that begins with a letter or digit";
const KUBERNETES_NAME =
  "a name that Kubernetes allows: at most 253 lower-case letters, digits, hyphens and dots, with a letter or digit at both ends and beside each dot";
const NAMESPACE =
  "a namespace that Kubernetes allows: at most 63 lower-case letters, digits and hyphens, with a letter or digit at both ends";
const SLUG = "a slug of letters, digits, hyphens and underscores, as Authentik shows it";
const GROUP_NAME = "a group's name as Authentik shows it, without line breaks and without leading or trailing spaces";
const USER_NAME = "a user name that Authentik accepts: at most 150 letters, digits and _ . @ + -";
const TEXT = "a string that is not empty";
const PORT = "a port between 1 and 65535";

/**
 * The address of a server that serves at the root only: `https://registry.example.net`. Capitals, the default port and a trailing slash are normalized.
 *
 * @param why it does, for the error
 */
export function rootUrl(why: string): z.ZodType<string, string> {
  const error = `an http or https URL without a path (${why}), user name or query, such as https://registry.example.net`;
  return z
    .string({ error })
    .refine((text) => normalized(text)?.path === "", { error })
    .overwrite((text) => normalized(text)?.origin ?? text);
}

/** The address of a registry. */
export const registryUrl = rootUrl("container clients look for /v2/ at the root");

/** The address of a server that may be at a path: `https://example.net/git`. Normalized like {@link rootUrl}. */
export const serverUrl = z
  .string({ error: SERVER_URL })
  .refine((text) => normalized(text) !== undefined, { error: SERVER_URL })
  .overwrite((text) => {
    const url = normalized(text);
    return url === undefined ? text : url.origin + url.path;
  });

export const secretReference = z
  .string({ error: SECRET_REFERENCE })
  .refine((text): text is SecretReference => parseReference(text) !== undefined, {
    error: SECRET_REFERENCE,
    abort: true,
  })
  .refine(isReadable, { error: unreadableReference });

export const onePasswordReference = z
  .string({ error: OP_REFERENCE })
  .refine((text): text is SecretReference => parseReference(text)?.kind === "op", { error: OP_REFERENCE, abort: true })
  .refine(isReadable, { error: unreadableReference });

function isReadable(reference: SecretReference): boolean {
  return referenceProblem(reference) === undefined;
}

/** The reference itself is not shown: it may be a secret with spaces. */
function unreadableReference({ input }: { readonly input: unknown }): string {
  return `a reference that 1Password can read: ${referenceProblem(String(input)) ?? ""}`;
}

/** Ten years: a date that is reckoned from a longer duration may not exist, and a key that lives longer is a mistake. */
const LONGEST: Duration = "3650 days";

/** A duration of at most ten years. */
export const duration = durationFrom("0 seconds");

/**
 * A duration with a lower limit.
 *
 * @param shortest the limit
 * @param why what would happen below it, for the error: `zot would …`
 */
export function durationFrom(shortest: Duration, why = ""): z.ZodType<Duration, string> {
  return z
    .string({ error: DURATION })
    .refine((text): text is Duration => isDuration(text), { error: DURATION, abort: true })
    .refine((text) => toSeconds(text) <= toSeconds(LONGEST), { error: `a duration of at most ${LONGEST}` })
    .refine((text) => toSeconds(text) >= toSeconds(shortest), {
      error: `a duration of at least ${shortest}${why === "" ? "" : `: ${why}`}`,
    });
}

/** A name in Authentik, zot or Forgejo: letters, digits, `.`, `_`, `-`. */
export const name = z.string({ error: NAME }).regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, { error: NAME });

/** The name of a Kubernetes object, such as an application of Argo CD or a ConfigMap. */
export const kubernetesName = z
  .string({ error: KUBERNETES_NAME })
  .max(253, { error: KUBERNETES_NAME })
  .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/, { error: KUBERNETES_NAME });

/** The name of a Kubernetes namespace. */
export const namespace = z
  .string({ error: NAMESPACE })
  .max(63, { error: NAMESPACE })
  .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, { error: NAMESPACE });

/** A slug of Authentik: letters, digits, `_`, `-`. */
export const slug = z.string({ error: SLUG }).regex(/^[A-Za-z0-9_-]+$/, { error: SLUG });

/** The name of a group in Authentik: any text without control characters and without leading or trailing spaces, which Authentik removes. */
export const groupName = z
  .string({ error: GROUP_NAME })
  .regex(/^(?!\s)[^\p{C}\p{Zl}\p{Zp}]+(?<!\s)$/u, { error: GROUP_NAME });

/** The name of a user in Authentik: letters and digits of any language, and `_.@+-`. */
export const userName = z
  .string({ error: USER_NAME })
  .max(150, { error: USER_NAME })
  .regex(/^[\p{L}\p{N}_.@+-]+$/u, { error: USER_NAME });

export const text = z.string({ error: TEXT }).min(1, { error: TEXT });

export const port = z.int({ error: PORT }).min(1, { error: PORT }).max(65_535, { error: PORT });

export function isWithoutDuplicates(list: readonly string[]): boolean {
  return new Set(list).size === list.length;
}

/** The parts of a URL that name a server; `undefined` for any other text. The path has no slash at its end. */
function normalized(text: string): { readonly origin: string; readonly path: string } | undefined {
  const url = /^https?:\/\//i.test(text) ? URL.parse(text) : null;
  if (url === null || /[?#@\s]/.test(text)) return undefined;
  return { origin: url.origin, path: url.pathname.replace(/\/+$/, "") };
}
