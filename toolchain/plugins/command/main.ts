// Stands in for the official plugin of @pulumi/command 1.2.1: `local.Command` and `local.run`, where the plugin cannot be downloaded.
import { serve } from "../../../provider/grpc/index.ts";
import { announceStandIn } from "../standIn.ts";

const VERSION = "1.2.1";

await serve({
  name: "command",
  version: VERSION,
  configure: announceStandIn("command", VERSION),
  resources: { "command:local:Command": async () => (await import("./command.ts")).command },
  functions: { "command:local:run": async () => (await import("./run.ts")).run },
});
