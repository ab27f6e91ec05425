import { RunError, getProject, runtime } from "@pulumi/pulumi";
import { SettingsError, parseSettings } from "../settings/parse.ts";
import type { Settings } from "../settings/schema.ts";

/** The settings of the current stack, checked before any resource is registered. @throws RunError with all problems at once */
export function stackSettings(): Settings {
  const prefix = `${getProject()}:`;
  const groups = Object.entries(runtime.allConfig())
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key.slice(prefix.length), parsed(value)] as const);
  try {
    return parseSettings(Object.fromEntries(groups));
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
