import { present } from "../../../../../core/json.ts";
import type { JsonObject } from "../../../../../core/json.ts";
import { objectAt, valueAt } from "../../syntax/anyCase.ts";
import type { Difference } from "../../compared/difference.ts";
import type { Candidate } from "../candidate.ts";

/** Settings that `zot.extra` can say in full, by the beginning of their path in zot's config. */
const WHOLE: readonly (readonly [path: string, setting: readonly string[], off?: unknown])[] = [
  ["storage.retention", ["storage", "retention"]],
  ["http.tls", ["http", "tls"]],
  ["http.compat", ["http", "compat"]],
  ["http.auth.openid.callbackalloworigins", ["auth", "callbackAllowOrigins"]],
  ["extensions.metrics", ["metrics"], { enable: false }],
  ["extensions.search.cve", ["search", "cve"], false],
  ["extensions.scrub", ["scrubInterval"]],
  ["extensions.lint", ["mandatoryAnnotations"]],
];

/** The candidate without one of the settings by which the config would differ, each of which `zot.extra` can replace. */
export function* leftToExtra(candidate: Candidate, differences: readonly Difference[]): Generator<Candidate> {
  for (const { path } of differences) {
    const next = withoutSettingOf(candidate, path);
    if (next !== undefined) yield next;
  }
}

function withoutSettingOf(candidate: Candidate, path: string): Candidate | undefined {
  const place = path.toLowerCase();
  if (place.startsWith("extensions.sync") && candidate.pullThrough.length > 0) return { ...candidate, pullThrough: [] };
  const repositories = "http.accesscontrol.repositories.";
  const glob = Object.keys(objectAt(candidate.access, "namespaces")).find((name) =>
    isWithin(place, repositories + name),
  );
  if (glob !== undefined) return { ...candidate, access: put(candidate.access, ["namespaces", glob], undefined) };
  const isOpen = candidate.access["anonymousMetrics"] === true;
  const isMetrics = /^http\.accesscontrol\.metrics\.(users|anonymouspolicy)\b/.test(place);
  if (isOpen && place.startsWith("http.accesscontrol.metrics") && !isMetrics)
    return { ...candidate, access: { ...candidate.access, anonymousMetrics: false } };
  const subPath = Object.keys(objectAt(candidate.zot, "storage", "subPaths")).find((name) =>
    isWithin(place, `storage.subpaths.${name.toLowerCase()}`),
  );
  if (subPath !== undefined)
    return { ...candidate, zot: put(candidate.zot, ["storage", "subPaths", subPath], undefined) };
  const whole = WHOLE.find(([start]) => isWithin(place, start));
  if (whole === undefined) return undefined;
  const [, setting, off] = whole;
  const before = valueAt(candidate.zot, ...setting);
  if (before === undefined || JSON.stringify(before) === JSON.stringify(off)) return undefined;
  return { ...candidate, zot: put(candidate.zot, setting, off) };
}

function isWithin(path: string, start: string): boolean {
  return path === start || path.startsWith(`${start}.`);
}

function put(object: JsonObject, [key = "", ...rest]: readonly string[], value: unknown): JsonObject {
  return present({ ...object, [key]: rest.length === 0 ? value : put(objectAt(object, key), rest, value) });
}
