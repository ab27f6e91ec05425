import type * as z from "zod";
import { isDuration, toSeconds } from "../../../../../core/time/duration.ts";
import { at, isObject } from "../../../../../core/json.ts";
import type { JsonObject } from "../../../../../core/json.ts";

type Path = readonly PropertyKey[];

/** The settings without what the schema refuses, and without groups that lack what they need. */
export function validPart(schema: z.ZodType, settings: JsonObject): JsonObject {
  const [issue] = schema.safeParse(settings).error?.issues ?? [];
  if (issue === undefined) return settings;
  const lengths = issue.path.map((_, index) => index + 1);
  const length = lengths.findLast((one) => at(settings, ...issue.path.slice(0, one).map(String)) !== undefined);
  if (length === undefined) return {};
  return validPart(schema, without(settings, issue.path.slice(0, length)) as JsonObject);
}

/** The settings without what is the default anyway. */
export function withoutDefaults(schema: z.ZodType, settings: JsonObject): JsonObject {
  const whole = meaning(schema.parse(settings));
  return pathsIn(settings).reduce<JsonObject>((rest, path) => {
    const shorter = without(rest, path) as JsonObject;
    const { success, data } = schema.safeParse(shorter);
    return success && meaning(data) === whole ? shorter : rest;
  }, settings);
}

/** Text that is equal for equal settings: `1 day` is `24 hours`. */
function meaning(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "string" && isDuration(inner) ? `${toSeconds(inner)} s` : inner,
  );
}

/** The paths of all keys, the deepest first. */
function pathsIn(value: unknown, path: Path = []): readonly Path[] {
  if (Array.isArray(value)) return value.flatMap((entry, index) => pathsIn(entry, [...path, index]));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => [...pathsIn(inner, [...path, key]), [...path, key]]);
}

function without(value: unknown, [key, ...rest]: Path): unknown {
  if (key === undefined) return value;
  if (Array.isArray(value)) {
    const entries: readonly unknown[] = value;
    return entries.flatMap((entry, index) =>
      index !== Number(key) ? [entry] : rest.length === 0 ? [] : [without(entry, rest)],
    );
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) =>
      name !== key ? [[name, inner]] : rest.length === 0 ? [] : [[name, without(inner, rest)]],
    ),
  );
}
