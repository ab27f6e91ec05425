// Part of the lab's Argo CD: deploys Git to the cluster.
import type { Operation, Phase, ResourceReference, ResourceResult } from "../application.ts";
import type { ComparedObject, Comparison } from "./comparison.ts";
import type { KubernetesClient } from "./kubernetesClient.ts";
import { KubernetesError } from "./kubernetesClient.ts";
import { annotated, lastApplied, threeWayPatch } from "./merge.ts";
import type { Manifest } from "../repository.ts";

export interface SyncOutcome {
  readonly phase: Extract<Phase, "Succeeded" | "Failed">;
  readonly message: string;
  readonly resources?: readonly ResourceResult[];
}

/** Applies all objects, even if some fail. */
export async function synchronize(
  kubernetes: KubernetesClient,
  operation: Operation,
  comparison: Comparison,
): Promise<SyncOutcome> {
  const { resources: wanted, dryRun = false, prune = false, syncOptions = [] } = operation.sync;
  const objects = comparison.objects.filter(
    (object) => wanted === undefined || wanted.some((one) => names(one, object)),
  );
  const unknown = objects.filter(({ type, target }) => type === undefined && target !== undefined);
  if (unknown.length > 0) {
    const message = "one or more synchronization tasks are not valid";
    return { phase: "Failed", message, resources: unknown.map(unknownKind) };
  }
  if (objects.length === 0) return { phase: "Succeeded", message: "successfully synced (no more tasks)" };
  const serverSide = syncOptions.includes("ServerSideApply=true");
  const results: ResourceResult[] = [];
  for (const object of objects) {
    results.push(await syncOne(kubernetes, object, { dryRun, prune, serverSide }));
  }
  const failed = results.filter(({ status }) => status === "SyncFailed");
  if (failed.length === 0) {
    return { phase: "Succeeded", message: "successfully synced (all tasks run)", resources: results };
  }
  const others = results.filter((result) => !failed.includes(result));
  const message = `one or more objects failed to apply, reason: ${failed.map((result) => result.message).join(",")}`;
  return { phase: "Failed", message, resources: [...failed, ...others] };
}

interface Manner {
  readonly dryRun: boolean;
  readonly prune: boolean;
  readonly serverSide: boolean;
}

async function syncOne(kubernetes: KubernetesClient, object: ComparedObject, manner: Manner): Promise<ResourceResult> {
  const { target } = object;
  try {
    if (target === undefined) return await pruneOne(kubernetes, object, manner);
    const done = await apply(kubernetes, object, target, manner);
    const message = `${object.kind.toLowerCase()}/${object.name} ${done}${manner.dryRun ? " (dry run)" : ""}`;
    return { ...identity(object), status: "Synced", message, hookPhase: "Running", syncPhase: "Sync" };
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    return {
      ...identity(object),
      status: "SyncFailed",
      message: error.message,
      hookPhase: "Failed",
      syncPhase: "Sync",
    };
  }
}

async function pruneOne(kubernetes: KubernetesClient, object: ComparedObject, manner: Manner): Promise<ResourceResult> {
  const { type, namespace, name } = object;
  if (!manner.prune || type === undefined) {
    return { ...identity(object), status: "PruneSkipped", message: "ignored (requires pruning)", syncPhase: "Sync" };
  }
  if (!manner.dryRun) await kubernetes.delete(type, namespace, name);
  const message = manner.dryRun ? "pruned (dry run)" : "pruned";
  return { ...identity(object), status: "Pruned", message, hookPhase: "Succeeded", syncPhase: "Sync" };
}

/** Returns the action for the result's message, such as `created`. */
async function apply(
  kubernetes: KubernetesClient,
  object: ComparedObject,
  target: Manifest,
  { dryRun, serverSide }: Manner,
): Promise<string> {
  const { type, namespace, name, live } = object;
  if (type === undefined) throw new Error(`The cluster does not have the kind ${object.kind}.`);
  if (serverSide) {
    if (!dryRun) await kubernetes.patch(type, namespace, name, "application/apply-patch+yaml", target);
    return "serverside-applied";
  }
  const noted = annotated(target);
  if (live === undefined) {
    if (!dryRun) await kubernetes.create(type, namespace, noted);
    return "created";
  }
  const patch = threeWayPatch(lastApplied(live), noted, live);
  if (Object.keys(patch).length === 0) return "unchanged";
  if (!dryRun) await kubernetes.patch(type, namespace, name, "application/strategic-merge-patch+json", patch);
  return "configured";
}

function unknownKind(object: ComparedObject): ResourceResult {
  const { group, kind, namespace, name } = object;
  const message =
    `The Kubernetes API could not find ${group}/${kind} for requested resource ${namespace}/${name}. ` +
    `Make sure the "${kind}" CRD is installed on the destination cluster.`;
  return { ...identity(object), status: "SyncFailed", message, syncPhase: "Sync" };
}

function identity({ group, version, kind, namespace, name }: ComparedObject) {
  return { group, version, kind, namespace, name };
}

function names(reference: ResourceReference, object: ComparedObject): boolean {
  const { group = "", kind, name, namespace } = reference;
  if (group !== object.group || kind !== object.kind || name !== object.name) return false;
  return namespace === undefined || namespace === object.namespace;
}
