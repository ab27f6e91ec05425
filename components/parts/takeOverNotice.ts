import { RunError, log, output, runtime } from "@pulumi/pulumi";
import type { Input, Output } from "@pulumi/pulumi";
import type { Command } from "@pulumi/command/local/command.js";
import { ZotAuthError } from "../../core/errors.ts";
import type { PlannedZot } from "../../systems/zot/host/deploy/restart.ts";
import { readServedConfig } from "../../systems/zot/host/deploy/servedConfig.ts";
import { filesOnHost } from "../../systems/zot/host/zotHost.ts";
import {
  configNotice,
  credentialsNotice,
  otherFilesNotices,
  unacceptedByConfig,
} from "../../systems/zot/takeOver/takeOver.ts";
import type { TakeOver } from "../../systems/zot/takeOver/takeOver.ts";
import type { ZotServerArgs } from "../zotServer.ts";
import { isKnown } from "./known.ts";

type Args = Pick<ZotServerArgs, "host" | "binary" | "configFile" | "facts" | "config" | "acceptRemoved" | "groupsOf">;

function takeOverOf(args: Args): TakeOver {
  const { host, facts, config, acceptRemoved = [], groupsOf } = args;
  const { configFile } = filesOnHost({ ...args, ...readServedConfig(config) });
  return { facts, file: `${configFile} on ${host}`, config, acceptRemoved, groupsOf };
}

/**
 * Ends an update before it changes anything, if it would take away access that a config made by hand gives and `acceptRemoved` does not list. A preview goes on, and says so
 * ({@link announceTakeOver}).
 *
 * @throws RunError
 */
export function refuseRemoval(args: Args): void {
  if (runtime.isDryRun() || args.facts.byHand?.config !== true) return;
  const removal = unacceptedByConfig(takeOverOf(args));
  // Pulumi prints a RunError as it is, and anything else with a stack trace.
  if (removal !== undefined) {
    throw new RunError(new ZotAuthError("ACCESS_REMOVED", `${removal}\nNothing was changed.`).message);
  }
}

/**
 * For the preflight: what an update would take away, if this stack's state turns out to have no deployment at all. Then the config on the host may be one that this program
 * wrote, but for another stack, or for a state that was lost. A preview says the same by {@link announceTakeOver}.
 */
export function removalInUpdate(planning: Promise<Args>): { readonly removal?: Promise<string> } {
  const removal = planning.then(
    (args) => unacceptedByConfig(takeOverOf(args)) ?? "",
    // The program ends with it.
    () => "",
  );
  return runtime.isDryRun() ? {} : { removal };
}

/** The commands that deploy zot, and what they write. */
interface Deployment {
  readonly config: Command;
  readonly credentials: Command;
  readonly clientId: Input<string>;
  readonly credentialsText: Output<string>;
  readonly credentialsFile: string;
  readonly planned: Pick<PlannedZot, "service" | "sessionKeys">;
}

/** Says in a preview what a deployment makes of files that this stack did not write; nothing of those that stay. */
export function announceTakeOver(args: Args, deployment: Deployment): void {
  if (!runtime.isDryRun()) return;
  const { facts } = args;
  const { config, credentials, planned, credentialsFile } = deployment;
  const takeOver = takeOverOf(args);
  void Promise.all([isKnown(config.stdout), isKnown(config.id)]).then(([unchanged, isDeployed]) => {
    if (unchanged) return;
    const notices = [configNotice(takeOver, !isDeployed), ...otherFilesNotices(facts, planned)];
    for (const notice of notices) if (notice !== undefined) void log.info(notice, config);
    if (facts.byHand?.config !== true && isDeployed) return;
    const removal = unacceptedByConfig(takeOver);
    if (removal !== undefined) void log.warn(removal, config);
  });
  output(deployment.clientId).apply(async (clientId) => {
    const text = deployment.credentialsText;
    const say = (written: string | undefined): void => {
      const notice = credentialsNotice(facts, credentialsFile, { clientId, text: written });
      if (notice !== undefined) void log.info(notice, credentials);
    };
    if (await isKnown(credentials.stdout)) return;
    if (await isKnown(text)) text.apply(say);
    else say(undefined);
  });
}
