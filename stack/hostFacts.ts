import { RunError, log, runtime } from "@pulumi/pulumi";
import { ZotAuthError } from "../core/errors.ts";
import { serviceFile } from "../systems/zot/host/service/describe.ts";
import { factsScript, parseFacts } from "../systems/zot/host/facts.ts";
import type { HostFacts, WrittenFile } from "../systems/zot/host/facts.ts";
import { originOnHost } from "../systems/zot/host/deploy/origin.ts";
import { askHost, unreachable } from "../systems/zot/host/ask.ts";
import type { Settings } from "../settings/schema.ts";
import { neededFiles } from "../systems/zot/config/neededFiles.ts";
import { renderZotConfig } from "../systems/zot/config/config.ts";
import { NEWEST_KNOWN, assertKeepsPolicy, formatZotVersion } from "../systems/zot/version.ts";
import { filesOnHost } from "../systems/zot/host/paths.ts";

const AS_WRITTEN: WrittenFile = { repairs: 0, state: "as written" };

/**
 * Looks at zot's host, at preview time, too: people edit its files by hand, and what is written depends on the zot that runs there.
 * A preview goes on without a host that does not answer, and says so; an update does not.
 *
 * @throws RunError before any resource is changed: no zot there, one that cannot keep the access policy, or files that it would not find
 */
export async function lookAtHost(settings: Settings): Promise<HostFacts> {
  try {
    return await look(settings);
  } catch (error) {
    // Pulumi prints a RunError as it is, and anything else with a stack.
    throw error instanceof ZotAuthError ? new RunError(error.message) : error;
  }
}

async function look(settings: Settings): Promise<HostFacts> {
  const { registry } = settings;
  const { host } = registry;
  const files = filesOnHost(registry);
  const managed = registry.manageService ? serviceFile(registry) : undefined;
  const { sessionKeysFile } = settings.zot.auth;
  const keysFile = sessionKeysFile === undefined ? undefined : files.locate(sessionKeysFile);
  const script = factsScript({
    ...files,
    origin: originOnHost(settings),
    needed: neededFiles(renderZotConfig(settings, NEWEST_KNOWN, files)),
    ...(keysFile === undefined ? {} : { sessionKeysFile: keysFile }),
    ...(managed === undefined ? {} : { serviceFile: managed }),
  });
  const reply = await askHost(host, script);
  const reason = unreachable(reply, host);
  if (reason !== undefined) return withoutHost(reason);
  if (reply.code !== 0)
    throw new RunError(`The look at zot's host ${host} (setting registry.host) failed: ${reply.reason}`);
  const facts = parseFacts(reply.stdout, host);
  assertKeepsPolicy(facts.version, registry.acceptCiOverwrite);
  warnOf(files.configFile, facts.config, host);
  warnOf(files.credentialsFile, facts.credentials, host);
  if (keysFile !== undefined && facts.sessionKeys.state === "edited") {
    void log.warn(
      `Somebody changed ${keysFile} on ${host}. The next update restarts zot with it, or makes a new one where it is gone.`,
    );
  }
  if (managed !== undefined) warnOf(managed, facts.service, host);
  return facts;
}

function warnOf(file: string, { state }: WrittenFile, host: string): void {
  if (state === "edited") {
    void log.warn(`Somebody edited ${file} on ${host}. The next update puts the declared one back.`);
  } else if (state === "cut off") {
    void log.warn(`A deployment of ${file} on ${host} was cut off. The next update finishes it.`);
  }
}

function withoutHost(message: string): HostFacts {
  if (!runtime.isDryRun()) throw new ZotAuthError("HOST_UNREACHABLE", message);
  void log.warn(`${message} This preview goes by zot ${formatZotVersion(NEWEST_KNOWN)} and cannot see hand edits.`);
  return {
    version: NEWEST_KNOWN,
    binary: "zot",
    home: "~",
    owner: "zot",
    config: AS_WRITTEN,
    credentials: AS_WRITTEN,
    service: AS_WRITTEN,
    sessionKeys: AS_WRITTEN,
  };
}
