/** A JSON object, such as zot's config or a part of it. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The key as the object spells it: zot does not tell upper from lower case in the keys of its config. */
export function spelled(object: JsonObject, key: string): string | undefined {
  return Object.keys(object).find((candidate) => candidate.toLowerCase() === key.toLowerCase());
}

/** What stands at a path of keys, in any case; `undefined` when there is nothing. */
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

/** The object at a path; an empty one when there is none. */
export function objectAt(value: unknown, ...path: readonly string[]): JsonObject {
  const found = valueAt(value, ...path);
  return isObject(found) ? found : {};
}

/** The object without the keys whose value is `undefined`. */
export function present(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
