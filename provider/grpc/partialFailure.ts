import { status } from "@grpc/grpc-js";
import providerpb from "@pulumi/pulumi/proto/provider_pb.js";
import statuspb from "@pulumi/pulumi/proto/status_pb.js";
import anypb from "google-protobuf/google/protobuf/any_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import type { DetailedError } from "./grpc.ts";
import { PartialFailure } from "./types.ts";
import type { Values } from "./types.ts";

/** A {@link PartialFailure} as the engine understands it; any other error as it is. */
export function withStatusDetails(error: unknown, packState: (state: Values) => Struct): unknown {
  if (!(error instanceof PartialFailure)) return error;
  const detail = new providerpb.ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setProperties(packState(error.state));
  detail.setReasonsList([...error.reasons]);
  const any = new anypb.Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const rpcStatus = new statuspb.Status();
  rpcStatus.setCode(status.UNKNOWN);
  rpcStatus.setMessage(error.message);
  rpcStatus.addDetails(any);
  return Object.assign(new Error(error.message), {
    statusDetails: rpcStatus.serializeBinary(),
  }) satisfies DetailedError;
}
