import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import pluginpb from "@pulumi/pulumi/proto/plugin_pb.js";
import type { PluginAttach } from "@pulumi/pulumi/proto/plugin_pb.js";
import providerpb from "@pulumi/pulumi/proto/provider_pb.js";
import type {
  CheckRequest,
  ConfigureRequest,
  DiffRequest,
  InvokeRequest,
  ProviderHandshakeRequest,
} from "@pulumi/pulumi/proto/provider_pb.js";
import emptypb from "google-protobuf/google/protobuf/empty_pb.js";
import type { Calls } from "./calls.ts";
import { diffByInputs, toDiffResponse } from "./diff.ts";
import type { Engine } from "../engine.ts";
import { unary } from "../grpc.ts";
import type { ProviderDefinition } from "../types.ts";
import { pack, unpack } from "../values.ts";

/** The methods of the provider as a whole, and its functions. */
export function providerMethods(
  definition: ProviderDefinition,
  calls: Calls,
  engine: Engine,
): UntypedServiceImplementation {
  return {
    handshake: unary((request: ProviderHandshakeRequest) => {
      engine.connect(request.getEngineAddress());
      calls.begin();
      const response = new providerpb.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      return response;
    }),
    attach: unary((request: PluginAttach) => {
      engine.connect(request.getAddress());
      calls.begin();
      return new emptypb.Empty();
    }),
    getPluginInfo: unary(() => {
      const response = new pluginpb.PluginInfo();
      response.setVersion(definition.version);
      return response;
    }),
    getSchema: unary(() => {
      const response = new providerpb.GetSchemaResponse();
      response.setSchema(JSON.stringify({ name: definition.name, version: definition.version }));
      return response;
    }),
    cancel: unary(() => {
      calls.cancel();
      return new emptypb.Empty();
    }),

    checkConfig: unary((request: CheckRequest) => {
      const response = new providerpb.CheckResponse();
      response.setInputs(request.getNews());
      return response;
    }),
    diffConfig: unary((request: DiffRequest) => {
      const diff = definition.diff ?? diffByInputs;
      return toDiffResponse(diff(unpack(request.getOldInputs()).values, unpack(request.getNews()).values));
    }),
    configure: unary(async (request: ConfigureRequest) => {
      const { values, secrets } = unpack(request.getArgs());
      const subject = {
        urn: request.getUrn() ?? "",
        type: request.getType() ?? `pulumi:providers:${definition.name}`,
        name: request.getName() ?? definition.name,
        secretInputs: secrets,
      };
      await calls.run(subject, async (context) => definition.configure?.(values, context));
      const response = new providerpb.ConfigureResponse();
      // Without acceptOutputs and acceptResources, these come as plain values and ids.
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      return response;
    }),

    invoke: unary(async (request: InvokeRequest) => {
      const token = request.getTok();
      const load = definition.functions?.[token];
      if (load === undefined)
        throw new Error(`the function ${token} does not exist in the provider ${definition.name}`);
      const handler = await load();
      const { values, secrets } = unpack(request.getArgs());
      const subject = { urn: "", type: token, name: "", preview: request.getPreview(), secretInputs: secrets };
      const result = await calls.run(subject, async (context) => handler.call(values, context));
      const response = new providerpb.InvokeResponse();
      response.setReturn(pack(result, secrets.size > 0 ? Object.keys(result) : handler.secretOutputs));
      return response;
    }),
  };
}
