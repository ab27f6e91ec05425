import { isObject } from "../../../../core/json.ts";
import type { JsonObject } from "../../../../core/json.ts";

// The keys of zot's config are case-insensitive. For any other JSON: core/json.ts.

/** The key in the object's own spelling; `undefined` if the object does not have it. */
export function spelled(object: JsonObject, key: string): string | undefined {
  return Object.keys(object).find((candidate) => candidate.toLowerCase() === key.toLowerCase());
}

/** The value at a path of keys; `undefined` if there is none. */
export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) {
    if (!isObject(found)) return undefined;
    const name = spelled(found, key);
    if (name === undefined) return undefined;
    found = found[name];
  }
  return found;
}

/** The object at a path of keys; an empty one if there is none. */
export function objectAt(value: unknown, ...path: readonly string[]): JsonObject {
  const found = valueAt(value, ...path);
  return isObject(found) ? found : {};
}
