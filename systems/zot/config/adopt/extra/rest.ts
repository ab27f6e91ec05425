import { isObject } from "../../../../../core/json.ts";
import type { JsonObject } from "../../../../../core/json.ts";
import { spelled, valueAt } from "../../syntax/anyCase.ts";
import { effectiveConfig } from "../../compared/effective.ts";

/** What a config says and a rendered one does not, as `zot.extra` would add it: without what zot ignores. */
export function restOf(config: JsonObject, rendered: JsonObject): JsonObject {
  return difference(config, rendered, effectiveConfig(config), []);
}

function difference(config: JsonObject, rendered: JsonObject, effective: unknown, path: readonly string[]): JsonObject {
  const rest: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    const here = [...path, key.toLowerCase()];
    // Of keys that differ only in case, the first counts.
    if (spelled(config, key) !== key) continue;
    const read = valueAt(effective, key);
    if (read === undefined || read === null || (isEmpty(value) && !isGlob(here))) continue;
    const name = spelled(rendered, key);
    const other = name === undefined ? undefined : rendered[name];
    if (name === undefined) {
      rest[key] = value;
    } else if (isObject(value) && isObject(other)) {
      const inner = difference(value, other, read, here);
      if (Object.keys(inner).length > 0) rest[key] = inner;
    }
  }
  return rest;
}

/** Empty rules for a glob refuse everyone. */
function isGlob(path: readonly string[]): boolean {
  return path.length === 4 && path.slice(0, 3).join(".") === "http.accesscontrol.repositories";
}

function isEmpty(value: unknown): boolean {
  if (value === "") return true;
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}
