import { Metadata, Server, ServerCredentials, status as grpcStatus } from "@grpc/grpc-js";
import type { ServerUnaryCall, UntypedServiceImplementation, handleUnaryCall } from "@grpc/grpc-js";
import anypb from "google-protobuf/google/protobuf/any_pb.js";
import emptypb from "google-protobuf/google/protobuf/empty_pb.js";
import pluginpb from "@pulumi/pulumi/proto/plugin_pb.js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerpb from "@pulumi/pulumi/proto/provider_pb.js";
import statuspb from "@pulumi/pulumi/proto/status_pb.js";
import { diffByInputs } from "./diff.ts";
import { engineLog } from "./engineLog.ts";
import type { EngineLog } from "./engineLog.ts";
import { PartialFailure } from "./types.ts";
import type { Context, DiffKind, DiffResult, ProviderDefinition, ResourceHandler, Values } from "./types.ts";
import { pack, unpack } from "./values.ts";
import type { Unpacked } from "./values.ts";

const MAX_MESSAGE = 400 * 1024 * 1024;

/**
 * Serves a provider to Pulumi's engine over gRPC and prints its port, as every plugin does.
 *
 * The SDK's own server for Node (`@pulumi/pulumi/provider`) hands on neither the configuration, nor whether it is a preview, nor the old
 * inputs, nor a cancellation, and cannot answer with a detailed diff; that is why this one exists. It starts without the SDK.
 */
export async function serve(definition: ProviderDefinition): Promise<void> {
  const server = new Server({
    "grpc.max_receive_message_length": MAX_MESSAGE,
    "grpc.max_send_message_length": MAX_MESSAGE,
  });
  const engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
  server.addService(providerGrpc.ResourceProviderService, implementation(definition, engineLog(engineAddress)));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  // The engine ends its plugins by a signal; where it died itself, its end of the pipe closes.
  process.stdout.on("error", () => process.exit(0));
  process.stdout.write(`${port}\n`);
}

/** The calls that are going on, so that a cancellation reaches them all. */
class Calls {
  readonly #controllers = new Set<AbortController>();

