import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { Calls } from "./calls.ts";
import { Engine } from "./engine.ts";
import { announce, newServer } from "./grpc.ts";
import { engineAddressFrom, onEngineGone } from "./lifetime.ts";
import { providerMethods } from "./providerMethods.ts";
import { resourceMethods } from "./resourceMethods.ts";
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
  const end = () => {
    calls.cancel();
    setTimeout(() => process.exit(0), GRACE_MILLISECONDS).unref();
    void calls.settled().then(() => process.exit(0));
  };
  // A client's warning would end up on a standard error that nobody reads. Node's own warnings stay there.
  process.on("warning", ({ name, message }) => {
    if (name === WARNING) engine.log("warning", "", message);
  });
  onEngineGone(end);
  process.once("SIGINT", end).once("SIGTERM", end);

  const server = newServer();
  server.addService(ResourceProviderService, {
    ...providerMethods(definition, calls, engine),
    ...resourceMethods(definition, calls),
  });
  await announce(server);
}
