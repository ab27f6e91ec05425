import { isObject, spelled } from "../../../core/json.ts";
import type { JsonObject } from "../../../core/json.ts";

/** Something in `zot.extra` that a setting already says. */
export interface Conflict {
  /** Where in zot's config: `http.port`. */
  readonly path: readonly string[];
}

/** The config with the escape hatch merged in, and what could not be merged. */
export interface Merged {
  readonly config: JsonObject;
  readonly conflicts: readonly Conflict[];
}

/**
 * Merges `zot.extra` into a rendered config, key by key, in whatever case the keys are written. It only adds: what the config already has
 * is a conflict, since one decision has one setting.
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
