import { createRequire } from "node:module";
import { status } from "@grpc/grpc-js";
import type { Output } from "@pulumi/pulumi";

/** Changes the SDK's habits that this program cannot live with. It must run before anything else uses the SDK (docs/adr/0004). */
export function prepareSdk(): void {
  plainStacks();
  noDebugLog();
  quietWhenEngineIsGone();
}

/**
 * Writes stacks as Node does. The SDK records one at every step of every resource and maps each back to its TypeScript through source maps: a
 * third of a second of a preview. Our own files need no map, since Node runs them as they are.
 */
function plainStacks(): void {
  Object.assign(Error, { prepareStackTrace: undefined });
}

/**
 * Turns the SDK's debug messages off. They print the engine's whole responses, secrets in clear among them, into the output of `--debug` and into
 * event logs. The engine's own debug messages stay.
 */
function noDebugLog(): void {
  const log = createRequire(import.meta.url)("@pulumi/pulumi/log") as { debug: () => Promise<void> };
  log.debug = async () => Promise.resolve();
}

/** The exit code by which the SDK's runner says that the error has been reported already. */
const ALREADY_REPORTED = 32;

/**
 * Exits without a message once the engine is gone. After a failed resource the engine stops listening, and what the program was just registering
 * fails for that reason alone. The SDK exits quietly for most of these calls, and prints a stack for some.
 */
function quietWhenEngineIsGone(): void {
  process.prependListener("unhandledRejection", (reason) => {
    const code = reason instanceof Error && "code" in reason ? reason.code : undefined;
    if (code === status.UNAVAILABLE || code === status.CANCELLED) process.exit(ALREADY_REPORTED);
  });
}

/** Whether the output's value is known now. Every output of the SDK has this property; its types leave it out. */
export async function isKnown(value: Output<unknown>): Promise<boolean> {
  return (value as unknown as { readonly isKnown: Promise<boolean> }).isKnown;
}
