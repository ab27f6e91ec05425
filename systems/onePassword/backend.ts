import { ZotAuthError } from "../../core/errors.ts";
import type { Secret } from "../../core/secret.ts";
import type { Field, Item } from "./item/item.ts";
import type { Place } from "./item/place.ts";

/** What is to become of a field. */
export interface Change {
  /** `undefined`: it is made, concealed. */
  readonly field: Field | undefined;
  /** Of a new field. */
  readonly label: string;
  /** Id of a new field's section. */
  readonly section: string | undefined;
  readonly value: Secret;
}

/**
 * What became of a write. Refusals are thrown.
 *
 * - `written`: 1Password took it
 * - `conflict`: somebody else changed the item at the same time, and nothing was written
 * - `unsure`: the answer got lost
 */
export type Outcome =
  { readonly kind: "written" } | { readonly kind: "conflict" | "unsure"; readonly error: ZotAuthError };

/** A way into 1Password. */
export interface Backend {
  /** In errors: `1Password Connect`, `op`. */
  readonly name: string;
  /**
   * Whether a write replaces the whole item. A change by somebody else between our reading and writing is lost then, and kept otherwise.
   */
  readonly replacesItem: boolean;
  /** Reads the item of a place, with one request when the place names ids. Never from a cache. */
  item(place: Place, signal: AbortSignal): Promise<Item>;
  /** Says what is wrong with an item whose other contents a write could lose. */
  assertKeepsRest(item: Item, place: Place): void;
  write(before: Item, change: Change, place: Place, signal: AbortSignal): Promise<Outcome>;
}

/**
 * A token that can go into a header or a variable. What cannot would be refused there by an error that shows it.
 *
 * @throws ZotAuthError `ONEPASSWORD_TOKEN_MALFORMED`
 */
export function assertToken(token: Secret, setting: string, reference: string): void {
  if (/^[\x21-\x7e]+$/.test(token.reveal())) return;
  throw new ZotAuthError(
    "ONEPASSWORD_TOKEN_MALFORMED",
    `The token of ${setting} (${reference}) has spaces, line breaks or other characters that no token has. Put the token alone there, on one line.`,
  );
}

/** A server's or command's own words, without the secrets that went to it, on one line, and not too long. */
export function quote(words: string, secrets: readonly Secret[]): string {
  const clean = secrets.reduce((text, secret) => {
    const value = secret.reveal();
    if (value === "") return text;
    return text.replaceAll(value, "[secret]").replaceAll(JSON.stringify(value).slice(1, -1), "[secret]");
  }, words);
  return clean.replace(/\s+/g, " ").trim().slice(0, 300);
}
