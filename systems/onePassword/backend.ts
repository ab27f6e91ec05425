import { ZotAuthError } from "../../core/errors.ts";
import type { Secret } from "../../core/secrets/secret.ts";
import type { NewFieldSection } from "./item/field.ts";
import type { Field, Item } from "./item/item.ts";
import type { Place } from "./item/place.ts";

/** A change of one field. */
export interface Change {
  /** `undefined`: a new, concealed field is created. */
  readonly field: Field | undefined;
  /** Label of a new field. */
  readonly label: string;
  /** The section of a new field. */
  readonly section: NewFieldSection;
  readonly value: Secret;
}

/**
 * The outcome of a write. A refusal is thrown.
 *
 * - `written`: 1Password stored the value
 * - `conflict`: the item changed at the same time, and nothing was written
 * - `unsure`: the response was lost
 */
export type Outcome =
  | { readonly kind: "written" }
  | { readonly kind: "conflict" | "unsure"; readonly error: ZotAuthError };

/** A way into 1Password. */
export interface Backend {
  /** In errors: `1Password Connect`, `op`. */
  readonly name: string;
  /**
   * Whether a write replaces the whole item. If so, a concurrent change between our read and our write is lost.
   */
  readonly replacesItem: boolean;
  /** Reads the item, with one request if the place names ids. Never cached. */
  item(place: Place, signal: AbortSignal): Promise<Item>;
  /** Throws if a write could lose other contents of the item. */
  assertKeepsRest(item: Item, place: Place): void;
  write(before: Item, change: Change, place: Place, signal: AbortSignal): Promise<Outcome>;
}

/**
 * Throws unless the token can go into a header or a variable, where the error about a bad character would show it.
 *
 * @throws ZotAuthError `ONEPASSWORD_TOKEN_MALFORMED`
 */
export function assertToken(token: Secret, setting: string, reference: string): void {
  if (/^[\x21-\x7e]+$/.test(token.reveal())) return;
  throw new ZotAuthError(
    "ONEPASSWORD_TOKEN_MALFORMED",
    `The token in ${setting} (${reference}) contains spaces, line breaks or other characters that a token cannot have. Store the token alone, on one line.`,
  );
}

/** The output of a server or command on one line, shortened and without the secrets that it was given. */
export function quote(words: string, secrets: readonly Secret[]): string {
  const clean = secrets.reduce((text, secret) => {
    const value = secret.reveal();
    if (value === "") return text;
    return text.replaceAll(value, "[secret]").replaceAll(JSON.stringify(value).slice(1, -1), "[secret]");
  }, words);
  return clean.replace(/\s+/g, " ").trim().slice(0, 300);
}
