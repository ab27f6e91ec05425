// Part of the lab's Argo CD: compares Git with the cluster.
import type { ApplicationOptions, HealthStatusCode, ResourceStatus, SyncStatusCode } from "../application.ts";
import type { KubernetesClient, LiveObject, ResourceType } from "./kubernetesClient.ts";
import { TRACKING, lastApplied, threeWayPatch, tracked } from "./merge.ts";
import type { Manifest, Repository } from "../repository.ts";

/** An object that is or was in Git, and its state in the cluster. */
export interface ComparedObject {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Absent if the object is no longer in Git. */
  readonly target?: Manifest;
  readonly live?: LiveObject;
  /** Absent if the cluster does not have this kind. */
  readonly type?: ResourceType;
  readonly inSync: boolean;
}

export interface Comparison {
  readonly objects: readonly ComparedObject[];
  readonly resources: readonly ResourceStatus[];
  readonly sync: SyncStatusCode;
  readonly health: HealthStatusCode;
}

export interface ComparisonInput {
  readonly application: ApplicationOptions;
  readonly repository: Repository;
  readonly kubernetes: KubernetesClient;
  readonly revision: string;
  /** The last synced commit. Server-side apply needs it to find what was removed from Git. */
  readonly lastSynced: string | undefined;
}

/** Throws a `RepositoryError` if the revision's manifests cannot be read. */
export async function compare(input: ComparisonInput): Promise<Comparison> {
  const { application, repository, kubernetes, revision } = input;
  const manifests = repository.manifests(revision);
  const types = await kubernetes.coreTypes();
  const previous = application.serverSideApply === true ? previousManifests(input) : undefined;
  const objects: ComparedObject[] = [];
  for (const manifest of manifests) {
    const [group, version] = splitApiVersion(manifest.apiVersion);
    const type = group === "" ? types.get(manifest.kind) : undefined;
    const namespaced = type?.namespaced !== false;
    const namespace = namespaced ? (manifest.metadata.namespace ?? application.namespace) : "";
    const target = tracked(manifest, application.name, namespaced ? namespace : undefined);
    const { name } = manifest.metadata;
    const live = type === undefined ? undefined : await kubernetes.get(type, namespace, name);
    const original = previous === undefined ? undefined : (previous.find((old) => isSame(old, manifest)) ?? {});
    const inSync =
      live !== undefined && Object.keys(threeWayPatch(original ?? lastApplied(live), target, live)).length === 0;
    objects.push({
      ...{ group, version, kind: manifest.kind, namespace, name, target, inSync },
      ...(live === undefined ? {} : { live }),
      ...(type === undefined ? {} : { type }),
    });
  }
  objects.push(...(await orphans(input, types.get("ConfigMap"), objects)));
  return summarize(objects);
}

/** ConfigMaps that the application deployed and that are no longer in Git. */
async function orphans(
  { application, kubernetes }: ComparisonInput,
  type: ResourceType | undefined,
  known: readonly ComparedObject[],
): Promise<ComparedObject[]> {
  if (type === undefined) return [];
  const live = await kubernetes.list(type, application.namespace);
  return live
    .filter(({ metadata }) => {
      const mine = `${application.name}:/ConfigMap:${application.namespace}/${metadata.name}`;
      if (metadata.annotations?.[TRACKING] !== mine) return false;
      return !known.some(({ kind, namespace, name }) => {
        return kind === "ConfigMap" && namespace === application.namespace && name === metadata.name;
      });
    })
    .map((object) => ({
      ...{ group: "", version: "v1", kind: "ConfigMap", namespace: application.namespace, name: object.metadata.name },
      ...{ live: object, type, inSync: false },
    }));
}

function summarize(objects: readonly ComparedObject[]): Comparison {
  const sorted = objects.toSorted((left, right) => sortKey(left).localeCompare(sortKey(right)));
  const missing = objects.some(({ target, live }) => target !== undefined && live === undefined);
  return {
    objects: sorted,
    resources: sorted.map(toStatus),
    sync: objects.every(({ inSync }) => inSync) ? "Synced" : "OutOfSync",
    health:
      missing && objects.some(({ live, type }) => live === undefined && type !== undefined) ? "Missing" : "Healthy",
  };
}

function toStatus({ group, version, kind, namespace, name, target, live, inSync }: ComparedObject): ResourceStatus {
  return {
    ...(group === "" ? {} : { group }),
    ...{ version, kind, namespace, name, status: inSync ? "Synced" : "OutOfSync" },
    ...(live === undefined ? { health: { status: "Missing" } } : {}),
    ...(target === undefined ? { requiresPruning: true } : {}),
  };
}

const sortKey = ({ group, kind, namespace, name }: ComparedObject) => [group, kind, namespace, name].join("\0");

function previousManifests({ application, repository, lastSynced }: ComparisonInput): Manifest[] {
  if (lastSynced === undefined) return [];
  const manifests = repository.manifests(lastSynced);
  return manifests.map((manifest) => tracked(manifest, application.name, manifest.metadata.namespace));
}

function isSame(left: Manifest, right: Manifest): boolean {
  return left.kind === right.kind && left.metadata.name === right.metadata.name;
}

export function splitApiVersion(apiVersion: string): [group: string, version: string] {
  const slash = apiVersion.indexOf("/");
  return slash === -1 ? ["", apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
}
