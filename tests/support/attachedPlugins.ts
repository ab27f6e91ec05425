// The stand-ins for the official plugins, in the process of a test, for engines to attach to: starting three more processes takes a fifth of a run's CPU time.
// Some engine tests run them as processes, as the CLI does for users.
import { existsSync, realpathSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { serveAttachable } from "../../provider/grpc/index.ts";
import type { ProviderDefinition } from "../../provider/grpc/index.ts";
import { command } from "../../toolchain/plugins/command/provider.ts";
import { kubernetes } from "../../toolchain/plugins/kubernetes/provider.ts";
import { onePassword } from "../../toolchain/plugins/onepassword/provider.ts";

const STAND_INS = resolve(import.meta.dirname, "../../toolchain/plugins") + sep;

export interface AttachedPlugins {
  /** For the environment of the CLI. */
  readonly environment: { readonly PULUMI_DEBUG_PROVIDERS?: string };
  close(): void;
}

/** @param home the PULUMI_HOME with the plugins that the set-up found: an official one is never replaced */
export async function attachPlugins(home: string): Promise<AttachedPlugins> {
  // The commands of local.Command get this process's environment. A Node program that finds this variable would report to the test runner.
  delete process.env["NODE_TEST_CONTEXT"];
  const standIns = [command, kubernetes, onePassword].filter((definition) => isStandIn(home, definition));
  const running = await Promise.all(
    standIns.map(async (definition) => ({ name: definition.name, served: await serveAttachable(definition) })),
  );
  return {
    environment:
      running.length === 0
        ? {}
        : { PULUMI_DEBUG_PROVIDERS: running.map(({ name, served }) => `${name}:${served.port}`).join() },
    close: () => {
      for (const { served } of running) served.close();
    },
  };
}

function isStandIn(home: string, { name, version }: ProviderDefinition): boolean {
  const executable = join(home, "plugins", `resource-${name}-v${version}`, `pulumi-resource-${name}`);
  return existsSync(executable) && realpathSync(executable).startsWith(STAND_INS);
}
