// The Kubernetes of the walk: one ConfigMap, which Authentik's worker mounts.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { kubeconfig, startKubernetes } from "../../../../lab/kubernetes/server.ts";
import type { RunningServer } from "../../../../lab/shared/listen.ts";

const TOKEN = "kubernetes-token-of-the-model";
const NAMESPACE = "authentik";
const CONFIG_MAP = "authentik-blueprints";

/** Two files for the same cluster. */
export const KUBECONFIGS = ["kubeconfig", "other-kubeconfig"] as const;
export const CONTEXT = "the-cluster";

export async function startCluster(folder: string): Promise<RunningServer> {
  const cluster = await startKubernetes({
    port: 0,
    data: join(folder, "kubernetes"),
    tokens: [{ token: TOKEN }],
    anonymous: { namespaces: [NAMESPACE] },
    projections: [{ namespace: NAMESPACE, configMap: CONFIG_MAP, directory: join(folder, "blueprints"), delayMs: 10 }],
    seed: {
      namespaces: [NAMESPACE],
      configMaps: [{ namespace: NAMESPACE, name: CONFIG_MAP, data: { "somebodys.txt": "not ours" } }],
    },
  });
  for (const file of KUBECONFIGS)
    writeFileSync(join(folder, file), kubeconfig(cluster.url, TOKEN, { context: CONTEXT }), { mode: 0o600 });
  return cluster;
}
