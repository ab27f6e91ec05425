import type { SettingsProblem } from "../../core/settings/problem.ts";
import type { ForgejoSettings } from "./settings.ts";

/** A key's secret, and the setting that names it. */
export interface NamedSecret {
  readonly setting: string;
  readonly name: string;
  readonly repositories: readonly string[];
}

/** Secrets that would overwrite one another. */
export function* forgejoProblems(
  keys: readonly NamedSecret[],
  { secrets }: Pick<ForgejoSettings, "secrets">,
): Generator<SettingsProblem> {
  const all = [...keys, ...secrets.map((secret, index) => ({ setting: `forgejo.secrets.${index}.name`, ...secret }))];
  for (const [index, later] of all.entries()) {
    for (const earlier of all.slice(0, index)) {
      if (earlier.name !== later.name) continue;
      const lower = new Set(earlier.repositories.map((target) => target.toLowerCase()));
      const both = later.repositories.filter((target) => lower.has(target.toLowerCase()));
      if (both.length === 0) continue;
      yield {
        path: later.setting,
        message: `got "${later.name}", which ${earlier.setting} also uses in ${both.join(", ")}. Use a different name, or list each repository once.`,
      };
    }
  }
}
