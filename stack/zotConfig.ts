import { RunError, log } from "@pulumi/pulumi";
import { refuseRemoval } from "../components/index.ts";
import type { ZotServerArgs } from "../components/index.ts";
import { ZotAuthError } from "../core/errors.ts";
import { SettingsError } from "../settings/parse.ts";
import type { Settings } from "../settings/schema.ts";
import { zotConfigArgs } from "../settings/zotConfigArgs.ts";
import { findings } from "../systems/zot/config/checks/findings.ts";
import { assembleZotConfig, assumedVersion, renderZotConfig } from "../systems/zot/config/config.ts";
import type { ZotConfig } from "../systems/zot/config/config.ts";
import { knownKeys } from "../systems/zot/config/schema/known.ts";
import type { HostFacts } from "../systems/zot/host/facts/facts.ts";
import { filesOnHost } from "../systems/zot/host/zotHost.ts";
import { assertKeepsPolicy } from "../systems/zot/version.ts";
import { zotServerArgs } from "./arguments.ts";

type PlannedServer = Omit<ZotServerArgs, "clientSecret" | "issuer">;

/** zot's config for the newest version that this program knows, for use before the host's version is known. @throws RunError */
export function newestZotConfig(settings: Settings): ZotConfig {
  return reported(() => {
    const args = zotConfigArgs(settings);
    return renderZotConfig(args, assumedVersion(args), filesOnHost(settings.registry));
  });
}

/**
 * What is deployed on zot's host.
 *
 * @throws RunError before any resource is registered: as {@link zotConfigFor}, or, in an update, if it would take away access that was made by hand
 */
export function planZot(settings: Settings, facts: HostFacts): PlannedServer {
  const planned = { ...zotServerArgs(settings), facts, config: zotConfigFor(settings, facts) };
  refuseRemoval(planned);
  return planned;
}

/**
 * zot's config for the zot on the host. Also in a preview, it warns of what works but is unsafe.
 *
 * @throws RunError before any resource is registered: all problems that keep this version from starting with the config, or a version that lets
 *   CI overwrite tags
 */
export function zotConfigFor(settings: Settings, facts: HostFacts): ZotConfig {
  const { registry, zot } = settings;
  return reported(() => {
    const args = zotConfigArgs(settings);
    const version = facts.deployed === undefined ? assumedVersion(args) : facts.version;
    assertKeepsPolicy(version, registry.acceptCiOverwrite);
    const { schema, warnings } = knownKeys(zot.extra, {
      version,
      schema: facts.schema,
      isKnown: facts.deployed !== undefined,
    });
    const { config, problems } = assembleZotConfig(args, version, filesOnHost(registry), schema);
    if (problems.length > 0) throw new SettingsError(problems);
    for (const warning of [...warnings, ...findings(config, args)]) void log.warn(warning);
    return config;
  });
}

function reported<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    // Pulumi prints a RunError as it is, and anything else with a stack trace.
    throw error instanceof ZotAuthError ? new RunError(error.message) : error;
  }
}
