import { credentials } from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import enginepb from "@pulumi/pulumi/proto/engine_pb.js";
import { CHANNEL_OPTIONS } from "./grpc.ts";

export type Severity = "info" | "warning";

/** The engine's own log: what is said here stands on a resource's row and below the run. */
export class Engine {
  #client: InstanceType<typeof engineGrpc.EngineClient> | undefined;
  /** Ends when everything said so far was delivered: calls that go side by side would arrive in any order. */
  #said: Promise<void> = Promise.resolve();

  constructor(address: string | undefined) {
    if (address !== undefined) this.connect(address);
  }

  connect(address: string): void {
    this.#client = new engineGrpc.EngineClient(address, credentials.createInsecure(), CHANNEL_OPTIONS);
  }

  /** @param passing shown on the resource's row until the next word, and not kept */
  log(severity: Severity, urn: string, message: string, passing = false): void {
    this.#said = this.#said.then(() => this.#deliver(severity, urn, message, passing));
  }

  /** Waits until the engine has everything: what comes after the end of a call is lost. */
  async flush(): Promise<void> {
    await this.#said;
  }

  async #deliver(severity: Severity, urn: string, message: string, passing: boolean): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    const request = new enginepb.LogRequest();
    request.setSeverity(severity === "info" ? enginepb.LogSeverity.INFO : enginepb.LogSeverity.WARNING);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(passing);
    // A log that cannot be delivered must not make the operation fail, and an engine that is gone has nobody to tell.
    await new Promise<void>((resolve) => client.log(request, () => resolve()));
  }
}
