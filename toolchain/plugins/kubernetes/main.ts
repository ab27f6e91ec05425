// Stands in for the official plugin of @pulumi/kubernetes 4.34.2: `ConfigMapPatch` alone, where the plugin cannot be downloaded.
import { serve } from "../../../provider/grpc/index.ts";
import { announceStandIn } from "../standIn.ts";

const VERSION = "4.34.2";
const announce = announceStandIn("kubernetes", VERSION);

await serve({
  name: "kubernetes",
  version: VERSION,
  configure: async (inputs, context) => {
    await announce(inputs, context);
    // Loaded now, not at the start: the engine starts one plugin after another, and configures them side by side.
    (await import("./cluster.ts")).setCluster(inputs);
  },
  resources: {
    "kubernetes:core/v1:ConfigMapPatch": async () => (await import("./configMapPatch.ts")).configMapPatch,
  },
});
