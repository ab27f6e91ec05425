import { setTimeout as delay } from "node:timers/promises";
import type { Server } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { Calls } from "./methods/calls.ts";
import { Engine } from "./engine.ts";
import { announce, listen, newServer } from "./grpc.ts";
import { engineAddressFrom, onEngineGone } from "./lifetime.ts";
import { providerMethods } from "./methods/providerMethods.ts";
import { resourceMethods } from "./methods/resourceMethods.ts";
import type { ProviderDefinition } from "./types.ts";

/** The engine kills a plugin 5 s after asking it to stop. */
const GRACE_MILLISECONDS = 4000;

/** The type of `process.emitWarning` warnings that Pulumi shows. */
const WARNING = "ZotAuthWarning";

/**
 * Serves a provider to Pulumi's engine over gRPC and prints its port, as every plugin does.
 *
 * The SDK's own server for Node (`@pulumi/pulumi/provider`) does not pass on the configuration, whether a run is a preview, or the old inputs,
 * has no abort signal, and cannot return a detailed diff; that is why this one exists (ADR 2). It starts without the SDK.
 */
export async function serve(definition: ProviderDefinition): Promise<void> {
  const engine = new Engine(engineAddressFrom(process.argv.slice(2)));
  const calls = new Calls(engine);
  const end = (): void => void ended(calls).then(() => process.exit(0));
  forwardWarnings(engine);
  onEngineGone(end);
  process.once("SIGINT", end).once("SIGTERM", end);

  await announce(serverOf(definition, calls, engine));
}

/** Cancels the running operations, and waits until they have ended, but not for longer than the engine waits for a plugin. */
async function ended(calls: Calls): Promise<void> {
  calls.cancel();
  await Promise.race([calls.settled(), delay(GRACE_MILLISECONDS, undefined, { ref: false })]);
}

/** A running provider that engines attach to. */
export interface Attachable {
  readonly port: number;
  /** Cancels the running operations, and answers no longer. */
  close(): void;
  /** As {@link close}, once the operations have ended: as a plugin that is a process ends. */
  end(): Promise<void>;
}

/**
 * Serves a provider in this process, for engines that attach to it: `PULUMI_DEBUG_PROVIDERS=<name>:<port>`. It answers until it is closed.
 *
 * @param engineAddress of the engine, if it is known before the engine says it
 */
export async function serveAttachable(definition: ProviderDefinition, engineAddress?: string): Promise<Attachable> {
  const engine = new Engine(engineAddress);
  const calls = new Calls(engine);
  const server = serverOf(definition, calls, engine);
  const stopForwarding = forwardWarnings(engine);
  const close = (): void => {
    calls.cancel();
    stopForwarding();
    server.forceShutdown();
    engine.close();
  };
  const end = async (): Promise<void> => {
    await ended(calls);
    close();
  };
  return { port: await listen(server), close, end };
}

/** A client's warning would end up on a standard error that nobody reads. Node's own warnings stay there. */
function forwardWarnings(engine: Engine): () => void {
  const forward = ({ name, message }: Error): void => {
    if (name === WARNING) engine.log("warning", "", message);
  };
  process.on("warning", forward);
  return () => void process.off("warning", forward);
}

function serverOf(definition: ProviderDefinition, calls: Calls, engine: Engine): Server {
  const server = newServer();
  server.addService(ResourceProviderService, {
    ...providerMethods(definition, calls, engine),
    ...resourceMethods(definition, calls),
  });
  return server;
}
