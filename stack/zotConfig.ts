import { RunError, log } from "@pulumi/pulumi";
import type { HostFacts } from "../systems/zot/host/facts.ts";
import { SettingsError } from "../settings/parse.ts";
import type { Settings } from "../settings/schema.ts";
import { findings } from "../systems/zot/config/checks/findings.ts";
import { assembleZotConfig } from "../systems/zot/config/config.ts";
import type { ZotConfig } from "../systems/zot/config/config.ts";
import { filesOnHost } from "../systems/zot/host/paths.ts";

/**
 * zot's config for the zot that the host has. What that zot would not start with is an error before any resource is registered; what works
 * and is worth a thought is a warning, in a preview, too.
 *
 * @throws RunError with all problems at once
 */
export function zotConfigFor(settings: Settings, facts: HostFacts): ZotConfig {
  const { config, problems } = assembleZotConfig(settings, facts.version, filesOnHost(settings.registry));
  // Pulumi prints a RunError as it is, and anything else with a stack.
  if (problems.length > 0) throw new RunError(new SettingsError(problems).message);
  for (const finding of findings(config, settings)) void log.warn(finding);
  return config;
}
