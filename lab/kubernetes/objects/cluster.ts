// Part of the lab's kube-apiserver: stores the objects of the cluster with their versions, and notifies watchers.
import { randomUUID } from "node:crypto";
import { Store } from "../../shared/store.ts";
import { sameJson } from "./json.ts";
import type { KubernetesObject, ManagedFieldsEntry, Resource } from "./objects.ts";
import { kinds } from "./objects.ts";

/** A change, as a watch reports it. */
export interface Change {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly resource: Resource;
  readonly object: KubernetesObject;
  readonly version: number;
}

interface State {
  version: number;
  objects: Record<string, KubernetesObject>;
  /** The files of each projection, by directory. */
  projected: Record<string, string[]>;
}

/** A ConfigMap of a new cluster. */
export interface SeedConfigMap {
  readonly namespace: string;
  readonly name: string;
  readonly data: Readonly<Record<string, string>>;
  /** The field manager. Default `kubectl-create`. */
  readonly manager?: string;
}

/** The number of changes kept for watches. A watch that lags further behind must list again. */
const HISTORY = 1000;

export class Cluster {
  readonly #store: Store<State>;
  readonly #history: Change[] = [];
  readonly #watchers = new Set<(change: Change) => void>();
  /** Changes up to this version have been dropped. */
  #forgotten: number;

  constructor(file: string) {
    this.#store = Store.open<State>(file, () => ({ version: 0, objects: {}, projected: {} }));
    this.#forgotten = this.version;
  }

  get version(): number {
    return this.#store.data.version;
  }

  get empty(): boolean {
    return this.version === 0;
  }

  get(resource: Resource, namespace: string, name: string): KubernetesObject | undefined {
    return this.#store.data.objects[key(resource, namespace, name)];
  }

  hasNamespace(name: string): boolean {
    return this.get("namespaces", "", name) !== undefined;
  }

  /** The objects of a resource in a namespace, or in all namespaces. */
  list(resource: Resource, namespace?: string): KubernetesObject[] {
    const prefix = namespace === undefined ? `${resource}/` : `${resource}/${namespace}/`;
    const { objects } = this.#store.data;
    return Object.keys(objects)
      .filter((path) => path.startsWith(prefix))
      .sort()
      .flatMap((path) => objects[path] ?? []);
  }

  /** Creates or updates an object and returns it as stored. Without changes, keeps the version. */
  put(resource: Resource, object: KubernetesObject): KubernetesObject {
    const { namespace = "", name } = object.metadata;
    const live = this.get(resource, namespace, name);
    if (live !== undefined && unchanged(live, object)) return live;
    return this.#record(live === undefined ? "ADDED" : "MODIFIED", resource, object);
  }

  remove(resource: Resource, object: KubernetesObject): KubernetesObject {
    if (resource === "namespaces") {
      for (const held of this.list("configmaps", object.metadata.name)) this.remove("configmaps", held);
    }
    return this.#record("DELETED", resource, object);
  }

  /** Changes after `version`. Undefined if some of them have been dropped. */
  since(version: number): Change[] | undefined {
    return version < this.#forgotten ? undefined : this.#history.filter((change) => change.version > version);
  }

  /** Calls `watcher` on every change until the returned function is called. */
  watch(watcher: (change: Change) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  projected(directory: string): readonly string[] {
    return this.#store.data.projected[directory] ?? [];
  }

  setProjected(directory: string, files: readonly string[]): void {
    this.#store.data.projected[directory] = [...files];
    this.#store.save();
  }

  #record(type: Change["type"], resource: Resource, object: KubernetesObject): KubernetesObject {
    const state = this.#store.data;
    state.version += 1;
    const { namespace = "", name } = object.metadata;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(state.version) } };
    if (type === "DELETED") Reflect.deleteProperty(state.objects, key(resource, namespace, name));
    else state.objects[key(resource, namespace, name)] = stored;
    this.#store.save();
    const change: Change = { type, resource, object: stored, version: state.version };
    this.#history.push(change);
    if (this.#history.length > HISTORY) this.#forgotten = this.#history.shift()?.version ?? this.#forgotten;
    for (const watcher of this.#watchers) watcher(change);
    return stored;
  }
}

/** Adds the fields that the server sets on a new object. */
export function born(resource: Resource, object: KubernetesObject, namespace: string): KubernetesObject {
  const { metadata } = object;
  const labels = { "kubernetes.io/metadata.name": metadata.name, ...metadata.labels };
  return {
    ...object,
    kind: kinds[resource],
    metadata: {
      ...metadata,
      ...(resource === "namespaces" ? { labels } : { namespace }),
      uid: randomUUID(),
      resourceVersion: "",
      creationTimestamp: now(),
    },
    ...(resource === "namespaces" ? { spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } } : {}),
  };
}

/** The current time, in whole seconds as in Kubernetes. */
export function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, "Z");
}

function key(resource: Resource, namespace: string, name: string): string {
  return `${resource}/${namespace}/${name}`;
}

/** Whether the objects are equal, ignoring the times in managedFields, which do not change the version. */
function unchanged(live: KubernetesObject, object: KubernetesObject): boolean {
  return sameJson(comparable(live), comparable(object));
}

function comparable(object: KubernetesObject): unknown {
  const untimed = (entry: ManagedFieldsEntry) => ({ ...entry, time: "" });
  const managedFields = (object.metadata.managedFields ?? []).map(untimed);
  return { ...object, metadata: { ...object.metadata, resourceVersion: "", managedFields } };
}
