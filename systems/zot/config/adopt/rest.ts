import { isObject } from "../../../../core/json.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { spelled, valueAt } from "../anyCase.ts";
import { effectiveConfig } from "../effective.ts";

/** Keys whose absence means more than their emptiness. */
const GLOB_DEPTH = 4;

/** What a config says and a rendered one does not, as `zot.extra` would add it: without what zot ignores. */
export function restOf(config: JsonObject, rendered: JsonObject): JsonObject {
  return difference(config, rendered, effectiveConfig(config), []);
}

function difference(config: JsonObject, rendered: JsonObject, effective: unknown, path: readonly string[]): JsonObject {
  const rest: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    const here = [...path, key.toLowerCase()];
    const read = valueAt(effective, key);
    if (read === undefined || read === null || (isEmpty(value) && here.length < GLOB_DEPTH)) continue;
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

function isEmpty(value: unknown): boolean {
  if (value === "") return true;
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}
