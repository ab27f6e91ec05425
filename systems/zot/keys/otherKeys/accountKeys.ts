import { isOfStack, rfc3339 } from "../rotation.ts";
import type { KeyOwner } from "../rotation.ts";
import { listKeys } from "../../client.ts";
import type { ApiKeyInfo, ZotCredentials } from "../../client.ts";
import type { Context } from "../../../../provider/resource.ts";

/** The account, and how to recognize our keys. */
export interface Account extends KeyOwner {
  readonly registryUrl: string;
  readonly username: string;
}

/** What happens to unmanaged keys: setting `ci.unmanagedKeys`. */
export type UnmanagedKeysPolicy = "report" | "revoke";

/** What identifies one of our keys. */
export interface OwnKey {
  readonly uuid: string;
  readonly label: string;
}

/** A key that this program did not create, as zot lists it. */
export interface UnmanagedKey {
  readonly uuid: string;
  readonly label: string;
  /** RFC 3339; `expires` and `lastUsed` are empty for never. */
  readonly created: string;
  readonly expires: string;
  readonly lastUsed: string;
}

/** An account's keys in zot, split by label into the stack's and unmanaged ones. */
export interface AccountKeys {
  readonly own: readonly OwnKey[];
  /** Oldest first. */
  readonly unmanaged: readonly UnmanagedKey[];
}

/** Go's zero time: never. */
const NEVER = "0001-01-01T00:00:00Z";

export async function accountKeys(
  account: Account,
  credentials: ZotCredentials,
  signal: AbortSignal,
): Promise<AccountKeys> {
  const keys = await listKeys(account.registryUrl, credentials, signal);
  const isOwn = ({ label }: ApiKeyInfo): boolean => isOfStack(account, label);
  return {
    own: keys.filter(isOwn).map(({ uuid, label }) => ({ uuid, label })),
    unmanaged: keys
      .filter((key) => !isOwn(key))
      .map(toUnmanaged)
      .sort((left, right) => left.created.localeCompare(right.created)),
  };
}

function toUnmanaged({ uuid, label, createdAt, expirationDate, lastUsed }: ApiKeyInfo): UnmanagedKey {
  const date = (text: string): string => (text === NEVER || text === "" ? "" : rfc3339(new Date(text)));
  return { uuid, label, created: date(createdAt), expires: date(expirationDate), lastUsed: date(lastUsed) };
}

/** Reports an unmanaged key, and what happens to it. */
export function report(
  { username }: Account,
  key: UnmanagedKey,
  policy: UnmanagedKeysPolicy,
  { warn }: Pick<Context, "warn">,
): void {
  const next =
    policy === "revoke"
      ? "The `pulumi up` after the one that first reports it revokes it. To keep it, set ci.unmanagedKeys: report."
      : "To revoke unmanaged keys, set ci.unmanagedKeys: revoke.";
  warn(`${username} has an unmanaged key: ${describe(key)}. ${next}`);
}

export function describe({ uuid, label, created, expires, lastUsed }: UnmanagedKey): string {
  return `"${label}" (${uuid}, created ${created}, ${expires === "" ? "never expires" : `expires ${expires}`}, ${lastUsed === "" ? "never used" : `last used ${lastUsed}`})`;
}
