import { ZotAuthError } from "../core/errors.ts";
import { describeIssue } from "../core/settings/issues.ts";
import type { SettingsProblem } from "../core/settings/problem.ts";
import { unquotedDates } from "../core/settings/yaml.ts";
import { crossChecks } from "./crossChecks.ts";
import { RENAMED_SETTINGS } from "./renamed.ts";
import { ciAccounts, jobAccounts } from "./accounts/accounts.ts";
import { accountAuthProblems, accountFormProblems, missingSettings } from "./accounts/accountForm.ts";
import { settingsSchema } from "./schema.ts";
import type { Settings } from "./schema.ts";

/** All invalid settings of a stack in one report. */
export class SettingsError extends ZotAuthError {
  readonly problems: readonly SettingsProblem[];

  constructor(problems: readonly SettingsProblem[]) {
    super(
      "SETTINGS_INVALID",
      [
        problems.length === 1
          ? "Invalid setting. Nothing was changed."
          : `${problems.length} invalid settings. Nothing was changed.`,
        ...problems.map(({ path, message }) => `  ${path}: ${message}`),
        "Correct Pulumi.<stack>.yaml and run the command again. docs/reference/settings.md lists all settings.",
      ].join("\n"),
    );
    this.problems = problems;
  }
}

/**
 * Checks a stack's settings as a whole.
 *
 * @param raw the groups of `Pulumi.<stack>.yaml`, without the project's prefix
 * @param problems what is wrong with the file's other keys
 * @throws SettingsError with every problem, not just the first
 */
export function parseSettings(
  raw: Readonly<Record<string, unknown>>,
  problems: readonly SettingsProblem[] = [],
): Settings {
  const result = settingsSchema.safeParse(raw);
  const missing = [...missingSettings(raw)];
  const dates = unquotedDates(raw);
  if (!result.success) {
    const issues = result.error.issues.flatMap((issue) =>
      describeIssue(issue, raw, settingsSchema, { renamed: RENAMED_SETTINGS }),
    );
    // Of a date that the schema refuses, too, its message says more.
    const others = dates.filter(({ path }) => !issues.some((issue) => issue.path === path));
    throw new SettingsError([...problems, ...issues, ...others, ...missing]);
  }
  if (dates.length > 0) throw new SettingsError([...problems, ...dates, ...missing]);
  const form = [...missing, ...accountFormProblems(result.data), ...accountAuthProblems(result.data)];
  if (form.length > 0) throw new SettingsError([...problems, ...form]);
  const { ci: _ci, ...others } = result.data;
  const settings = { ...others, accounts: ciAccounts(result.data), jobAccounts: jobAccounts(result.data) };
  const all = [...problems, ...crossChecks(settings)];
  if (all.length > 0) throw new SettingsError(all);
  return settings;
}