  async run<T>(timeoutSeconds: number, action: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.#controllers.add(controller);
    const signal =
      timeoutSeconds > 0
        ? AbortSignal.any([controller.signal, AbortSignal.timeout(timeoutSeconds * 1000)])
        : controller.signal;
    try {
      return await action(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Error(
        controller.signal.aborted
          ? "cancelled; run again to finish what is left"
          : `not done within ${timeoutSeconds} s (customTimeouts)`,
        {
          cause: error,
        },
      );
    } finally {
      this.#controllers.delete(controller);
    }
  }

  cancel(): void {
    for (const controller of this.#controllers) controller.abort(new Error("cancelled"));
  }
}

function implementation(definition: ProviderDefinition, log: EngineLog): UntypedServiceImplementation {
  const calls = new Calls();

  async function handlerOf(type: string): Promise<ResourceHandler> {
    const load = definition.resources[type];
    if (load === undefined) throw new Error(`${definition.name} has no resource type ${type}`);
    return load();
  }

  const contextOf = (
    request: { urn: string; type?: string; preview?: boolean; secrets?: ReadonlySet<string> },
    signal: AbortSignal,
  ): Context => ({
    urn: request.urn,
    type: request.type ?? typeOf(request.urn),
    name: request.urn.split("::").at(-1) ?? "",
    preview: request.preview ?? false,
    signal,
    secretInputs: request.secrets ?? new Set(),
    progress: (message) => log.log("info", request.urn, message, true),
    info: (message) => log.log("info", request.urn, message, false),
    warn: (message) => log.log("warning", request.urn, message, false),
  });

  const packState = (handler: ResourceHandler, state: Values, secrets: ReadonlySet<string>) =>
    pack(state, handler.secretOutputs?.(secrets) ?? secrets);

  const service = {
    handshake: unary(async () => {
      const response = new providerpb.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      return Promise.resolve(response);
    }),
    getPluginInfo: unary(async () => {
      const response = new pluginpb.PluginInfo();
      response.setVersion(definition.version);
      return Promise.resolve(response);
    }),
    getSchema: unary(async () => {
      const response = new providerpb.GetSchemaResponse();
      response.setSchema(JSON.stringify({ name: definition.name, version: definition.version }));
      return Promise.resolve(response);
    }),
    attach: unary(async () => Promise.resolve(new emptypb.Empty())),
    cancel: unary(async () => {
      calls.cancel();
      return Promise.resolve(new emptypb.Empty());
    }),

    checkConfig: unary(async (request: InstanceType<typeof providerpb.CheckRequest>) => {
      const response = new providerpb.CheckResponse();
      response.setInputs(request.getNews());
      return Promise.resolve(response);
    }),
    diffConfig: unary(async (request: InstanceType<typeof providerpb.DiffRequest>) =>
      // Another way in does not make other objects: never a replacement.
      Promise.resolve(
        toDiffResponse(diffByInputs(unpack(request.getOldInputs()).values, unpack(request.getNews()).values)),
      ),
    ),
    configure: unary(async (request: InstanceType<typeof providerpb.ConfigureRequest>) => {
      const { values, secrets } = unpack(request.getArgs());
      await calls.run(0, async (signal) =>
        definition.configure?.(values, contextOf({ urn: request.getUrn() ?? "", secrets }, signal)),
      );
      const response = new providerpb.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      return response;
    }),

    invoke: unary(async (request: InstanceType<typeof providerpb.InvokeRequest>) => {
      const load = definition.functions?.[request.getTok()];
      if (load === undefined) throw new Error(`${definition.name} has no function ${request.getTok()}`);
      const call = await load();
      const { values, secrets } = unpack(request.getArgs());
      const result = await calls.run(0, async (signal) =>
        call(values, contextOf({ urn: "", preview: request.getPreview(), secrets }, signal)),
      );
      const response = new providerpb.InvokeResponse();
      response.setReturn(pack(result));
      return response;
    }),

    check: unary(async (request: InstanceType<typeof providerpb.CheckRequest>) => {
      const response = new providerpb.CheckResponse();
      const handler = await handlerOf(typeOf(request.getUrn()));
      if (handler.check === undefined) {
        response.setInputs(request.getNews());
        return response;
      }
      const news = unpack(request.getNews());
      const olds = request.hasOlds() ? unpack(request.getOlds()).values : undefined;
      const check = handler.check.bind(handler);
      const result = await calls.run(0, async (signal) =>
        check(news.values, olds, contextOf({ urn: request.getUrn(), secrets: news.secrets }, signal)),
      );
      response.setInputs(pack(result.inputs, news.secrets));
      response.setFailuresList(
        (result.failures ?? []).map(({ property, reason }) => {
          const failure = new providerpb.CheckFailure();
          failure.setProperty(property);
          failure.setReason(reason);
          return failure;
        }),
      );
      return response;
    }),
    diff: unary(async (request: InstanceType<typeof providerpb.DiffRequest>) => {
      const handler = await handlerOf(typeOf(request.getUrn()));
      const news = unpack(request.getNews());
      const change = {
        id: request.getId(),
        inputs: news.values,
        oldInputs: unpack(request.getOldInputs()).values,
        state: unpack(request.getOlds()).values,
      };
      if (handler.diff === undefined) return toDiffResponse(diffByInputs(change.oldInputs, change.inputs));
      const diff = handler.diff.bind(handler);
      return toDiffResponse(
        await calls.run(0, async (signal) =>
          diff(change, contextOf({ urn: request.getUrn(), secrets: news.secrets }, signal)),
        ),
      );
    }),
    create: unary(async (request: InstanceType<typeof providerpb.CreateRequest>) => {
      const handler = await handlerOf(typeOf(request.getUrn()));
      const { values, secrets } = unpack(request.getProperties());
      const made = await calls.run(request.getTimeout(), async (signal) => {
        const context = contextOf({ urn: request.getUrn(), preview: request.getPreview(), secrets }, signal);
        if (request.getPreview()) return { id: "", state: await handler.preview(values, undefined, context) };
        return handler.create(values, context);
      });
      const response = new providerpb.CreateResponse();
      response.setId(made.id);
      response.setProperties(packState(handler, made.state, secrets));
      return response;
    }),
    read: unary(async (request: InstanceType<typeof providerpb.ReadRequest>) => {
      const handler = await handlerOf(typeOf(request.getUrn()));
      const state = unpack(request.getProperties());
      const inputs = unpack(request.getInputs());
      const secrets = inputs.secrets.size > 0 ? inputs.secrets : state.secrets;
      const response = new providerpb.ReadResponse();
      if (handler.read === undefined) {
        response.setId(request.getId());
        response.setProperties(request.getProperties());
        response.setInputs(request.getInputs());
        return response;
      }
      const read = handler.read.bind(handler);
      const found = await calls.run(request.getTimeout(), async (signal) =>
        read(request.getId(), state.values, inputs.values, contextOf({ urn: request.getUrn(), secrets }, signal)),
      );
      if (found === undefined) return response; // without an id: it is gone
      response.setId(found.id);
      response.setProperties(packState(handler, found.state, secrets));
      response.setInputs(pack(found.inputs, inputs.secrets));
      return response;
    }),
    update: unary(async (request: InstanceType<typeof providerpb.UpdateRequest>) => {
      const handler = await handlerOf(typeOf(request.getUrn()));
      const news = unpack(request.getNews());
      const olds = unpack(request.getOlds());
      const state = await calls.run(request.getTimeout(), async (signal) => {
        const context = contextOf(
          { urn: request.getUrn(), preview: request.getPreview(), secrets: news.secrets },
          signal,
        );
        if (request.getPreview()) return handler.preview(news.values, olds.values, context);
        if (handler.update === undefined) throw new Error(`${context.type} cannot be updated in place`);
        return handler.update(request.getId(), olds.values, news.values, context);
      });
      const response = new providerpb.UpdateResponse();
      response.setProperties(packState(handler, state, news.secrets));
      return response;
    }),
    delete: unary(async (request: InstanceType<typeof providerpb.DeleteRequest>) => {
      const handler = await handlerOf(typeOf(request.getUrn()));
      const { values, secrets }: Unpacked = unpack(request.getProperties());
      await calls.run(request.getTimeout(), async (signal) =>
        handler.delete?.(request.getId(), values, contextOf({ urn: request.getUrn(), secrets }, signal)),
      );
      return new emptypb.Empty();
    }),
  };
  // gRPC types a handler by its own messages; as one table they have no common type.
  return service as unknown as UntypedServiceImplementation;
}

/** An async function as a gRPC handler. Of an error only the message leaves the process: never its properties or stack. */
function unary<Request, Response>(handle: (request: Request) => Promise<Response>): handleUnaryCall<Request, Response> {
  return (call: ServerUnaryCall<Request, Response>, answer) => {
    handle(call.request).then(
      (response) => answer(null, response),
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        const metadata = new Metadata();
        if (error instanceof PartialFailure) metadata.add("grpc-status-details-bin", partialDetails(error));
        answer({ code: grpcStatus.UNKNOWN, details: message, message, name: "Error", metadata });
      },
    );
  };
}

function partialDetails(failure: PartialFailure): Buffer {
  const detail = new providerpb.ErrorResourceInitFailed();
  detail.setId(failure.id);
  detail.setProperties(pack(failure.state));
  detail.setReasonsList([...failure.reasons]);
  const any = new anypb.Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new statuspb.Status();
  status.setCode(grpcStatus.UNKNOWN);
  status.setMessage(failure.message);
  status.addDetails(any);
  return Buffer.from(status.serializeBinary());
}

function toDiffResponse(result: DiffResult): InstanceType<typeof providerpb.DiffResponse> {
  const kinds: Record<DiffKind, number> = {
    add: 0,
    "add-replace": 1,
    delete: 2,
    "delete-replace": 3,
    update: 4,
    "update-replace": 5,
  };
  const response = new providerpb.DiffResponse();
  response.setChanges(
    result.changes === "none"
      ? providerpb.DiffResponse.DiffChanges.DIFF_NONE
      : providerpb.DiffResponse.DiffChanges.DIFF_SOME,
  );
  response.setReplacesList([...(result.replaces ?? [])]);
  response.setDeletebeforereplace(result.deleteBeforeReplace ?? false);
  response.setHasdetaileddiff(result.detailed !== undefined);
  for (const [path, { kind, inputDiff }] of Object.entries(result.detailed ?? {})) {
    const difference = new providerpb.PropertyDiff();
    difference.setKind(kinds[kind]);
    difference.setInputdiff(inputDiff ?? false);
    response.getDetaileddiffMap().set(path, difference);
    response.addDiffs(path);
  }
  return response;
}

/** The type's token in a URN: `urn:pulumi:stack::project::parent$type::name`. */
function typeOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}
