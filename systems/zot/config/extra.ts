import { isObject, list } from "../../../core/json.ts";
import { spelled } from "./syntax/anyCase.ts";
import type { JsonObject } from "../../../core/json.ts";

/** A key in `zot.extra` that another setting writes. */
export interface Conflict {
  /** Where in zot's config: `http.port`. */
  readonly path: readonly string[];
}

/** The config with `zot.extra`, and what could not be merged. */
export interface Merged {
  readonly config: JsonObject;
  readonly conflicts: readonly Conflict[];
}

/** A key that another one beside it repeats in another case. */
export interface Twin extends Conflict {
  /** The first of the two. */
  readonly first: string;
}

/** Keys that zot takes for the same: it reads either of the two, at random. */
export function twinsIn(value: unknown, path: readonly string[] = []): readonly Twin[] {
  if (!isObject(value)) return list(value).flatMap((item, index) => twinsIn(item, [...path, String(index)]));
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = [...path, key];
    const first = spelled(value, key);
    return [...(first === undefined || first === key ? [] : [{ path: here, first }]), ...twinsIn(inner, here)];
  });
}

/**
 * Merges `zot.extra` into a rendered config, key by key. Keys are case-insensitive. It can only add: a key that the config already has is
 * a conflict, because one decision has one setting.
 */
export function mergeExtra(config: JsonObject, extra: JsonObject, path: readonly string[] = []): Merged {
  const merged: Record<string, unknown> = { ...config };
  const conflicts: Conflict[] = [];
  for (const [key, value] of Object.entries(extra)) {
    const name = spelled(config, key);
    const here = [...path, key];
    if (name === undefined) {
      merged[key] = value;
      continue;
    }
    const current = config[name];
    if (!isObject(current) || !isObject(value)) {
      conflicts.push({ path: here });
      continue;
    }
    const inner = mergeExtra(current, value, here);
    merged[name] = inner.config;
    conflicts.push(...inner.conflicts);
  }
  return { config: merged, conflicts };
}
