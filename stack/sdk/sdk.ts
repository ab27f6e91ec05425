import { createRequire } from "node:module";
import { status } from "@grpc/grpc-js";

/** Changes SDK defaults that do not suit this program. It must run before anything else uses the SDK (docs/adr/0004). */
export function prepareSdk(): void {
  plainStacks();
  promisesWithoutStacks();
  noDebugLog();
  quietWhenEngineIsGone();
}

/** Formats stack traces as Node does. The SDK maps each through source maps. Our files need no source map, since Node runs them directly. */
function plainStacks(): void {
  Object.assign(Error, { prepareStackTrace: undefined });
}

/** Records no stack trace for every promise. The SDK prints them only when somebody searches for promises that never resolve, with this variable. */
function promisesWithoutStacks(): void {
  if (process.env["PULUMI_DEBUG_PROMISE_LEAKS"] !== undefined) return;
  const debuggable = createRequire(import.meta.url)("@pulumi/pulumi/runtime/debuggable") as {
    debuggablePromise: <T>(promise: Promise<T>, context?: unknown) => Promise<T>;
  };
  const { debuggablePromise } = debuggable;
  debuggable.debuggablePromise = (promise, context) => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return debuggablePromise(promise, context);
    } finally {
      Error.stackTraceLimit = limit;
    }
  };
}

/**
 * Turns the SDK's debug messages off. They print the engine's whole responses, secrets in clear among them, into the output of `--debug` and into
 * event logs. The engine's own debug messages stay.
 */
function noDebugLog(): void {
  const log = createRequire(import.meta.url)("@pulumi/pulumi/log") as { debug: () => Promise<void> };
  log.debug = async () => Promise.resolve();
}

/** How the call of a provider's function ends once the engine has stopped the provider. */
const CALL_ENDED = /^invocation of \S+ returned an error[^]*\b(?:cancell?ed|client connection is closing)\b/i;

/** The exit code with which the SDK's runner signals that the error has already been reported. */
const ALREADY_REPORTED = 32;

/**
 * Exits without a message once the engine is gone. After a failed resource the engine stops listening, and pending registrations
 * fail for that reason alone. The SDK exits quietly for most of these calls, but prints a stack trace for some. A function of a provider that was being called
 * ends as unknown to gRPC, with the reason in its text alone.
 */
function quietWhenEngineIsGone(): void {
  process.prependListener("unhandledRejection", (reason) => {
    if (!(reason instanceof Error)) return;
    const code = "code" in reason ? reason.code : undefined;
    const isGone = code === status.UNAVAILABLE || code === status.CANCELLED || CALL_ENDED.test(reason.message);
    if (isGone) process.exit(ALREADY_REPORTED);
  });
}
