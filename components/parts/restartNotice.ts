import { log, runtime } from "@pulumi/pulumi";
import type { Output, Resource } from "@pulumi/pulumi";
import { isKnown } from "./known.ts";

/**
 * Says in a preview what the deployment does to the running zot; nothing if it does not run.
 *
 * @param deployed the deployment's output: unknown in a preview of one that will run
 * @param notice unknown if the client secret cannot be read
 */
export function announceRestart(deployment: Resource, deployed: Output<string>, notice: Output<string>): void {
  if (!runtime.isDryRun()) return;
  void isKnown(deployed).then(async (unchanged) => {
    if (unchanged) return;
    if (await isKnown(notice)) notice.apply((sentence) => void log.info(sentence, deployment));
    else void log.info("Whether zot restarts is unknown, since the client secret cannot be read.", deployment);
  });
}
