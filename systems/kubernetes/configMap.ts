import { ZotAuthError, messageOf } from "../../core/errors.ts";
import { at, list, string } from "../../core/json.ts";
import { ApiServer } from "./client.ts";
import { accessFrom } from "./kubeconfig.ts";
import { hasHash, similarNames } from "./similarNames.ts";

/** A ConfigMap, and the cluster that it is in. */
export interface ConfigMapPlace {
  /** Default: `KUBECONFIG`, then `~/.kube/config`. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly namespace: string;
  readonly configMap: string;
  readonly key: string;
}

/** What is known of a ConfigMap: `unknown` says why nothing is. */
export type Existence =
  | { readonly kind: "exists"; readonly hasKey: boolean }
  | { readonly kind: "unknown"; readonly why: string }
  /** `names`: the ConfigMaps of its namespace, or why they cannot be listed. */
  | { readonly kind: "absent"; readonly names: readonly string[] | string };

/** Only names: a ConfigMap can hold a megabyte. */
const NAMES = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

export async function lookForConfigMap(place: ConfigMapPlace, signal: AbortSignal): Promise<Existence> {
  const path = `/api/v1/namespaces/${encodeURIComponent(place.namespace)}/configmaps`;
  try {
    const server = new ApiServer(accessFrom(place.kubeconfig, { context: place.context }), signal);
    const { status, json } = await server.get(`${path}/${encodeURIComponent(place.configMap)}`);
    if (status === 200) return { kind: "exists", hasKey: at(json, "data", place.key) !== undefined };
    // Whatever answers in the API server's place says no such thing.
    if (status !== 404 || at(json, "reason") !== "NotFound") return { kind: "unknown", why: refusal(status, json) };
    const found = await server.get(`${path}?limit=500`, NAMES);
    return {
      kind: "absent",
      names:
        found.status === 200
          ? list(at(found.json, "items")).map((item) => string(at(item, "metadata", "name")))
          : refusal(found.status, found.json),
    };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "unknown", why: messageOf(error) };
  }
}

/** @param names the ConfigMaps there, or why they cannot be listed */
export function configMapMissing(
  { namespace, configMap }: ConfigMapPlace,
  names: readonly string[] | string,
): ZotAuthError {
  const similar = typeof names === "string" ? [] : similarNames(configMap, names);
  const there =
    typeof names === "string"
      ? `Its namespace's ConfigMaps cannot be listed (${names}).`
      : similar.length > 0
        ? `Similar names there: ${similar.join(", ")}.`
        : names.length > 0
          ? "No ConfigMap there has a similar name."
          : `The namespace has no ConfigMaps, or does not exist (kubernetes.namespace).`;
  const hashed = [configMap, ...similar].some(hasHash)
    ? " A name that ends in a hash changes with each change of another key, and then our key is gone: have the generator give a fixed name (in kustomize, `disableNameSuffixHash: true`), or set authentik.delivery to file:."
    : "";
  return new ZotAuthError(
    "CONFIG_MAP_MISSING",
    `The ConfigMap "${configMap}" (kubernetes.configMap) does not exist in the namespace "${namespace}"; \`up\` would create one that Authentik's worker does not mount. ${there} ` +
      `Set kubernetes.configMap to the one that the worker mounts.${hashed}`,
  );
}

export function refusal(status: number, json: unknown): string {
  const message = string(at(json, "message"));
  return message === "" ? `the API server answers ${status}` : message;
}
