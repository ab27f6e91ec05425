import { status } from "@grpc/grpc-js";
import providerpb from "@pulumi/pulumi/proto/provider_pb.js";
import statuspb from "@pulumi/pulumi/proto/status_pb.js";
import anypb from "google-protobuf/google/protobuf/any_pb.js";
import type { DetailedError } from "./grpc.ts";
import type { Values } from "./types.ts";
import { pack } from "./values.ts";

export interface PartialState {
  readonly id: string;
  readonly state: Values;
  /** Names of the properties that are secret. */
  readonly secrets: Iterable<string>;
}

/** A resource that was only partly created or updated: the engine keeps its state and reports the reason. */
export class PartialFailure extends Error implements DetailedError {
  readonly statusDetails: Uint8Array;

  constructor(reason: string, { id, state, secrets }: PartialState) {
    super(reason);
    this.name = "PartialFailure";
    const detail = new providerpb.ErrorResourceInitFailed();
    detail.setId(id);
    detail.setProperties(pack(state, secrets));
    detail.setReasonsList([reason]);
    const any = new anypb.Any();
    any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const rpcStatus = new statuspb.Status();
    rpcStatus.setCode(status.UNKNOWN);
    rpcStatus.setMessage(reason);
    rpcStatus.addDetails(any);
    this.statusDetails = rpcStatus.serializeBinary();
  }
}
