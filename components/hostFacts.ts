import { log, runtime } from "@pulumi/pulumi";
import type { Output, Resource } from "@pulumi/pulumi";
import { runOutput } from "@pulumi/command/local/run.js";
import { ZotAuthError } from "../domain/errors.ts";
import { factsScript, parseFacts } from "../domain/hostScripts.ts";
import type { HostFacts, HostFiles } from "../domain/hostScripts.ts";
import { onHost } from "../domain/shell.ts";

/** A preview without the host goes by the newest zot that this program knows. */
const ASSUMED: HostFacts = {
  version: { major: 2, minor: 1, patch: 20 },
  configRepairs: 0,
  credentialsRepairs: 0,
  configEdited: false,
};
const UNREACHABLE = "unreachable";

/**
 * Looks at zot's host at preview time, too: people edit its config by hand, and what is written depends on the zot that runs there.
 * A preview goes on without a host that does not answer, and says so; an update does not.
 */
export function lookAtHost(host: string, files: HostFiles, parent: Resource): Output<HostFacts> {
  const look = onHost(host, factsScript(files));
  const command = host === "local" ? look : `${look} 2>&1 || echo ${UNREACHABLE}`;
  return runOutput({ command, interpreter: ["/bin/sh", "-c"], logging: "none" }, { parent }).stdout.apply((printed) => {
    if (!printed.trimEnd().endsWith(UNREACHABLE)) {
      const facts = parseFacts(printed, host);
      if (facts.configEdited)
        void log.warn(
          `Somebody edited ${files.configFile} on ${host}. The next update puts the declared config back.`,
          parent,
        );
      return facts;
    }
    const said = printed.trim().split("\n").at(-2) ?? "no answer";
    const message = `${host} (setting registry.host) cannot be reached: ${said}. Check \`ssh ${host.slice(4)} true\`.`;
    if (!runtime.isDryRun()) throw new ZotAuthError("HOST_UNREACHABLE", message);
    void log.warn(
      `${message} This preview goes by zot ${ASSUMED.version.major}.${ASSUMED.version.minor}.${ASSUMED.version.patch} and cannot see hand edits.`,
      parent,
    );
    return ASSUMED;
  });
}
