import type { Context, Value, Values } from "../../../provider/grpc/index.ts";
import { KubernetesClient } from "./client.ts";
import { accessFrom } from "../../../systems/kubernetes/kubeconfig.ts";
import type { Access } from "../../../systems/kubernetes/kubeconfig.ts";
import { textOf } from "./records.ts";

/** The cluster from the provider's settings. */
export interface Cluster {
  /** Namespace of objects that do not set one. */
  readonly namespace: string;
  readonly serverSideApply: boolean;
  /** Forces every apply, regardless of the resource. */
  readonly patchForce: boolean;
  /** Whether resources of an unreachable cluster may be removed from the state. */
  readonly deleteUnreachable: boolean;
  /** Why the cluster cannot be reached, in the official plugin's words; `undefined` if it can. Checked once. */
  unreachable(context: Context): Promise<string | undefined>;
  /** @throws if the cluster cannot be reached */
  client(context: Context): Promise<KubernetesClient>;
}

/** What the kubeconfig says of the cluster, or why it says nothing usable. */
type Found = { readonly access: Access } | { readonly reason: string };

/** The cluster that the provider's settings name. The kubeconfig is read when a resource needs the cluster: in most previews none does. */
export function clusterOf(settings: Values): Cluster {
  let known: Found | undefined;
  const found = (): Found => (known ??= find(settings));
  const fail = async (context: Context): Promise<string | undefined> => {
    const cluster = found();
    if ("reason" in cluster) return cluster.reason;
    try {
      await new KubernetesClient(cluster.access, context.signal).assertReachable();
      return undefined;
    } catch (error) {
      context.signal.throwIfAborted();
      return `unable to load schema information from the API server: ${messageOf(error)}`;
    }
  };
  let asked: Promise<string | undefined> | undefined;
  const unreachable = (context: Context) => (asked ??= fail(context));
  return {
    get namespace() {
      const cluster = found();
      return "access" in cluster ? cluster.access.namespace : (textOf(settings["namespace"]) ?? "default");
    },
    serverSideApply: flag(settings["enableServerSideApply"], "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY", true),
    patchForce: flag(settings["enablePatchForce"], "PULUMI_K8S_ENABLE_PATCH_FORCE", false),
    deleteUnreachable: flag(settings["deleteUnreachable"], "PULUMI_K8S_DELETE_UNREACHABLE", false),
    unreachable,
    client: async (context) => {
      const why = await unreachable(context);
      const cluster = found();
      if (why !== undefined || "reason" in cluster) {
        throw new Error(`configured Kubernetes cluster is unreachable: ${why ?? ""}`);
      }
      return new KubernetesClient(cluster.access, context.signal);
    },
  };
}

function find(settings: Values): Found {
  const kubeconfig = textOf(settings["kubeconfig"]);
  try {
    const access = accessFrom(kubeconfig, {
      context: textOf(settings["context"]),
      cluster: textOf(settings["cluster"]),
      namespace: textOf(settings["namespace"]),
    });
    if (access.exec === undefined) return { access };
    throw new Error(
      "the kubeconfig user authenticates with exec; the stand-in for the official plugin supports only tokens, passwords and client certificates",
    );
  } catch (error) {
    const why = messageOf(error);
    const reason =
      kubeconfig === undefined
        ? `unable to load Kubernetes client configuration from kubeconfig file. Make sure you have: \n\n \t • set up the provider as per https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/ \n\n ${why}`
        : `failed to parse kubeconfig data in \`kubernetes:config:kubeconfig\`- ${why}`;
    return { reason };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The SDK sends the provider's settings as JSON strings. */
function flag(setting: Value | undefined, variable: string, otherwise: boolean): boolean {
  const said = setting ?? process.env[variable];
  return said === undefined ? otherwise : said === true || said === "true";
}
