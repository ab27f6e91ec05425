import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb.js";
import { listen, newServer } from "../../provider/grpc/grpc.ts";
import { engineAddressFrom, serveAttachable } from "../../provider/grpc/index.ts";
import type { ProviderDefinition } from "../../provider/grpc/index.ts";

/** A stand-in that answers. */
export interface Served {
  readonly port: number;
  /** Cancels what runs, waits for it, and stops answering. */
  end(): Promise<void>;
}

/** What the host knows of the process that the CLI started. */
export interface Started {
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Writes to that process's standard output or error. */
  readonly write: (stream: "stdout" | "stderr", chunk: Buffer) => void;
  /** Called when the stand-in begins to do what the run is for. */
  readonly onRun: () => void;
}

/** Each has its own settings, also if the CLI starts one twice. */
export const STAND_INS: Readonly<Record<string, (started: Started) => Promise<Served>>> = {
  command: async (started) =>
    plugin((await import("../plugins/command/provider.ts")).command(started.environment), started),
  kubernetes: async (started) => plugin((await import("../plugins/kubernetes/provider.ts")).kubernetes(), started),
  onepassword: async (started) => plugin((await import("../plugins/onepassword/provider.ts")).onePassword(), started),
  nodejs: languageHost,
};

async function plugin(definition: ProviderDefinition, { args, onRun }: Started): Promise<Served> {
  onRun();
  return serveAttachable(definition, engineAddressFrom(args));
}

async function languageHost({ args, environment, write, onRun }: Started): Promise<Served> {
  const [{ languageRuntime }, { inOwnProcess }] = await Promise.all([
    import("../language-host/languageRuntime.ts"),
    import("../language-host/run.ts"),
  ]);
  const host = languageRuntime(engineAddressFrom(args), {
    environment,
    output: (chunk, stream) => write(stream, chunk),
    launch: async (program) => {
      onRun();
      return inOwnProcess(program);
    },
  });
  const server = newServer();
  server.addService(LanguageRuntimeService, host.service);
  const port = await listen(server);
  return {
    port,
    end: async () => {
      await host.stop();
      server.forceShutdown();
    },
  };
}
