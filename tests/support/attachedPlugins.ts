// Plugins in the process of a test, for one run of the CLI to attach to: our provider or the test's own, and the stand-ins for the official plugins and the language host.
// Starting them as processes, and the program, takes most of a run's CPU time. Some engine tests do start them so, as the CLI does for users.
import { existsSync, realpathSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb.js";
import { zotAuth } from "../../provider/definition.ts";
import { listen, newServer } from "../../provider/grpc/grpc.ts";
import { serveAttachable } from "../../provider/grpc/index.ts";
import type { ProviderDefinition } from "../../provider/grpc/index.ts";
import { languageRuntime } from "../../toolchain/language-host/languageRuntime.ts";
import { command } from "../../toolchain/plugins/command/provider.ts";
import { kubernetes } from "../../toolchain/plugins/kubernetes/provider.ts";
import { onePassword } from "../../toolchain/plugins/onepassword/provider.ts";
import { inWarmProcess } from "./warmProgram/launch.ts";

const STAND_INS = resolve(import.meta.dirname, "../../toolchain/plugins") + sep;

export interface AttachedPlugins {
  /** Of the CLI. */
  readonly environment: NodeJS.ProcessEnv;
  /** Ends what still runs, as the plugins of a CLI that is gone do. */
  close(): Promise<void>;
}

/**
 * @param environment of the CLI. An official plugin in its PULUMI_HOME, or an official language host, is never replaced.
 * @param output gets what the program writes
 * @param own providers of the program that are not official plugins
 * @param added to the program's environment when it starts
 */
export async function attachPlugins(
  environment: NodeJS.ProcessEnv,
  output: (chunk: Buffer) => void,
  own: readonly ProviderDefinition[] = [zotAuth],
  added: () => NodeJS.ProcessEnv = () => ({}),
): Promise<AttachedPlugins> {
  // The commands of local.Command get this process's environment. A Node program that finds this variable would report to the test runner.
  delete process.env["NODE_TEST_CONTEXT"];
  const standIns = [command(), kubernetes(), onePassword()].filter((definition) =>
    isStandIn(environment["PULUMI_HOME"] ?? "", definition),
  );
  const providers = await Promise.all(
    [...own, ...standIns].map(async (definition) => ({
      name: definition.name,
      served: await serveAttachable(definition),
    })),
  );
  const attached = {
    ...environment,
    PULUMI_DEBUG_PROVIDERS: providers.map(({ name, served }) => `${name}:${served.port}`).join(),
  };
  // The set-up names its stand-in where it found no official one.
  const host =
    environment["ZOT_AUTH_LANGUAGE_HOST"] === undefined
      ? undefined
      : await serveLanguageHost({
          get environment() {
            return { ...attached, ...added() };
          },
          output,
          launch: inWarmProcess,
        });
  return {
    environment: host === undefined ? attached : { ...attached, PULUMI_DEBUG_LANGUAGES: `nodejs:${host.port}` },
    close: async () => {
      for (const { served } of providers) served.close();
      await host?.close();
    },
  };
}

async function serveLanguageHost(
  surroundings: Parameters<typeof languageRuntime>[1],
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const host = languageRuntime(undefined, surroundings);
  const server = newServer();
  server.addService(LanguageRuntimeService, host.service);
  const close = async (): Promise<void> => {
    await host.stop();
    server.forceShutdown();
  };
  return { port: await listen(server), close };
}

function isStandIn(home: string, { name, version }: ProviderDefinition): boolean {
  const executable = join(home, "plugins", `resource-${name}-v${version}`, `pulumi-resource-${name}`);
  return existsSync(executable) && realpathSync(executable).startsWith(STAND_INS);
}
