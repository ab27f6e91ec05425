// Stand-in for the official plugin of @pulumi/command 1.2.1, used when that cannot be downloaded: `local.Command` and `local.run`.
import type { ProviderDefinition } from "../../../provider/grpc/index.ts";

/** @param environment of the commands. Default: this process's */
export function command(environment: NodeJS.ProcessEnv = process.env): ProviderDefinition {
  return {
    name: "command",
    version: "1.2.1",
    resources: { "command:local:Command": async () => (await import("./command.ts")).command(environment) },
    functions: { "command:local:run": async () => (await import("./run.ts")).run(environment) },
  };
}
