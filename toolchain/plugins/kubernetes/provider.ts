// Stand-in for the official plugin of @pulumi/kubernetes 4.34.2, used when that cannot be downloaded: only `ConfigMapPatch`.
import type { ProviderDefinition } from "../../../provider/grpc/index.ts";
import { diffProvider } from "./diffProvider.ts";

export const kubernetes: ProviderDefinition = {
  name: "kubernetes",
  version: "4.34.2",
  configure: async (inputs) => {
    // Loaded only now: the engine starts plugins one after another but configures them in parallel.
    (await import("./cluster.ts")).setCluster(inputs);
  },
  diff: diffProvider,
  resources: {
    "kubernetes:core/v1:ConfigMapPatch": async () => (await import("./configMapPatch.ts")).configMapPatch,
  },
};
