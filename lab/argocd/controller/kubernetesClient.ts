// Part of the lab's Argo CD: the controller's Kubernetes client.
import type { Manifest } from "../repository.ts";

/** An object in the cluster. */
export interface LiveObject extends Manifest {
  readonly metadata: Manifest["metadata"] & {
    readonly annotations?: Readonly<Record<string, string>>;
    readonly resourceVersion: string;
  };
}

/** An error from the API server, with its message. */
export class KubernetesError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export type Format = "application/apply-patch+yaml" | "application/strategic-merge-patch+json";

/** The API resource of a kind. */
export interface ResourceType {
  readonly plural: string;
  readonly namespaced: boolean;
}

/** The field manager of Argo CD's writes. */
const MANAGER = "argocd-controller";

export class KubernetesClient {
  readonly #url: string;
  readonly #token: string;
  readonly #signal: AbortSignal;

  constructor(url: string, token: string, signal: AbortSignal) {
    this.#url = url;
    this.#token = token;
    this.#signal = signal;
  }

  /** The kinds of the core group. */
  async coreTypes(): Promise<Map<string, ResourceType>> {
    const { resources } = (await this.#request("GET", "/api/v1")) as {
      resources: { name: string; kind: string; namespaced: boolean }[];
    };
    return new Map(resources.map(({ name, kind, namespaced }) => [kind, { plural: name, namespaced }]));
  }

  async get(type: ResourceType, namespace: string, name: string): Promise<LiveObject | undefined> {
    try {
      return (await this.#request("GET", pathOf(type, namespace, name))) as LiveObject;
    } catch (error) {
      if (error instanceof KubernetesError && error.status === 404) return undefined;
      throw error;
    }
  }

  async list(type: ResourceType, namespace: string): Promise<LiveObject[]> {
    const { items } = (await this.#request("GET", pathOf(type, namespace))) as { items: LiveObject[] };
    return items;
  }

  async create(type: ResourceType, namespace: string, object: Manifest): Promise<LiveObject> {
    const path = `${pathOf(type, namespace)}?fieldManager=${MANAGER}`;
    return (await this.#request("POST", path, "application/json", object)) as LiveObject;
  }

  async patch(type: ResourceType, namespace: string, name: string, format: Format, body: unknown): Promise<LiveObject> {
    const force = format === "application/apply-patch+yaml" ? "&force=true" : "";
    const path = `${pathOf(type, namespace, name)}?fieldManager=${MANAGER}${force}`;
    return (await this.#request("PATCH", path, format, body)) as LiveObject;
  }

  async delete(type: ResourceType, namespace: string, name: string): Promise<void> {
    await this.#request("DELETE", pathOf(type, namespace, name));
  }

  /** Calls `changed` on every change in a namespace, until the connection closes or the controller stops. */
  async watch(type: ResourceType, namespace: string, changed: () => void): Promise<void> {
    const response = await this.#fetch("GET", `${pathOf(type, namespace)}?watch=true`);
    if (response.status !== 200 || response.body === null) return;
    const reader = response.body.getReader();
    while (!(await reader.read()).done) changed();
  }

  async #request(method: string, path: string, contentType?: string, body?: unknown): Promise<unknown> {
    const response = await this.#fetch(method, path, contentType, body);
    const answer: unknown = await response.json();
    if (response.ok) return answer;
    const { message } = answer as { message?: unknown };
    throw new KubernetesError(response.status, typeof message === "string" ? message : response.statusText);
  }

  #fetch(method: string, path: string, contentType?: string, body?: unknown): Promise<Response> {
    return fetch(`${this.#url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(contentType === undefined ? {} : { "content-type": contentType }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: this.#signal,
    });
  }
}

function pathOf({ plural, namespaced }: ResourceType, namespace: string, name?: string): string {
  const collection = namespaced ? `/api/v1/namespaces/${encodeURIComponent(namespace)}/${plural}` : `/api/v1/${plural}`;
  return name === undefined ? collection : `${collection}/${encodeURIComponent(name)}`;
}
