import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { PartialFailure, equal } from "../../../provider/grpc/index.ts";
import type { Context, ResourceHandler, Value, Values } from "../../../provider/grpc/index.ts";
import { KubernetesError } from "./client.ts";
import type { KubernetesClient, KubernetesObject } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { differences } from "./differences.ts";
import { hasUnknown, isRecord, recordOf, textOf } from "./records.ts";

const FIELD_MANAGER = "pulumi.com/patchFieldManager";
const FORCE = "pulumi.com/patchForce";
/** The names under which the official plugin keeps its own data in the state, next to the live object. */
const INPUTS = "__inputs";
const MANAGER = "__fieldManager";
const API_VERSION = "__initialApiVersion";
/** Delays before retries while the ConfigMap or its namespace does not exist yet, in milliseconds. */
const RETRIES = [500, 1000, 2000, 4000];
const CONFLICT_HELP =
  "https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/#handle-field-conflicts-on-existing-resources";

/** `ConfigMapPatch`: manages individual fields of an existing ConfigMap with server-side apply. */
export const configMapPatch = (cluster: Cluster): ResourceHandler => ({
  check: async (inputs) => {
    if (!cluster.serverSideApply) {
      throw new Error(
        "patch resources require Server-Side Apply mode, which is enabled using the `enableServerSideApply` Provider config",
      );
    }
    const metadata = metadataOf(inputs);
    if (metadata["name"] === undefined || metadata["name"] === "") {
      throw new Error("patch resources require the `.metadata.name` field to be set");
    }
    const namespace = metadata["namespace"] ?? cluster.namespace;
    return Promise.resolve({
      inputs: { ...inputs, apiVersion: "v1", kind: "ConfigMap", metadata: { ...metadata, namespace } },
    });
  },

  diff: async ({ inputs, oldInputs }) => {
    const detailed = differences(oldInputs, inputs);
    const elsewhere = ["metadata.name", "metadata.namespace"].filter((path) => detailed[path] !== undefined);
    return Promise.resolve({
      changes: Object.keys(detailed).length === 0 ? "none" : "some",
      detailed: Object.fromEntries(
        Object.entries(detailed).map(([path, difference]) => [
          path,
          elsewhere.includes(path) ? { ...difference, kind: "update-replace" as const } : difference,
        ]),
      ),
      replaces: elsewhere.length === 0 ? [] : ["metadata"],
    });
  },

  preview: async (inputs, state, context) => {
    // Like the official plugin: a new patch is not tried, since the same update may still create its ConfigMap.
    if (state === undefined || hasUnknown(inputs)) return inputs;
    if ((await cluster.unreachable(context)) !== undefined) return inputs;
    try {
      return await change(cluster, state, inputs, context);
    } catch (error) {
      if (error instanceof KubernetesError && error.status === 403) return inputs;
      throw error;
    }
  },

  create: async (inputs, context) => {
    const client = await cluster.client(context);
    const manager = managerOf(inputs, {});
    const live = await whenThere(context, async () => apply(cluster, client, inputs, manager, false)).catch(
      (error: unknown) => {
        if (!(error instanceof KubernetesError)) throw error;
        const what = `resource ${JSON.stringify(context.urn)} was not successfully created by the Kubernetes API server`;
        throw new Error(`${what}: ${error.message}`, { cause: error });
      },
    );
    return { id: idOf(live), state: stateOf(inputs, live, manager) };
  },

  read: async (id, state, inputs, context) => {
    const why = await cluster.unreachable(context);
    if (why !== undefined) {
      context.warn(`configured Kubernetes cluster is unreachable: ${why}`);
      if (cluster.deleteUnreachable) return undefined;
      throw new Error(
        'failed to read resource state due to unreachable cluster. If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"',
      );
    }
    const [namespace, name] = id.includes("/") ? id.split("/", 2) : ["default", id];
    const live = await unlessGone(async () => (await cluster.client(context)).get(namespace ?? "", name ?? ""));
    if (live === undefined) return undefined;
    const imported = Object.keys(inputs).length === 0;
    const seen = imported
      ? { apiVersion: "v1", kind: "ConfigMap", metadata: { name: name ?? "", namespace: namespace ?? "" } }
      : prune(live as unknown as Values, inputs);
    return { id, state: stateOf(seen, live, managerOf(inputs, state)), inputs: seen };
  },

  update: async (id, state, inputs, context) => {
    try {
      return await change(cluster, state, inputs, context);
    } catch (error) {
      if (!(error instanceof KubernetesError) || error.status === 0) throw error;
      const manager = managerOf(inputs, state);
      const { message } = error;
      const live = await unlessGone(async () =>
        (await cluster.client(context)).get(namespaceOf(cluster, inputs), nameOf(inputs)),
      );
      if (live === undefined)
        throw new Error(`update of resource ${JSON.stringify(context.urn)} failed: ${message}`, { cause: error });
      const reason = `the Kubernetes API server reported that ${JSON.stringify(id)} failed to fully initialize or become live: ${message}`;
      const secrets = [...context.secretInputs, ...secretOutputs(context.secretInputs)];
      throw new PartialFailure(reason, { id, state: stateOf(inputs, live, manager), secrets });
    }
  },

  delete: async (_id, state, context) => {
    const why = await cluster.unreachable(context);
    if (why !== undefined) {
      context.warn(`configured Kubernetes cluster is unreachable: ${why}`);
      if (cluster.deleteUnreachable) return;
      throw new Error(
        'configured Kubernetes cluster is unreachable. If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"',
      );
    }
    const inputs = recordOf(state[INPUTS]);
    await relinquish(cluster, inputs, managerOf(inputs, state), context);
  },

  secretOutputs,
});

