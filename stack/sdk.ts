import { createRequire } from "node:module";
import { status } from "@grpc/grpc-js";
import type { Output } from "@pulumi/pulumi";

/**
 * Switches the SDK's debug messages off. They print whole answers of the engine, secrets in clear among them, into the output of `--debug` and
 * into event logs. Debugging a program of this kind is not worth a leaked token; the engine's own messages stay.
 */
export function noDebugLog(): void {
  const log = createRequire(import.meta.url)("@pulumi/pulumi/log") as { debug: () => Promise<void> };
  log.debug = async () => Promise.resolve();
}

/** The exit code by which the SDK's runner says that the person has been told already what is wrong. */
const ALREADY_TOLD = 32;

/**
 * Ends the program without a word when the engine has gone. After a failed resource the engine stops listening, and what the program was
 * just registering fails for that reason alone; the SDK means to exit quietly then, but prints a stack for some of its calls.
 */
export function quietWhenEngineIsGone(): void {
  process.prependListener("unhandledRejection", (reason) => {
    const code = reason instanceof Error && "code" in reason ? reason.code : undefined;
    if (code === status.UNAVAILABLE || code === status.CANCELLED) process.exit(ALREADY_TOLD);
  });
}

/**
 * Has stacks written as Node writes them. The SDK notes one at every step of every resource, each mapped back to its TypeScript through
 * source maps: a third of a second of a preview. Our own files need no map, since Node runs them as they are.
 */
export function plainStacks(): void {
  Object.assign(Error, { prepareStackTrace: undefined });
}

/** Whether the output's value is known now. The SDK has it on every output, and leaves it out of its types. */
export async function isKnown(value: Output<unknown>): Promise<boolean> {
  return (value as unknown as { readonly isKnown: Promise<boolean> }).isKnown;
}
