import { RunError, log, runtime } from "@pulumi/pulumi";
import { ZotAuthError } from "../../core/errors.ts";
import type { ZotConfig } from "../../systems/zot/config/config.ts";
import { neededFiles } from "../../systems/zot/config/checks/neededFiles.ts";
import { factsScript } from "../../systems/zot/host/facts/question.ts";
import { parseFacts } from "../../systems/zot/host/facts/answer.ts";
import type { HostFacts, WrittenFile } from "../../systems/zot/host/facts/facts.ts";
import { askHost, unreachable } from "../../systems/zot/host/shell/ask.ts";
import { readServedConfig } from "../../systems/zot/host/deploy/servedConfig.ts";
import { serviceFile, serviceManager } from "../../systems/zot/host/service/describe.ts";
import { filesOnHost } from "../../systems/zot/host/zotHost.ts";
import type { ZotHost } from "../../systems/zot/host/zotHost.ts";
import { NEWEST_KNOWN, formatZotVersion } from "../../systems/zot/version.ts";

const AS_WRITTEN: WrittenFile = { repairs: 0, state: "as written" };

/**
 * Asks zot's host for what {@link ZotServer} depends on: the version of its zot, and whether its files are still as deployed. It changes nothing,
 * and asks in a preview, too. A preview warns and goes on when the host does not answer; an update fails.
 *
 * @param config zot's config, for any version of zot: names the files that must exist on the host
 * @param question whether to ask for the output of `zot schema` too. Default: no
 * @returns what `ZotServerArgs.facts` expects
 * @throws RunError before any resource changes: there is no zot, it does not say its version, or a file that the config names does not exist
 */
export async function lookAtHost(
  zotHost: ZotHost,
  config: ZotConfig,
  question: { readonly schema: boolean } = { schema: false },
): Promise<HostFacts> {
  try {
    return await look(zotHost, config, question.schema);
  } catch (error) {
    // Pulumi prints a RunError as it is, and anything else with a stack.
    throw error instanceof ZotAuthError ? new RunError(error.message) : error;
  }
}

async function look(zotHost: ZotHost, config: ZotConfig, schema: boolean): Promise<HostFacts> {
  const { host, sessionKeysFile } = zotHost;
  const { origin, credentialsFile, dataDirectory } = readServedConfig(config);
  const files = filesOnHost({ ...zotHost, credentialsFile, dataDirectory });
  const managed = zotHost.manageService === true ? serviceFile(zotHost) : undefined;
  const keysFile = sessionKeysFile === undefined ? undefined : files.locate(sessionKeysFile);
  const script = factsScript({
    ...files,
    origin,
    needed: neededFiles(config),
    schema,
    ...(keysFile === undefined ? {} : { sessionKeysFile: keysFile }),
    ...(managed === undefined ? {} : { serviceFile: managed, manager: serviceManager(zotHost) }),
  });
  const reply = await askHost(host, script);
  const reason = unreachable(reply, host);
  if (reason !== undefined) return withoutHost(reason);
  if (reply.code !== 0)
    throw new RunError(`Could not query zot's host ${host} (setting registry.host): ${reply.reason}`);
  const facts = parseFacts(reply.stdout, host);
  warnOf(files.configFile, facts.config, host);
  warnOf(files.credentialsFile, facts.credentials, host);
  if (keysFile !== undefined && facts.sessionKeys.state === "edited") {
    void log.warn(
      `${keysFile} on ${host} was changed by hand. The next update restarts zot with it, or generates a new one if it no longer exists.`,
    );
  }
  if (managed !== undefined) warnOf(managed, facts.service, host);
  return facts;
}

function warnOf(file: string, { state }: WrittenFile, host: string): void {
  if (state === "edited") {
    void log.warn(`${file} on ${host} was edited by hand. The next update restores the declared one.`);
  } else if (state === "interrupted") {
    void log.warn(`A deployment of ${file} on ${host} was interrupted. The next update finishes it.`);
  }
}

function withoutHost(message: string): HostFacts {
  if (!runtime.isDryRun()) throw new ZotAuthError("HOST_UNREACHABLE", message);
  void log.warn(
    `${message} This preview assumes zot ${formatZotVersion(NEWEST_KNOWN)} and can neither detect edits by hand nor compare what is on the host with what is declared.`,
  );
  return {
    version: NEWEST_KNOWN,
    binary: "zot",
    home: "~",
    owner: "zot",
    config: AS_WRITTEN,
    credentials: AS_WRITTEN,
    service: AS_WRITTEN,
    sessionKeys: AS_WRITTEN,
    deployed: undefined,
  };
}
