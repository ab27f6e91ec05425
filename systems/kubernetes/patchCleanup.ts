import { at, list } from "../../core/json.ts";
import { messageOf } from "../../core/errors.ts";
import type { Observed, Resource } from "../../provider/resource.ts";
import { ApiServer } from "./client.ts";
import type { Answer } from "./client.ts";
import { accessFrom } from "./kubeconfig.ts";
import type { ConfigMapPlace } from "./configMap.ts";
import { refusal } from "./configMap.ts";
import { fieldManager } from "./fieldManager.ts";

/**
 * Cleanup of our key in a ConfigMap (docs/background/cleanup.md): it is in the state before the key is written. Kubernetes' own provider forgets a patch that was written by a
 * run which was killed before it recorded that. The API server knows which key is ours, by its manager. Each key has a resource of its own, which is
 * deleted once the blueprint is delivered elsewhere.
 */
export interface PatchCleanupInputs extends Omit<ConfigMapPlace, "key"> {
  /** Absent in the state of earlier versions, which had one field manager for all keys. */
  readonly key?: string;
}

export type PatchCleanupState = PatchCleanupInputs & Observed;

export const patchCleanup: Resource<PatchCleanupInputs, PatchCleanupState> = {
  computed: {},

  async create(inputs) {
    return Promise.resolve({
      id: `${inputs.namespace}/${inputs.configMap}/${inputs.key ?? ""}`,
      state: { ...inputs, drift: "" },
    });
  },

  async update(_state, inputs) {
    return Promise.resolve({ ...inputs, drift: "" });
  },

  async delete(state, context) {
    const why = await release(state, context.signal);
    if (why === undefined) return;
    context.warn(
      `Whether an interrupted run left the blueprint in the ConfigMap ${state.namespace}/${state.configMap} is unknown: ${why}. If it has a key of zot-auth, delete that key there: Authentik's worker applies it.`,
    );
  },
};

/** An apply without fields gives up all of the manager's: the API server deletes those that no other manager has. Returns why that failed. */
async function release(
  { kubeconfig, context, namespace, configMap, key }: PatchCleanupInputs,
  signal: AbortSignal,
): Promise<string | undefined> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps/${encodeURIComponent(configMap)}`;
  try {
    const server = new ApiServer(accessFrom(kubeconfig, { context }), signal);
    const found = await server.get(path);
    if (isMissing(found)) return undefined;
    if (found.status !== 200) return refusal(found.status, found.json);
    const manager = fieldManager(key);
    if (!list(at(found.json, "metadata", "managedFields")).some((entry) => isBy(manager, entry))) return undefined;
    const nothing = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: configMap, namespace } };
    const released = await server.apply(`${path}?fieldManager=${encodeURIComponent(manager)}&force=false`, nothing);
    return released.status === 200 ? undefined : refusal(released.status, released.json);
  } catch (error) {
    signal.throwIfAborted();
    return messageOf(error);
  }
}

function isMissing({ status, json }: Answer): boolean {
  return status === 404 && at(json, "reason") === "NotFound";
}

function isBy(manager: string, entry: unknown): boolean {
  return at(entry, "manager") === manager && at(entry, "operation") === "Apply";
}
