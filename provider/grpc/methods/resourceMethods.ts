import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import providerpb from "@pulumi/pulumi/proto/provider_pb.js";
import type {
  CheckRequest,
  CreateRequest,
  DeleteRequest,
  DiffRequest,
  ReadRequest,
  UpdateRequest,
} from "@pulumi/pulumi/proto/provider_pb.js";
import emptypb from "google-protobuf/google/protobuf/empty_pb.js";
import type { Calls } from "./calls.ts";
import { diffByInputs, toDiffResponse } from "./diff.ts";
import { unary } from "../grpc.ts";
import type { ProviderDefinition, ResourceHandler, Values } from "../types.ts";
import { pack, unpack } from "../values.ts";

/** The methods of a resource: check, diff, create, read, update, delete. */
export function resourceMethods(definition: ProviderDefinition, calls: Calls): UntypedServiceImplementation {
  async function handlerOf(type: string): Promise<ResourceHandler> {
    const load = definition.resources[type];
    if (load === undefined)
      throw new Error(`the resource type ${type} does not exist in the provider ${definition.name}`);
    return load();
  }

  return {
    check: unary(async (request: CheckRequest) => {
      const subject = subjectOf(request);
      const { check } = await handlerOf(subject.type);
      const response = new providerpb.CheckResponse();
      const news = unpack(request.getNews());
      calls.declare(subject, news.values);
      if (check === undefined) {
        response.setInputs(request.getNews());
        return response;
      }
      const olds = request.hasOlds() ? unpack(request.getOlds()).values : undefined;
      const result = await calls.run({ ...subject, secretInputs: news.secrets }, async (context) =>
        check(news.values, olds, context),
      );
      response.setInputs(pack(result.inputs, news.secrets));
      for (const { property, reason } of result.failures ?? []) {
        const failure = new providerpb.CheckFailure();
        failure.setProperty(property);
        failure.setReason(reason);
        response.addFailures(failure);
      }
      return response;
    }),

    diff: unary(async (request: DiffRequest) => {
      const subject = subjectOf(request);
      const { diff, update } = await handlerOf(subject.type);
      const news = unpack(request.getNews());
      const oldInputs = unpack(request.getOldInputs()).values;
      if (diff === undefined) {
        return toDiffResponse(diffByInputs(oldInputs, news.values, update === undefined ? "all" : []));
      }
      const change = { id: request.getId(), inputs: news.values, oldInputs, state: unpack(request.getOlds()).values };
      return toDiffResponse(
        await calls.run({ ...subject, secretInputs: news.secrets }, async (context) => diff(change, context)),
      );
    }),

    create: unary(async (request: CreateRequest) => {
      const subject = subjectOf(request);
      const handler = await handlerOf(subject.type);
      const { values, secrets } = unpack(request.getProperties());
      const preview = request.getPreview();
      const call = { ...subject, preview, secretInputs: secrets, timeout: request.getTimeout() };
      const made = await calls.run(call, async (context) =>
        preview
          ? { id: "", state: await handler.preview(values, undefined, context) }
          : handler.create(values, context),
      );
      const response = new providerpb.CreateResponse();
      response.setId(made.id);
      response.setProperties(packState(handler, made.state, secrets));
      return response;
    }),

    read: unary(async (request: ReadRequest) => {
      const subject = subjectOf(request);
      const handler = await handlerOf(subject.type);
      const { read } = handler;
      const response = new providerpb.ReadResponse();
      if (read === undefined) {
        response.setId(request.getId());
        response.setProperties(request.getProperties());
        response.setInputs(request.getInputs());
        return response;
      }
      const state = unpack(request.getProperties());
      const inputs = unpack(request.getInputs());
      // Secrets stay secret, whether an input or the program made them so.
      const secrets = new Set([...inputs.secrets, ...state.secrets]);
      const call = { ...subject, secretInputs: inputs.secrets, timeout: request.getTimeout() };
      const found = await calls.run(call, async (context) =>
        read(request.getId(), state.values, inputs.values, context),
      );
      if (found === undefined) return response; // without an id: the resource no longer exists
      response.setId(found.id);
      response.setProperties(packState(handler, found.state, secrets));
      response.setInputs(pack(found.inputs, inputs.secrets));
      return response;
    }),

    update: unary(async (request: UpdateRequest) => {
      const subject = subjectOf(request);
      const handler = await handlerOf(subject.type);
      const { values, secrets } = unpack(request.getNews());
      const state = unpack(request.getOlds()).values;
      const preview = request.getPreview();
      const { update } = handler;
      const call = { ...subject, preview, secretInputs: secrets, timeout: request.getTimeout() };
      const updated = await calls.run(call, async (context) => {
        if (preview) return handler.preview(values, state, context);
        if (update === undefined) throw new Error(`${subject.type} cannot be updated in place`);
        return update(request.getId(), state, values, context);
      });
      const response = new providerpb.UpdateResponse();
      response.setProperties(packState(handler, updated, secrets));
      return response;
    }),

    delete: unary(async (request: DeleteRequest) => {
      const subject = subjectOf(request);
      const handler = await handlerOf(subject.type);
      const { values, secrets } = unpack(request.getProperties());
      await calls.run({ ...subject, secretInputs: secrets, timeout: request.getTimeout() }, async (context) =>
        handler.delete?.(request.getId(), values, context),
      );
      return new emptypb.Empty();
    }),
  };
}

function packState(handler: ResourceHandler, state: Values, secrets: ReadonlySet<string>) {
  return pack(state, [...secrets, ...(handler.secretOutputs?.(secrets) ?? [])]);
}

interface About {
  getUrn(): string;
  getType(): string;
  getName(): string;
}

/** Engines before 3.150 give type and name only in the URN: `urn:pulumi:stack::project::parent$type::name`. */
function subjectOf(request: About): { readonly urn: string; readonly type: string; readonly name: string } {
  const urn = request.getUrn();
  const [, , types = "", ...name] = urn.split("::");
  return {
    urn,
    type: request.getType() || (types.split("$").at(-1) ?? ""),
    name: request.getName() || name.join("::"),
  };
}
