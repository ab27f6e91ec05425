import { isObject, list as listOf, string } from "../../../../core/json.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { parsePolicy } from "../../access/policies.ts";
import { objectAt, valueAt } from "../syntax/anyCase.ts";
import { effectiveConfig } from "./effective.ts";
import { nanoseconds } from "../syntax/goDuration.ts";
import { withoutSecrets } from "../schema/secretValues.ts";

/** One thing that two configs of zot say differently. */
export interface Difference {
  /** Where: `http.auth.htpasswd`, or `http.accessControl.repositories.**.policies (group admins)`. Without secrets. */
  readonly path: string;
  readonly kind: "added" | "removed" | "changed";
  /** What the first config says or, where it says nothing, zot's default; `[secret]` in place of secrets. */
  readonly before?: unknown;
  /** What the second config says, in the same way. */
  readonly after?: unknown;
}

/**
 * What zot would do differently by another config, key by key: names of keys in any case, `90m` and `1h30m`, `5000` and `"5000"`, zot's default
 * and its absence, and policies in another order are no difference.
 */
export function configDifferences(before: JsonObject, after: JsonObject): readonly Difference[] {
  return compare(effectiveConfig(before), effectiveConfig(after), []);
}

/** Lists of which zot only asks whether something is in it. */
const SETS =
  /^(groups|users|actions|\w*policy|scopes|compat|mandatoryannotations|patterns|repositories|callbackalloworigins)$/i;

function compare(before: unknown, after: unknown, path: readonly string[]): readonly Difference[] {
  const [old, now] = [saying(before, path), saying(after, path)];
  const key = path.at(-1) ?? "";
  if (old === undefined && now === undefined) return [];
  const place = path.map((name) => name.toLowerCase()).join(".");
  if (key.toLowerCase() === "policies" && /^http\.accesscontrol\./.test(place))
    return compareSubjects(listOf(old), listOf(now), path);
  if (place === "http.accesscontrol.adminpolicy") return compareSubjects(asList(old), asList(now), path);
  const address = ADDRESSES[place];
  if (address !== undefined) return compareByAddress(listOf(old), listOf(now), path, address);
  if (place === "extensions") return compareObjects(objectAt(before), objectAt(after), path);
  if (old === undefined || now === undefined) return [difference(path, old, now)];
  // zot reads one text as a list of one.
  if (Array.isArray(old) !== Array.isArray(now) && !isObject(old) && !isObject(now))
    return compareLists(asList(old).flat(), asList(now).flat(), path);
  if (isObject(old) && isObject(now)) return compareObjects(old, now, path);
  if (Array.isArray(old) && Array.isArray(now)) return compareLists(old, now, path);
  return isSameScalar(old, now) ? [] : [difference(path, old, now)];
}

function compareObjects(old: JsonObject, now: JsonObject, path: readonly string[]): readonly Difference[] {
  const names = new Map([...Object.keys(old), ...Object.keys(now)].map((name) => [name.toLowerCase(), name]));
  return [...names.values()].flatMap((name) => compare(valueAt(old, name), valueAt(now, name), [...path, name]));
}

function compareLists(
  old: readonly unknown[],
  now: readonly unknown[],
  path: readonly string[],
): readonly Difference[] {
  const hasObjects = [...old, ...now].some(isObject);
  if (!hasObjects) {
    const [first, second] = SETS.test(path.at(-1) ?? "") ? [sorted(old), sorted(now)] : [old, now];
    return first.length === second.length && first.every((value, index) => isSameScalar(value, second[index]))
      ? []
      : [difference(path, old, now)];
  }
  // What is equal at both ends stays together, so that one entry less is one difference.
  const shorter = Math.min(old.length, now.length);
  const same = (count: number, at: (index: number) => readonly [unknown, unknown]): number => {
    const end = Array.from({ length: count }).findIndex((_, index) => !isSame(...at(index)));
    return end === -1 ? count : end;
  };
  const head = same(shorter, (index) => [old[index], now[index]]);
  const tail = same(shorter - head, (index) => [old.at(-1 - index), now.at(-1 - index)]);
  const [before, after] = [old.slice(head, old.length - tail), now.slice(head, now.length - tail)];
  return Array.from({ length: Math.max(before.length, after.length) }).flatMap((_, index) =>
    compare(before[index], after[index], [...path, String(head + index)]),
  );
}

