// Stand-in for the official plugin of @pulumi/kubernetes 4.34.2, used when that cannot be downloaded: only `ConfigMapPatch`.
import type { ProviderDefinition } from "../../../provider/grpc/index.ts";
import type { Cluster } from "./cluster.ts";
import { diffProvider } from "./diffProvider.ts";

/** With a cluster of its own, which the engine configures: several may run in one process. */
export function kubernetes(): ProviderDefinition {
  let current: Cluster | undefined;
  const cluster = (): Cluster => {
    if (current === undefined) throw new Error("the engine requested a resource before it configured the provider");
    return current;
  };
  return {
    name: "kubernetes",
    version: "4.34.2",
    configure: async (inputs) => {
      // Loaded only now: the engine starts plugins one after another but configures them in parallel.
      current = (await import("./cluster.ts")).clusterOf(inputs);
    },
    diff: diffProvider,
    resources: {
      "kubernetes:core/v1:ConfigMapPatch": async () => (await import("./configMapPatch.ts")).configMapPatch(cluster()),
    },
  };
}
