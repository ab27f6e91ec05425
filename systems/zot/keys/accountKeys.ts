import { generationOf, rfc3339 } from "./rotation.ts";
import { listKeys } from "../client.ts";
import type { ApiKeyInfo, ZotCredentials } from "../client.ts";
import type { Context } from "../../../provider/resource.ts";

/** A key of ours: what tells it apart. */
export interface OwnKey {
  readonly uuid: string;
  readonly label: string;
}

/** A key that nobody declared, as zot lists it. */
export interface UnknownKey {
  readonly uuid: string;
  readonly label: string;
  /** RFC 3339; `expires` and `lastUsed` are empty for never. */
  readonly created: string;
  readonly expires: string;
  readonly lastUsed: string;
}

/** An account's keys in zot, by whether their label says that they are ours. */
export interface AccountKeys {
  readonly own: readonly OwnKey[];
  /** Oldest first. */
  readonly unknown: readonly UnknownKey[];
}

/** Go's zero time: never. */
const NEVER = "0001-01-01T00:00:00Z";

/** @param owner the first part of our own keys' labels */
export async function accountKeys(
  { registryUrl, owner }: { readonly registryUrl: string; readonly owner: string },
  credentials: ZotCredentials,
  signal: AbortSignal,
): Promise<AccountKeys> {
  const keys = await listKeys(registryUrl, credentials, signal);
  const isOwn = ({ label }: ApiKeyInfo): boolean => generationOf(owner, label) !== undefined;
  return {
    own: keys.filter(isOwn).map(({ uuid, label }) => ({ uuid, label })),
    unknown: keys
      .filter((key) => !isOwn(key))
      .map(toUnknown)
      .sort((left, right) => left.created.localeCompare(right.created)),
  };
}

function toUnknown({ uuid, label, createdAt, expirationDate, lastUsed }: ApiKeyInfo): UnknownKey {
  const date = (text: string): string => (text === NEVER || text === "" ? "" : rfc3339(new Date(text)));
  return { uuid, label, created: date(createdAt), expires: date(expirationDate), lastUsed: date(lastUsed) };
}

/** Tells of a key that nobody declared, and what becomes of it. */
export function report(
  { username, policy }: { readonly username: string; readonly policy: "report" | "revoke" },
  key: UnknownKey,
  context: Context,
): void {
  const next =
    policy === "revoke"
      ? "The update after the one that first told of it revokes it; to keep it, set ci.unmanagedKeys: report."
      : "Where nobody needs it, set ci.unmanagedKeys: revoke.";
  context.warn(`${username} has a key that nobody declared: ${describe(key)}. ${next}`);
}

export function describe({ uuid, label, created, expires, lastUsed }: UnknownKey): string {
  return `"${label}" (${uuid}, made ${created}, ${expires === "" ? "never expires" : `expires ${expires}`}, ${lastUsed === "" ? "never used" : `last used ${lastUsed}`})`;
}
