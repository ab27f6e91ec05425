import { RunError, getProject, log, runtime } from "@pulumi/pulumi";
import { SettingsError, parseSettings } from "../settings/parse.ts";
import type { Settings } from "../settings/schema.ts";
import { unencrypted } from "../settings/unencrypted.ts";
import { splitStackConfig } from "../settings/stackConfig.ts";

/** The settings of the current stack, checked before any resource is registered. A preview warns of secrets that travel unencrypted. @throws RunError with all problems at once */
export function stackSettings(): Settings {
  const config = Object.entries(runtime.allConfig()).map(([key, value]) => [key, parsed(value)] as const);
  const { groups, problems } = splitStackConfig(Object.fromEntries(config), getProject());
  try {
    const settings = parseSettings(groups, problems);
    // Somebody may have decided so: each `up` need not repeat it.
    if (runtime.isDryRun()) for (const warning of unencrypted(settings)) void log.warn(warning);
    return settings;
  } catch (error) {
    // Pulumi prints a RunError as it is, and anything else with a stack trace.
    throw error instanceof SettingsError ? new RunError(error.message) : error;
  }
}

/** Pulumi passes groups and lists as JSON, and strings unchanged. */
function parsed(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
