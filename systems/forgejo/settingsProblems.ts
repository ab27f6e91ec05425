import type { SettingsProblem } from "../../core/settings/problem.ts";
import type { Settings } from "../../settings/schema.ts";

/** Secrets that would overwrite one another. */
export function* forgejoProblems({ forgejo }: Settings): Generator<SettingsProblem> {
  const key = { setting: "forgejo.secretName", name: forgejo.secretName, repositories: forgejo.repositories };
  const all = [
    key,
    ...forgejo.secrets.map((secret, index) => ({ setting: `forgejo.secrets.${index}.name`, ...secret })),
  ];
  for (const [index, later] of all.entries()) {
    for (const earlier of all.slice(0, index)) {
      if (earlier.name !== later.name) continue;
      const lower = new Set(earlier.repositories.map((target) => target.toLowerCase()));
      const both = later.repositories.filter((target) => lower.has(target.toLowerCase()));
      if (both.length === 0) continue;
      yield {
        path: later.setting,
        message: `got "${later.name}", which is the name of ${earlier.setting} too, in ${both.join(", ")}. Name another one, or name each repository once.`,
      };
    }
  }
}
