// Stands in for the engine's resource monitor, which the SDK talks to.
import rpc from "@pulumi/pulumi/runtime/rpc.js";
import providerpb from "@pulumi/pulumi/proto/provider_pb.js";
import resourcepb from "@pulumi/pulumi/proto/resource_pb.js";
import type {
  RegisterResourceOutputsRequest,
  RegisterResourceRequest,
  ResourceInvokeRequest,
  SupportsFeatureRequest,
} from "@pulumi/pulumi/proto/resource_pb.js";
import emptypb from "google-protobuf/google/protobuf/empty_pb.js";
import structpb from "google-protobuf/google/protobuf/struct_pb.js";
import type { Values } from "../../../provider/grpc/types.ts";

type Answer<T> = (error: Error | null, response?: T) => void;

/** A registered resource, reduced to what the SDK needs. */
export interface Registered {
  readonly urn: string;
  readonly id: string;
  readonly outputs: Values;
}

export class Monitor {
  readonly #register: (request: RegisterResourceRequest) => Promise<Registered>;

  readonly #invoke: (token: string, args: Values) => Promise<Values>;

  constructor(
    register: (request: RegisterResourceRequest) => Promise<Registered>,
    invoke: (token: string, args: Values) => Promise<Values>,
  ) {
    this.#register = register;
    this.#invoke = invoke;
  }

  /** The inputs as plain values. */
  static inputsOf(request: RegisterResourceRequest): Values {
    return plainOf(request.getObject());
  }

  registerResource(request: RegisterResourceRequest, answer: Answer<unknown>): void {
    this.#register(request).then(
      ({ urn, id, outputs }) => {
        const response = new resourcepb.RegisterResourceResponse();
        response.setUrn(urn);
        response.setId(id);
        response.setObject(structOf(outputs));
        answer(null, response);
      },
      (error: unknown) => answer(error instanceof Error ? error : new Error(String(error))),
    );
  }

  invoke(request: ResourceInvokeRequest, answer: Answer<unknown>): void {
    this.#invoke(request.getTok(), plainOf(request.getArgs())).then(
      (values) => {
        const response = new providerpb.InvokeResponse();
        response.setReturn(structOf(values));
        answer(null, response);
      },
      (error: unknown) => answer(error instanceof Error ? error : new Error(String(error))),
    );
  }

  registerResourceOutputs(_request: RegisterResourceOutputsRequest, answer: Answer<unknown>): void {
    answer(null, new emptypb.Empty());
  }

  supportsFeature(_request: SupportsFeatureRequest, answer: Answer<{ getHassupport(): boolean }>): void {
    answer(null, { getHassupport: () => false });
  }

  getDeploymentInfo(_request: unknown, answer: Answer<unknown>): void {
    answer(null, new resourcepb.DeploymentInfo());
  }
}

function plainOf(struct: structpb.Struct | undefined): Values {
  return rpc.unwrapRpcSecret(rpc.deserializeProperties(struct ?? new structpb.Struct())) as Values;
}

function structOf(values: Values): structpb.Struct {
  return structpb.Struct.fromJavaScript(values);
}
