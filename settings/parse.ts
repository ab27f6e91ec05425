import { ZotAuthError } from "../core/errors.ts";
import { crossChecks } from "./crossChecks.ts";
import { describeIssue } from "../core/settings/issues.ts";
import type { SettingsProblem } from "../core/settings/problem.ts";
import { settingsSchema } from "./schema.ts";
import type { Settings } from "./schema.ts";

/** All bad settings of a stack in one report. */
export class SettingsError extends ZotAuthError {
  readonly problems: readonly SettingsProblem[];

  constructor(problems: readonly SettingsProblem[]) {
    const lines = problems.map(({ path, message }) => `  ${path}: ${message}`);
    const count = problems.length === 1 ? "A setting is" : `${problems.length} settings are`;
    super(
      "SETTINGS_INVALID",
      [`${count} not right. Nothing was changed. Correct Pulumi.<stack>.yaml and run again:`, ...lines].join("\n"),
    );
    this.problems = problems;
  }
}

/**
 * Checks a stack's settings as a whole.
 *
 * @param raw the groups as they stand in `Pulumi.<stack>.yaml`, without the project's prefix
 * @throws SettingsError with every problem, not just the first
 */
export function parseSettings(raw: Readonly<Record<string, unknown>>): Settings {
  const result = settingsSchema.safeParse(raw);
  if (!result.success) {
    throw new SettingsError(result.error.issues.flatMap((issue) => describeIssue(issue, raw, settingsSchema)));
  }
  const problems = [...crossChecks(result.data)];
  if (problems.length > 0) throw new SettingsError(problems);
  return result.data;
}
