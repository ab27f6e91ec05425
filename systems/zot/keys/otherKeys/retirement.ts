import { isDue, plus, rfc3339 } from "../rotation.ts";
import type { OwnKey } from "./accountKeys.ts";

/** A superseded key during its grace period. */
export interface RetiringKey extends OwnKey {
  /** When its grace period began, RFC 3339: when CI had the newer key, or when this key was found. */
  readonly since: string;
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

export function retirement(pending: readonly RetiringKey[], gracePeriod: number): Retirement {
  return { pending, due: pending.map(({ since }) => plus(since, gracePeriod)).sort()[0] ?? "" };
}
