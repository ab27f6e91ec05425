// What a change did to what runs, to compare with what docs/reference/settings.md says.
import { existsSync, readFileSync } from "node:fs";
import { effectsOf } from "../../../settings/documentation/changes.ts";
import type { Effect } from "../../../settings/documentation/changes.ts";
import type { Settings } from "../../../settings/schema.ts";
import { startDifferences } from "../../../systems/zot/config/config.ts";
import type { Ended } from "../engine/engine.ts";
import type { Path } from "./stack/place.ts";

export interface Running {
  readonly configFile: string;
  readonly config: string;
  /** CI's key. */
  readonly key: string;
}

export function runningWith({ registry: { configFile } }: Settings, key: string): Running {
  return { configFile, config: existsSync(configFile) ? readFileSync(configFile, "utf8") : "{}", key };
}

/** Files that zot reads only when it starts. */
const READ_AT_START = ["zot-credentials", "zot-session-keys"];

export function observedEffects(before: Running, after: Running, { steps, run }: Ended): readonly Effect[] {
  const names = steps.map(({ urn }) => urn.split("::").at(-1) ?? "");
  const effects: Effect[] = [];
  const restarts =
    before.configFile !== after.configFile ||
    startDifferences(JSON.parse(before.config), JSON.parse(after.config)).length > 0 ||
    names.some((name) => READ_AT_START.includes(name));
  if (restarts) effects.push("restart");
  else if (before.config !== after.config) effects.push("reload");
  if (names.includes("authentik-applied")) effects.push("blueprint");
  if (before.key !== after.key) effects.push("key");
  else if (names.some((name) => name.startsWith("forgejo-")))
    effects.push(run.changes.some(({ url }) => /\/actions\/secrets\//.test(url.pathname)) ? "secrets" : "variables");
  return effects.toSorted();
}

/** Its other value in the table is the same secret: a walk has only one. */
const UNOBSERVED = ["authentik.clientSecret"];

/** What docs/reference/settings.md says of a change, as far as it can be observed. */
export function declaredEffects(path: Path): readonly Effect[] {
  if (UNOBSERVED.includes(path)) return [];
  const effects = effectsOf(path.replaceAll("*", "<name>")) ?? [];
  return effects
    .filter((effect) => effect !== "none" && effect !== "description")
    .map((effect) => (effect === "revoke" || effect === "newKey" ? "key" : effect))
    .toSorted();
}
