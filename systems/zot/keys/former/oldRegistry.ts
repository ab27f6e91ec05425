import { ZotAuthError } from "../../../../core/errors.ts";
import type { SecretReference } from "../../../../core/secrets/reference.ts";
import type { Secret } from "../../../../core/secrets/secret.ts";
import type { Context } from "../../../../provider/resource.ts";
import { findSecret } from "../../../onePassword/resolver.ts";
import { keyWorks, revokeKey } from "../../client.ts";
import { warnOfUnmanaged } from "./formerAccounts.ts";
import { accountKeys } from "../otherKeys/accountKeys.ts";
import type { OwnKey } from "../otherKeys/accountKeys.ts";
import type { KeyOwner } from "../rotation.ts";

/** What the state knows of a key before `registry.url` changed. */
export interface FormerKey extends OwnKey, KeyOwner {
  readonly registryUrl: string;
  readonly username: string;
  readonly store: SecretReference;
  readonly fingerprint: string;
  /** RFC 3339. */
  readonly expires: string;
  /** Older keys, in their grace period. They expire earlier. */
  readonly superseded: readonly OwnKey[];
}

/** Our keys at the old registry, and the one that can revoke them all. */
export interface KeysAtOldRegistry {
  readonly former: FormerKey;
  /** The key, or why it cannot be had. */
  readonly key: Secret | string;
}

/**
 * Reads the old key while 1Password still holds it. If the new address is another registry, nothing could revoke the old registry's keys once the field
 * holds the new key.
 */
export async function keysAtOldRegistry(former: FormerKey, signal: AbortSignal): Promise<KeysAtOldRegistry> {
  try {
    const key = await findSecret(former.store, signal);
    if (key?.fingerprint === former.fingerprint) return { former, key };
    return { former, key: "1Password no longer holds the key that could do it." };
  } catch (error) {
    // Such as a vault that was deleted: the move must not depend on it.
    if (!(error instanceof ZotAuthError)) throw error;
    return { former, key: error.message };
  }
}

/** Whether the key is at hand, and can revoke the others. */
export async function stillWorks({ former, key }: KeysAtOldRegistry, signal: AbortSignal): Promise<boolean> {
  if (typeof key === "string") return false;
  try {
    return await keyWorks(former.registryUrl, former.username, key, signal);
  } catch (error) {
    if (error instanceof ZotAuthError) return false;
    throw error;
  }
}

/** Revokes our keys at the old registry, with the newest of them. What stays is a warning that says until when. */
export async function revokeAtOldRegistry({ former, key }: KeysAtOldRegistry, context: Context): Promise<void> {
  const { registryUrl, username, superseded, uuid, label } = former;
  let left: readonly OwnKey[] = [...superseded, { uuid, label }];
  let reason = typeof key === "string" ? key : "";
  try {
    if (typeof key !== "string") {
      const credentials = { kind: "key", username, key } as const;
      if (await keyWorks(registryUrl, username, key, context.signal)) {
        const { own, unmanaged } = await accountKeys(former, credentials, context.signal);
        for (const found of unmanaged) warnOfUnmanaged(former, found.label, context);
        // The one that revokes the others goes last.
        left = own.toSorted((one, other) => Number(one.uuid === uuid) - Number(other.uuid === uuid));
        for (const next of left) {
          await revokeKey(registryUrl, credentials, next.uuid, context.signal);
          left = left.filter((other) => other !== next);
        }
      } else {
        left = superseded;
        reason = "The key that could do it no longer works.";
      }
    }
  } catch (error) {
    if (!(error instanceof ZotAuthError)) throw error;
    reason = error.message;
  }
  if (left.length > 0) context.warn(notRevoked(former, left, reason));
}

function notRevoked({ registryUrl, expires }: FormerKey, left: readonly OwnKey[], reason: string): string {
  const labels = left.map(({ label }) => `"${label}"`).join(", ");
  return left.length === 1
    ? `The key ${labels} of ${registryUrl} was not revoked and expires on ${expires}: ${reason}`
    : `The keys ${labels} of ${registryUrl} were not revoked and expire by ${expires}: ${reason}`;
}
