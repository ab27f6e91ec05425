// Stands in for the official plugin of @pulumi/kubernetes 4.34.2: `ConfigMapPatch` alone, where the plugin cannot be downloaded.
import { serve } from "../../../provider/grpc/index.ts";

await serve({
  name: "kubernetes",
  version: "4.34.2",
  configure: async (inputs) => {
    // Loaded now, not at the start: the engine starts one plugin after another, and configures them side by side.
    (await import("./cluster.ts")).setCluster(inputs);
  },
  resources: {
    "kubernetes:core/v1:ConfigMapPatch": async () => (await import("./configMapPatch.ts")).configMapPatch,
  },
});
