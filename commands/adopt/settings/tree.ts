import { isObject } from "../../../core/json.ts";
import type { JsonObject } from "../../../core/json.ts";

/** Settings by group, as in a stack's file without the project's prefix. */
export type Tree = JsonObject;

/** The value of a setting: `registry.host`. */
export function valueOf(tree: Tree, setting: string): unknown {
  return atPath(tree, setting.split("."));
}

/** The value at a path whose keys may contain dots. */
export function atPath(tree: Tree, path: readonly string[]): unknown {
  return path.reduce<unknown>((here, key) => (isObject(here) ? here[key] : undefined), tree);
}

/** A copy in which the setting has that value; with `undefined`, without the setting. Groups that are empty then are gone, too. */
export function withValue(tree: Tree, path: readonly string[], value: unknown): Tree {
  const [key = "", ...rest] = path;
  const inner = tree[key];
  const changed = rest.length === 0 ? value : withValue(isObject(inner) ? inner : {}, rest, value);
  const { [key]: _former, ...others } = tree;
  const isGone = changed === undefined || (rest.length > 0 && isObject(changed) && Object.keys(changed).length === 0);
  // A changed value keeps its place.
  if (!isGone) return key in tree ? { ...tree, [key]: changed } : { ...others, [key]: changed };
  return others;
}

/** Both; where both have a value, that of the second. Lists are values. */
export function merged(first: Tree, second: Tree): Tree {
  const result: Record<string, unknown> = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const before = result[key];
    if (value === undefined) continue;
    result[key] = isObject(before) && isObject(value) ? merged(before, value) : value;
  }
  return result;
}

/** The path of each value that is not a group. */
export function leavesOf(tree: Tree, prefix: readonly string[] = []): readonly (readonly string[])[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    isObject(value) && Object.keys(value).length > 0 ? leavesOf(value, [...prefix, key]) : [[...prefix, key]],
  );
}
