import * as z from "zod";
import { kubernetesName, name, namespace, text } from "../../core/settings/types.ts";

/** The ConfigMap that Authentik's worker mounts its blueprints from. */
export const kubernetes = z.strictObject({
  kubeconfig: text
    .optional()
    .describe(
      "Path of the kubeconfig. Default: `KUBECONFIG`, then `~/.kube/config`. A proxy counts as with kubectl: the cluster's `proxy-url`, or else `HTTPS_PROXY` and `NO_PROXY`. After a change, keep the old file until `up` has finished.",
    ),
  context: text.optional().describe("The kubeconfig context. Default: the current context."),
  clusterName: name
    .default("cluster")
    .describe(
      "A name of your choice for the cluster. Change it together with `kubeconfig` or `context` if these lead to another cluster: the blueprint is then written there and deleted from the old one. Do not change it if only the API server's address changes: the blueprint would be deleted.",
    ),
  namespace: namespace.default("authentik").describe("The ConfigMap's namespace."),
  configMap: kubernetesName
    .default("authentik-blueprints")
    .describe(
      "The ConfigMap's name. It must exist, or be in the Git repository of `argocd.application`. Only one of its keys is written.",
    ),
  key: text
    .regex(/^[-._A-Za-z0-9]+$/, {
      error: "a ConfigMap key: letters, digits, dots, underscores and hyphens",
      abort: true,
    })
    .regex(/^[^.].*\.yaml$/, {
      error: "a key that ends in .yaml and does not begin with a dot: Authentik reads no other files",
    })
    .default("zot.yaml")
    .describe("The key that holds the blueprint. All other keys are left unchanged."),
});

export type KubernetesSettings = z.output<typeof kubernetes>;
