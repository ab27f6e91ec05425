import { toSeconds } from "../../../core/time/duration.ts";
import type { Duration } from "../../../core/time/duration.ts";

/** When a key is replaced, in seconds after its creation. */
export interface RotationPlan {
  readonly lifetimeSeconds: number;
  readonly rotateAfterSeconds: number;
}

/** Two thirds of the lifetime by default, as cert-manager renews: late enough to be rare, early enough to survive a month of trouble. */
export function rotationPlan(keyLifetime: Duration, rotateAfter?: Duration): RotationPlan {
  const lifetimeSeconds = toSeconds(keyLifetime);
  return {
    lifetimeSeconds,
    rotateAfterSeconds: rotateAfter === undefined ? Math.floor((lifetimeSeconds * 2) / 3) : toSeconds(rotateAfter),
  };
}

/** The dates of a key created at `created` (RFC 3339). */
export function keyDates(created: string, plan: RotationPlan): { readonly expires: string; readonly rotates: string } {
  return { expires: plus(created, plan.lifetimeSeconds), rotates: plus(created, plan.rotateAfterSeconds) };
}

/** Whether a date (RFC 3339) has passed. */
export function isDue(date: string, now: Date): boolean {
  return Date.parse(date) <= now.getTime();
}

/** A date some seconds later, RFC 3339 in UTC with whole seconds. */
export function plus(date: string, seconds: number): string {
  return rfc3339(new Date(Date.parse(date) + seconds * 1000));
}

export function rfc3339(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}

/** A key's label: its owner and generation, by which a later run finds what an interrupted one left. */
export function keyLabel(owner: string, generation: number): string {
  return `${owner}/${generation}`;
}

/** The generation in a label of this owner; `undefined` for any other label. */
export function generationOf(owner: string, label: string): number | undefined {
  const generation = label.startsWith(`${owner}/`) ? label.slice(owner.length + 1) : "";
  // More digits are no number that counts on exactly.
  return /^[1-9]\d{0,14}$/.test(generation) ? Number(generation) : undefined;
}

/** Generations from here on are none that rotations reach: whoever has a key can give another one such a label. */
const UNREACHED = 1_000_000;

/** The generation of a new key. An interrupted run may have used generations that are not in the state. */
export function nextGeneration(last: number, found: readonly number[]): number {
  return Math.max(last, ...found.filter((generation) => generation < UNREACHED)) + 1;
}

/** Whose keys are ours. */
export interface KeyOwner {
  /** The prefix of our keys' labels. */
  readonly owner: string;
  /** Earlier prefixes: the stack was renamed. */
  readonly formerOwners?: readonly string[] | undefined;
  /** What `owner` begins with in every account of the stack, if it has several: `zot-auth/<stack>`. */
  readonly stack?: string | undefined;
}

/** The generation in a label of ours; `undefined` for any other label. */
export function ownGeneration({ owner, formerOwners = [] }: KeyOwner, label: string): number | undefined {
  for (const prefix of [owner, ...formerOwners]) {
    const generation = generationOf(prefix, label);
    if (generation !== undefined) return generation;
  }
  return undefined;
}

/**
 * Whether a label is that of some account of the stack, ours or another: accounts may exchange their user names, and an account with a new id may
 * go on with the user name of the old one. The other's keys are then among those of our account, and no stranger's.
 */
export function isOfStack(of: KeyOwner, label: string): boolean {
  if (ownGeneration(of, label) !== undefined) return true;
  const { owner, formerOwners = [], stack } = of;
  if (stack === undefined) return false;
  const id = owner.slice(stack.length);
  return [owner, ...formerOwners]
    .filter((prefix) => prefix.endsWith(id))
    .map((prefix) => `${prefix.slice(0, prefix.length - id.length)}/`)
    .some(
      (prefix) => label.startsWith(prefix) && /^(?:[a-z][a-z0-9-]*\/)?[1-9]\d{0,14}$/.test(label.slice(prefix.length)),
    );
}

/** Where the settings have what is said of an account, for messages. */
export function accountSetting({ owner, stack }: KeyOwner, what: "user" | "group"): string {
  if (stack === undefined) return what === "user" ? "ci.user" : "access.ciGroup";
  return `ci.accounts.${owner === stack ? "ci" : owner.slice(stack.length + 1)}.${what}`;
}

/** When a key is replaced, in words: `rotates in 12 days, on 2027-01-24; expires on 2027-02-23`. The next `up` replaces one that is due. */
export function rotationNotice(dates: { readonly rotates: string; readonly expires: string }, now: Date): string {
  const day = (date: string): string => date.slice(0, 10);
  const seconds = (Date.parse(dates.rotates) - now.getTime()) / 1000;
  const expiry = isDue(dates.expires, now) ? `expired on ${day(dates.expires)}` : `expires on ${day(dates.expires)}`;
  return seconds <= 0
    ? `rotates now; the current one ${expiry}`
    : `rotates in ${wholeUnits(seconds)}, on ${day(dates.rotates)}; ${expiry}`;
}

/** The result of checking a key's dates. */
export interface KeyJudgement {
  /** `due`: it should have been replaced and was not. `unknown`: there is no key. */
  readonly verdict: "good" | "due" | "expired" | "unknown";
  /** What follows `The key of zot-ci`; for `unknown` a sentence. Without a full stop. */
  readonly says: string;
}

/** Checks the stack's outputs (`keyRotates`, `keyExpires`): an overdue key is an error now instead of a surprise later. */
export function judgeKeyDates(outputs: Readonly<Record<string, unknown>>, now: Date): KeyJudgement {
  const { keyRotates: rotates, keyExpires: expires } = outputs;
  if (!isDate(rotates) || !isDate(expires)) {
    return { verdict: "unknown", says: "there is no key: no `up` has completed, or `destroy` revoked it" };
  }
  const ago = (date: string): string => `${date}, ${wholeUnits((now.getTime() - Date.parse(date)) / 1000)} ago`;
  if (isDue(expires, now)) {
    return { verdict: "expired", says: `expired on ${ago(expires)}, and was not replaced: CI cannot push` };
  }
  if (!isDue(rotates, now)) return { verdict: "good", says: rotationNotice({ rotates, expires }, now) };
  const left = wholeUnits((Date.parse(expires) - now.getTime()) / 1000);
  return {
    verdict: "due",
    says: `has been due for rotation since ${ago(rotates)}, and expires in ${left}, on ${expires}`,
  };
}

/** Date.parse accepts many other formats, and an unparsable date would never be due. */
function isDate(value: unknown): value is string {
  return typeof value === "string" && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value));
}

/** The largest unit of which there is at least one, rounded down: it never promises more time than there is. */
function wholeUnits(seconds: number): Duration {
  const units = ["day", "hour", "minute", "second"] as const;
  const unit = units.find((candidate) => seconds >= toSeconds(`1 ${candidate}`)) ?? "second";
  const count = Math.max(1, Math.floor(seconds / toSeconds(`1 ${unit}`)));
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
