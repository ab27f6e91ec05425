// A plugin as the engine runs it: as a separate process, over gRPC, with an engine that receives its log.
import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { Server, ServerCredentials, credentials } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb.js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerpb from "@pulumi/pulumi/proto/provider_pb.js";
import emptypb from "google-protobuf/google/protobuf/empty_pb.js";
import structpb from "google-protobuf/google/protobuf/struct_pb.js";
import type { JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb.js";

/** `DiffResponse.DiffChanges.DIFF_SOME` on the wire. */
const DIFF_SOME = 2;

type Properties = Record<string, JavaScriptValue>;
export type { Properties };

export const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
export const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export interface Said {
  readonly message: string;
  readonly urn: string;
  readonly passing: boolean;
}

/** The resource of a request; its URN contains type and name. */
export interface Subject {
  readonly urn: string;
  readonly preview?: boolean;
  readonly timeout?: number;
}

export function urnOf(type: string, name = "one"): string {
  return `urn:pulumi:dev::project::${type}::${name}`;
}

export class Plugin implements AsyncDisposable {
  readonly process: ChildProcessByStdio<Writable, Readable, null>;
  readonly said: Said[];
  readonly #client: ResourceProviderClient;
  readonly #engine: Server;

  private constructor(child: Plugin["process"], port: string, said: Said[], engine: Server) {
    this.process = child;
    this.said = said;
    this.#client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
    this.#engine = engine;
  }

  static async start(executable: string, env: NodeJS.ProcessEnv = {}): Promise<Plugin> {
    const said: Said[] = [];
    const engine = new Server();
    engine.addService(EngineService, {
      log: (call: { readonly request: LogRequest }, answer: (error: null, reply: object) => void) => {
        const { request } = call;
        said.push({ message: request.getMessage(), urn: request.getUrn(), passing: request.getEphemeral() });
        answer(null, new emptypb.Empty());
      },
    });
    const address = await new Promise<number>((resolve, reject) => {
      engine.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
    const child = spawn(executable, [`127.0.0.1:${address}`], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, ...env },
    });
    const lines = createInterface(child.stdout);
    const [port] = (await once(lines, "line")) as [string];
    return new Plugin(child, port, said, engine);
  }

  async configure(args: Properties): Promise<InstanceType<typeof providerpb.ConfigureResponse>> {
    const request = new providerpb.ConfigureRequest();
    request.setArgs(structpb.Struct.fromJavaScript(args));
    return this.#call((answer) => this.#client.configure(request, answer));
  }

  async check(urn: string, inputs: Properties) {
    const request = new providerpb.CheckRequest();
    request.setUrn(urn);
    request.setNews(structpb.Struct.fromJavaScript(inputs));
    const response = await this.#call<InstanceType<typeof providerpb.CheckResponse>>((answer) =>
      this.#client.check(request, answer),
    );
    return {
      inputs: valuesOf(response.getInputs()),
      failures: response.getFailuresList().map((failure) => failure.toObject()),
    };
  }

  async diff(urn: string, { old, inputs, state = old }: { old: Properties; inputs: Properties; state?: Properties }) {
    const request = new providerpb.DiffRequest();
    request.setUrn(urn);
    request.setId("id");
    request.setOldInputs(structpb.Struct.fromJavaScript(old));
    request.setOlds(structpb.Struct.fromJavaScript(state));
    request.setNews(structpb.Struct.fromJavaScript(inputs));
    const response = await this.#call<InstanceType<typeof providerpb.DiffResponse>>((answer) =>
      this.#client.diff(request, answer),
    );
    const kinds = Object.keys(providerpb.PropertyDiff.Kind);
    return {
      changes: response.getChanges().valueOf() === DIFF_SOME,
      replaces: response.getReplacesList(),
      detailed: Object.fromEntries(response.toObject().detaileddiffMap.map(([path, { kind }]) => [path, kinds[kind]])),
    };
  }

  async create({ urn, preview = false, timeout = 0 }: Subject, inputs: Properties) {
    const request = new providerpb.CreateRequest();
    request.setUrn(urn);
    request.setPreview(preview);
    request.setTimeout(timeout);
    request.setProperties(structpb.Struct.fromJavaScript(inputs));
    const response = await this.#call<InstanceType<typeof providerpb.CreateResponse>>((answer) =>
      this.#client.create(request, answer),
    );
    return { id: response.getId(), state: valuesOf(response.getProperties()) };
  }

  async read(urn: string, id: string, state: Properties, inputs: Properties) {
    const request = new providerpb.ReadRequest();
    request.setUrn(urn);
    request.setId(id);
    request.setProperties(structpb.Struct.fromJavaScript(state));
    request.setInputs(structpb.Struct.fromJavaScript(inputs));
    const response = await this.#call<InstanceType<typeof providerpb.ReadResponse>>((answer) =>
      this.#client.read(request, answer),
    );
    return { id: response.getId(), state: valuesOf(response.getProperties()), inputs: valuesOf(response.getInputs()) };
  }

  async update({ urn, preview = false }: Subject, id: string, state: Properties, inputs: Properties) {
    const request = new providerpb.UpdateRequest();
    request.setUrn(urn);
    request.setId(id);
    request.setPreview(preview);
    request.setOlds(structpb.Struct.fromJavaScript(state));
    request.setNews(structpb.Struct.fromJavaScript(inputs));
    const response = await this.#call<InstanceType<typeof providerpb.UpdateResponse>>((answer) =>
      this.#client.update(request, answer),
    );
    return valuesOf(response.getProperties());
  }

  async delete(urn: string, id: string, state: Properties): Promise<void> {
    const request = new providerpb.DeleteRequest();
    request.setUrn(urn);
    request.setId(id);
    request.setProperties(structpb.Struct.fromJavaScript(state));
    await this.#call((answer) => this.#client.delete(request, answer));
  }

  async invoke(token: string, args: Properties): Promise<Properties> {
    const request = new providerpb.InvokeRequest();
    request.setTok(token);
    request.setArgs(structpb.Struct.fromJavaScript(args));
    const response = await this.#call<InstanceType<typeof providerpb.InvokeResponse>>((answer) =>
      this.#client.invoke(request, answer),
    );
    return valuesOf(response.getReturn());
  }

  async cancel(): Promise<void> {
    await this.#call((answer) => this.#client.cancel(new emptypb.Empty(), answer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    this.#engine.forceShutdown();
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exited = once(this.process, "exit");
    this.process.kill("SIGINT");
    await exited;
  }

  async #call<Response>(
    start: (answer: (error: ServiceError | null, response: Response) => void) => unknown,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      start((error, response) => (error === null ? resolve(response) : reject(error)));
    });
  }
}

function valuesOf(struct: InstanceType<typeof structpb.Struct> | undefined): Properties {
  return struct?.toJavaScript() ?? {};
}

/** A secret as sent on the wire. */
export function secret(value: JavaScriptValue): Properties {
  return { ...SECRET, value };
}

/** The message of a failed call. */
export function messageOf(error: unknown): string {
  return (error as ServiceError).details;
}
