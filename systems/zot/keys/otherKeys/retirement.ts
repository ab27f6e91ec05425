import { isDue, plus, rfc3339 } from "../rotation.ts";
import type { FormerAccount } from "../former/formerAccounts.ts";
import type { OwnKey } from "./accountKeys.ts";

/** A superseded key during its grace period. */
export interface RetiringKey extends OwnKey {
  /** When its grace period began, RFC 3339: when CI had the newer key, or when this key was found. */
  readonly since: string;
}

/** An account that the settings no longer name. */
export interface RetiringAccount extends FormerAccount {
  /** When CI had the new account's key, RFC 3339. */
  readonly since: string;
  /** Whether its keys are revoked and it is removed. */
  readonly retired: boolean;
}

/** The superseded keys, and when the first of them must be revoked. */
export interface Retirement {
  readonly pending: readonly RetiringKey[];
  /** RFC 3339; empty if none is pending. */
  readonly due: string;
}

/** Listed keys that are neither current nor pending, without duplicates. */
export function newlySuperseded(
  inForce: string,
  keys: readonly OwnKey[],
  pending: readonly RetiringKey[],
): readonly OwnKey[] {
  const known = new Set([inForce, ...pending.map(({ uuid }) => uuid)]);
  return keys.filter(({ uuid }) => !known.has(uuid) && known.add(uuid));
}

/**
 * The pending keys, and newly found ones, whose grace period begins now: CI has the newer key only now, even if that key was
 * created long ago, while Forgejo was unreachable.
 */
export function withFound(
  inForce: string,
  keys: readonly OwnKey[],
  pending: readonly RetiringKey[],
): readonly RetiringKey[] {
  const since = rfc3339(new Date());
  // A refresh after an interrupted rotation finds the new current key before it is in the state.
  const still = pending.filter(({ uuid }) => uuid !== inForce);
  return [...still, ...newlySuperseded(inForce, keys, still).map(({ uuid, label }) => ({ uuid, label, since }))];
}

/** Pending keys whose grace period is over. */
export function dueKeys(pending: readonly RetiringKey[], gracePeriod: number, now: Date): readonly RetiringKey[] {
  return pending.filter(({ since }) => isDue(plus(since, gracePeriod), now));
}

/** The former accounts; the grace period of new ones begins now. */
export function withFormer(
  accounts: readonly FormerAccount[],
  before: readonly RetiringAccount[],
): readonly RetiringAccount[] {
  const since = rfc3339(new Date());
  return accounts.map((account) => {
    const { username, generation } = account;
    const known = before.find((earlier) => earlier.username === username && earlier.generation === generation);
    return { since, retired: false, ...known, ...account };
  });
}

export function retirement(
  pending: readonly RetiringKey[],
  gracePeriod: number,
  accounts: readonly RetiringAccount[] = [],
): Retirement {
  const left = [...pending, ...accounts.filter(({ retired }) => !retired)];
  return { pending, due: left.map(({ since }) => plus(since, gracePeriod)).sort()[0] ?? "" };
}
