import { credentials } from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import enginepb from "@pulumi/pulumi/proto/engine_pb.js";
import { CHANNEL_OPTIONS } from "./grpc.ts";

export type Severity = "info" | "warning";

/** The engine's log: messages appear on a resource's row and below the run. */
export class Engine {
  #address: string | undefined;
  /** Connected with the first message: most runs of most plugins have none. */
  #client: InstanceType<typeof engineGrpc.EngineClient> | undefined;
  /** Resolves when all messages so far are delivered, one at a time: parallel calls would arrive in any order. */
  #said: Promise<void> = Promise.resolve();

  constructor(address: string | undefined) {
    if (address !== undefined) this.connect(address);
  }

  connect(address: string): void {
    this.close();
    this.#address = address;
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
    this.#address = undefined;
  }

  /** @param passing shown on the resource's row until the next message, and not kept */
  log(severity: Severity, urn: string, message: string, passing = false): void {
    this.#said = this.#said.then(() => this.#deliver(severity, urn, message, passing));
  }

  /** Waits until all messages are delivered: those after the end of a call are lost. */
  async flush(): Promise<void> {
    await this.#said;
  }

  async #deliver(severity: Severity, urn: string, message: string, passing: boolean): Promise<void> {
    if (this.#address === undefined) return;
    const client = (this.#client ??= new engineGrpc.EngineClient(
      this.#address,
      credentials.createInsecure(),
      CHANNEL_OPTIONS,
    ));
    const request = new enginepb.LogRequest();
    request.setSeverity(severity === "info" ? enginepb.LogSeverity.INFO : enginepb.LogSeverity.WARNING);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(passing);
    // A message that cannot be delivered must not fail the operation; if the engine is gone, nobody reads it.
    await new Promise<void>((resolve) => client.log(request, () => resolve()));
  }
}
