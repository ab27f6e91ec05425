import type { ServerWritableStream, UntypedServiceImplementation } from "@grpc/grpc-js";
import languagepb from "@pulumi/pulumi/proto/language_pb.js";
import type {
  AboutRequest,
  GetProgramDependenciesRequest,
  GetRequiredPackagesRequest,
  GetRequiredPluginsRequest,
  InstallDependenciesRequest,
  InstallDependenciesResponse,
  LanguageHandshakeRequest,
  ProgramInfo,
  RunRequest,
} from "@pulumi/pulumi/proto/language_pb.js";
import type { PackageDependency, PluginDependency } from "@pulumi/pulumi/proto/plugin_pb.js";
import pluginpb from "@pulumi/pulumi/proto/plugin_pb.js";
import emptypb from "google-protobuf/google/protobuf/empty_pb.js";
import { toStatus, unary } from "../../provider/grpc/grpc.ts";
import { declaredDependencies, installedPackages } from "./installedPackages.ts";
import type { Plugin } from "./installedPackages.ts";
import { npmInstall, npmVersion, packageVersion } from "./npm.ts";
import { run } from "./run.ts";
import type { Surroundings } from "./run.ts";
import { runtimeOptions } from "./runtimeOptions.ts";

/** Pulumi's LanguageRuntime service for Node. Methods that generate code or build packages and plugins are not implemented. */
export interface LanguageHost {
  readonly service: UntypedServiceImplementation;
  /** Stops the running program, if any, and waits until it has exited. */
  stop(): Promise<void>;
}

/** @param surroundings of the programs that it starts; default: this process's environment and output */
export function languageRuntime(addressByArgument: string | undefined, surroundings?: Surroundings): LanguageHost {
  let engineAddress = addressByArgument ?? "";
  let cancelled = new AbortController();
  let running: Promise<unknown> = Promise.resolve();

  const service = {
    handshake: unary((request: LanguageHandshakeRequest) => {
      engineAddress = request.getEngineAddress();
      // An engine attaches once for the packages and once for the program, and cancels after each.
      if (cancelled.signal.aborted) cancelled = new AbortController();
      return new languagepb.LanguageHandshakeResponse();
    }),
    getPluginInfo: unary(() => new pluginpb.PluginInfo()),
    getRequiredPlugins: unary((request: GetRequiredPluginsRequest) => {
      const response = new languagepb.GetRequiredPluginsResponse();
      for (const plugin of pluginsOf(request.getInfo())) {
        response.addPlugins(described(new pluginpb.PluginDependency(), plugin));
      }
      return response;
    }),
    getRequiredPackages: unary((request: GetRequiredPackagesRequest) => {
      const response = new languagepb.GetRequiredPackagesResponse();
      for (const plugin of pluginsOf(request.getInfo())) {
        response.addPackages(described(new pluginpb.PackageDependency(), plugin));
      }
      return response;
    }),
    run: unary(async (request: RunRequest, signal) => {
      if (engineAddress === "") throw new Error("The engine asked to run a program before it sent its address.");
      const program = run(request, engineAddress, AbortSignal.any([signal, cancelled.signal]), surroundings);
      running = program;
      return program;
    }),
    installDependencies: (call: ServerWritableStream<InstallDependenciesRequest, InstallDependenciesResponse>) => {
      install(call).then(
        () => call.end(),
        // Only this event reports the failure; after `destroy` the caller would wait forever.
        (error: unknown) => call.emit("error", toStatus(error)),
      );
    },
    runtimeOptionsPrompts: unary(() => new languagepb.RuntimeOptionsResponse()),
    template: unary(() => new languagepb.TemplateResponse()),
    about: unary(about),
    getProgramDependencies: unary(programDependencies),
    cancel: unary(() => {
      cancelled.abort();
      return new emptypb.Empty();
    }),
  };
  return {
    service,
    stop: async () => {
      cancelled.abort();
      await Promise.allSettled([running]);
    },
  };
}

function pluginsOf(info: ProgramInfo | undefined): Plugin[] {
  const packages = installedPackages(info?.getProgramDirectory() ?? ".");
  return packages.flatMap(({ plugin }) => plugin ?? []);
}

function described<Message extends PluginDependency | PackageDependency>(message: Message, plugin: Plugin): Message {
  message.setKind("resource");
  message.setName(plugin.name);
  message.setVersion(plugin.version);
  message.setServer(plugin.server);
  return message;
}

async function install(call: ServerWritableStream<InstallDependenciesRequest, InstallDependenciesResponse>) {
  const info = call.request.getInfo();
  const { production } = runtimeOptions(info);
  await npmInstall(info?.getProgramDirectory() ?? ".", { production }, (text, stream) => {
    const message = new languagepb.InstallDependenciesResponse();
    if (stream === "stdout") message.setStdout(text);
    else message.setStderr(text);
    call.write(message);
  });
}

function about(request: AboutRequest) {
  const folder = request.getInfo()?.getProgramDirectory() ?? ".";
  const response = new languagepb.AboutResponse();
  response.setExecutable(process.execPath);
  response.setVersion(process.version);
  const metadata = response.getMetadataMap().set("packagemanager", "npm");
  const npm = npmVersion();
  if (npm !== undefined) metadata.set("packagemanagerVersion", npm);
  const typescript = packageVersion(folder, "typescript");
  if (typescript !== undefined) metadata.set("typescriptVersion", typescript);
  return response;
}

function programDependencies(request: GetProgramDependenciesRequest) {
  const folder = request.getInfo()?.getProgramDirectory() ?? ".";
  const [packages, declared] = [installedPackages(folder), declaredDependencies(folder)];
  const response = new languagepb.GetProgramDependenciesResponse();
  for (const { name, version } of packages) {
    if (!request.getTransitivedependencies() && !declared.has(name)) continue;
    const dependency = new languagepb.DependencyInfo();
    dependency.setName(name);
    dependency.setVersion(version);
    response.addDependencies(dependency);
  }
  return response;
}