/** A policy for several groups is the same as one for each. */
function compareSubjects(
  old: readonly unknown[],
  now: readonly unknown[],
  path: readonly string[],
): readonly Difference[] {
  const [before, after] = [subjects(old), subjects(now)];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((subject) => {
    const where = [...path.slice(0, -1), `${path.at(-1)} (${subject})`];
    return compareLists(before.get(subject) ?? [], after.get(subject) ?? [], [...path, "actions"]).map(() =>
      difference(where, meaning(before.get(subject)), meaning(after.get(subject))),
    );
  });
}

function subjects(policies: readonly unknown[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const entry of policies) {
    const { groups, users, actions } = parsePolicy(entry);
    const conditions = meaning(valueAt(entry, "conditions"));
    const where = conditions === undefined ? "" : ` where ${JSON.stringify(conditions)}`;
    for (const name of [...groups.map((group) => `group ${group}`), ...users.map((user) => `user ${user}`)]) {
      const subject = name + where;
      found.set(subject, [...new Set([...(found.get(subject) ?? []), ...actions])]);
    }
  }
  return found;
}

/** Lists whose order does not count, by what their entries are known by: they have no names. */
const ADDRESSES: Readonly<Record<string, string>> = {
  "extensions.sync.registries": "urls",
  "extensions.events.sinks": "address",
};

/** Entries that are equal belong together, then those of the same (first) address, in their order. */
function compareByAddress(
  old: readonly unknown[],
  now: readonly unknown[],
  path: readonly string[],
  key: string,
): readonly Difference[] {
  const address = (entry: unknown): string => {
    const value = valueAt(entry, key);
    return string(Array.isArray(value) ? value[0] : value);
  };
  const place = (entry: unknown): readonly string[] => [...path, String(withoutSecrets(address(entry), key, path))];
  const left = now.filter((one) => !old.some((other) => isSame(other, one)));
  const removed = old.filter((one) => !now.some((other) => isSame(one, other)));
  const found: Difference[] = [];
  for (const one of removed) {
    const partner = left.findIndex((other) => address(other) === address(one));
    const [other] = partner === -1 ? [] : left.splice(partner, 1);
    found.push(...compare(one, other, place(one)));
  }
  return [...found, ...left.flatMap((one) => compare(undefined, one, place(one)))];
}

function isSame(one: unknown, other: unknown): boolean {
  return compare(one, other, []).length === 0;
}

function isSameScalar(old: unknown, now: unknown): boolean {
  if (String(old) === String(now)) return typeof old !== "object";
  const [before, after] = [nanoseconds(old), nanoseconds(now)];
  return before !== undefined && before === after;
}

function difference(path: readonly string[], old: unknown, now: unknown): Difference {
  const [place, key] = [path.join("."), path.at(-1) ?? ""];
  const within = path.slice(0, -1);
  const [before, after] = [withoutSecrets(old, key, within), withoutSecrets(now, key, within)];
  if (old === undefined) return { path: place, kind: "added", after };
  if (now === undefined) return { path: place, kind: "removed", before };
  return { path: place, kind: "changed", before, after };
}

/** Without rules, everyone may do everything; with empty rules, nobody may do anything. */
const NOTHING_IS_SOMETHING = /^http\.accesscontrol(\.repositories\.[^.]*)?$/i;

function saying(value: unknown, path: readonly string[]): unknown {
  const place = path.map((name) => name.replaceAll(".", "_")).join(".");
  return isObject(value) && NOTHING_IS_SOMETHING.test(place) ? value : meaning(value);
}

/** The value, or `undefined` for one that says nothing. */
function meaning(value: unknown): unknown {
  if (value === null || value === "") return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value;
  if (!isObject(value)) return value;
  return Object.values(value).every((inner) => meaning(inner) === undefined) ? undefined : value;
}

function sorted(list: readonly unknown[]): readonly unknown[] {
  return [...new Set(list.map(String))].toSorted();
}

function asList(value: unknown): readonly unknown[] {
  return value === undefined ? [] : [value];
}