/** The state also contains a copy of all inputs. */
function secretOutputs(secretInputs: ReadonlySet<string>): readonly string[] {
  return secretInputs.size === 0 ? [] : [INPUTS];
}

/** Applies changed inputs, as a dry run in a preview. */
async function change(cluster: Cluster, state: Values, inputs: Values, context: Context): Promise<Values> {
  const client = await cluster.client(context);
  const manager = managerOf(inputs, state);
  const before = managerOf(recordOf(state[INPUTS]), state);
  // A deleted ConfigMap is an error: apply would create a new one with only our field.
  await client.get(namespaceOf(cluster, inputs), nameOf(inputs));
  const live = await apply(cluster, client, inputs, manager, context.preview);
  if (!context.preview && before !== manager) await relinquish(cluster, inputs, before, context);
  return stateOf(inputs, live, manager);
}

/** Applies an empty patch, which releases all fields of the manager. Fields without another manager are deleted. */
async function relinquish(cluster: Cluster, inputs: Values, fieldManager: string, context: Context): Promise<void> {
  const client = await cluster.client(context);
  const namespace = namespaceOf(cluster, inputs);
  const nothing = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: nameOf(inputs), namespace } };
  if ((await unlessGone(() => client.get(namespace, nameOf(inputs)))) === undefined) return;
  await client.apply(nothing, namespace, { fieldManager, force: false, dryRun: false });
}

async function whenThere<Result>(context: Context, action: () => Promise<Result>): Promise<Result> {
  for (const delay of RETRIES) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof KubernetesError) || error.status !== 404) throw error;
      context.progress(`trying again: ${error.message}`);
      await sleep(delay, undefined, { signal: context.signal });
    }
  }
  return action();
}

async function unlessGone<Result>(action: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 404) return undefined;
    throw error;
  }
}

async function apply(
  cluster: Cluster,
  client: KubernetesClient,
  inputs: Values,
  fieldManager: string,
  dryRun: boolean,
): Promise<KubernetesObject> {
  const force = annotationsOf(inputs)[FORCE] === "true" || cluster.patchForce;
  try {
    return await client.apply(inputs as unknown as KubernetesObject, namespaceOf(cluster, inputs), {
      fieldManager,
      force,
      dryRun,
    });
  } catch (error) {
    if (!(error instanceof KubernetesError) || error.status !== 409) throw error;
    throw new KubernetesError(
      409,
      `server-side apply field conflict detected, see ${CONFLICT_HELP} for troubleshooting help\nThe resource managed by field manager ${JSON.stringify(fieldManager)} had an apply conflict: ${error.message}`,
    );
  }
}

function managerOf(inputs: Values, state: Values): string {
  const named = textOf(annotationsOf(inputs)[FIELD_MANAGER]) ?? textOf(state[MANAGER]);
  return named ?? `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
}

function stateOf(inputs: Values, live: KubernetesObject, manager: string): Values {
  return { ...(live as unknown as Values), [INPUTS]: inputs, [API_VERSION]: live.apiVersion, [MANAGER]: manager };
}

function metadataOf(inputs: Values): Values {
  return recordOf(inputs["metadata"]);
}

function annotationsOf(inputs: Values): Values {
  return recordOf(metadataOf(inputs)["annotations"]);
}

function nameOf(inputs: Values): string {
  return textOf(metadataOf(inputs)["name"]) ?? "";
}

function namespaceOf(cluster: Cluster, inputs: Values): string {
  return textOf(metadataOf(inputs)["namespace"]) ?? cluster.namespace;
}

function idOf({ metadata: { namespace, name } }: KubernetesObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The part of the live object that the inputs cover. */
function prune(live: Values, inputs: Values): Values {
  const kept: Record<string, Value> = {};
  for (const [key, wanted] of Object.entries(inputs)) {
    const value = live[key];
    if (value === undefined) continue;
    kept[key] = isRecord(wanted) && isRecord(value) && !equal(wanted, value) ? prune(value, wanted) : value;
  }
  return kept;
}
