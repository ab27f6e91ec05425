import { RunError, log, runtime } from "@pulumi/pulumi";
import { run } from "@pulumi/command/local/run.js";
import { ZotAuthError } from "../domain/errors.ts";
import { factsScript, parseFacts } from "../domain/hostScripts.ts";
import type { HostFacts } from "../domain/hostScripts.ts";
import type { Settings } from "../domain/settings/schema.ts";
import { runOnHost, scriptOnHost } from "../domain/shell.ts";
import { assertKeepsPolicy, formatZotVersion } from "../domain/zotVersion.ts";
import { filesOnHost } from "./hostFiles.ts";

/** A preview without the host goes by the newest zot that this program knows. */
const ASSUMED: HostFacts = {
  version: { major: 2, minor: 1, patch: 20 },
  configRepairs: 0,
  credentialsRepairs: 0,
  configEdited: false,
};
const UNREACHABLE = "unreachable";

/**
 * Looks at zot's host, at preview time, too: people edit its config by hand, and what is written depends on the zot that runs there.
 * A preview goes on without a host that does not answer, and says so; an update does not.
 *
 * @throws RunError before any resource is changed: no zot there, or one that cannot keep the access policy
 */
export async function lookAtHost({ registry }: Settings): Promise<HostFacts> {
  const { host, acceptCiOverwrite } = registry;
  const files = filesOnHost(registry);
  const look = runOnHost(host, "LOOK");
  const command = host === "local" ? look : `${look} 2>&1 || echo ${UNREACHABLE}`;
  const environment = { LOOK: scriptOnHost(host, factsScript(files)) };
  const printed = (await run({ command, environment, interpreter: ["/bin/sh", "-c"], logging: "none" })).stdout;
  try {
    if (printed.trimEnd().endsWith(UNREACHABLE)) return withoutHost(host, printed);
    const facts = parseFacts(printed, host);
    assertKeepsPolicy(facts.version, acceptCiOverwrite);
    if (facts.configEdited) {
      void log.warn(`Somebody edited ${files.configFile} on ${host}. The next update puts the declared config back.`);
    }
    return facts;
  } catch (error) {
    // Pulumi prints a RunError as it is, and anything else with a stack.
    throw error instanceof ZotAuthError ? new RunError(error.message) : error;
  }
}

function withoutHost(host: string, printed: string): HostFacts {
  const said = printed.trim().split("\n").at(-2)?.trim() ?? "no answer";
  const message = `${host} (setting registry.host) cannot be reached: ${said}. Check \`ssh ${host.slice("ssh:".length)} true\`.`;
  if (!runtime.isDryRun()) throw new ZotAuthError("HOST_UNREACHABLE", message);
  void log.warn(`${message} This preview goes by zot ${formatZotVersion(ASSUMED.version)} and cannot see hand edits.`);
  return ASSUMED;
}
