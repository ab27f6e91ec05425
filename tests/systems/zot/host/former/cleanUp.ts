import type { Deployment } from "../../../../../systems/zot/host/deploy/deploy.ts";
import { fileCleanup } from "../../../../../systems/zot/host/former/fileCleanup.ts";
import type { FileCleanupInputs } from "../../../../../systems/zot/host/former/fileCleanup.ts";
import { testContext } from "../../../../support/provider.ts";
import type { TestedContext } from "../../../../support/provider.ts";
import type { World } from "../support/world.ts";

/** What the engine does when a setting has moved a file, by default the config: it deletes the resource of the old place. */
export async function cleanUpIn(
  world: World,
  inputs: Partial<FileCleanupInputs> = {},
  deployment: Deployment = world.deployment(),
): Promise<TestedContext> {
  const { configFile, credentialsFile, service, origin, readySeconds, reloadSeconds } = deployment;
  const credentials = credentialsFile === undefined ? {} : { credentialsFile };
  const serving = { configFile, ...credentials, service, origin, readySeconds, reloadSeconds };
  const context = testContext();
  const state = { host: "local", file: configFile, content: "config", serving, ...inputs, drift: "" } as const;
  await fileCleanup.delete?.(state, context);
  return context;
}
