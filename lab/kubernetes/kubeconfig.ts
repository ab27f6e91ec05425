// Part of the lab's Kubernetes: the kubeconfig for clients.
import { stringify } from "yaml";

export interface KubeconfigOptions {
  /** Name of the context, the cluster and the user. Default `lab`. */
  readonly context?: string;
  /** The context's namespace. Default: none, which clients treat as `default`. */
  readonly namespace?: string;
}

/** The text of a kubeconfig with one context. */
export function kubeconfig(url: string, token: string, options: KubeconfigOptions = {}): string {
  const { context: name = "lab", namespace } = options;
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: url } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, ...(namespace === undefined ? {} : { namespace }) } }],
    "current-context": name,
  });
}
