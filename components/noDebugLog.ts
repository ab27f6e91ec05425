import { createRequire } from "node:module";

/**
 * Switches the SDK's debug messages off. They print whole answers of the engine, secrets in clear among them, into the output of `--debug` and
 * into event logs. Debugging a program of this kind is not worth a leaked token; the engine's own messages stay.
 */
export function noDebugLog(): void {
  const log = createRequire(import.meta.url)("@pulumi/pulumi/log") as { debug: () => Promise<void> };
  log.debug = async () => Promise.resolve();
}
