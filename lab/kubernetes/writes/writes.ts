// Part of the lab's kube-apiserver: creates, replaces and patches objects, and tracks field ownership.
import { randomBytes } from "node:crypto";
import type { Cluster } from "../objects/cluster.ts";
import { born, now } from "../objects/cluster.ts";
import { apply, update } from "./fieldManagers.ts";
import type { Written } from "./fieldManagers.ts";
import type { Json, JsonObject } from "../../shared/json.ts";
import { isObject } from "../../shared/json.ts";
import { sameJson } from "../objects/json.ts";
import type { KubernetesObject, ManagedFieldsEntry, Resource } from "../objects/objects.ts";
import { decode, kinds, toJson } from "../objects/objects.ts";
import { StatusError, alreadyExists, badRequest, modified, notFound } from "../api/status.ts";
import { validate } from "../objects/validation.ts";

/** The object that a write changes. */
export interface Target {
  readonly resource: Resource;
  /** Empty for a namespace. */
  readonly namespace: string;
  readonly name: string;
}

export interface WriteOptions {
  readonly manager: string;
  readonly dryRun: boolean;
}

/** The object after the write, or as it would be after a dry run, and the status code of the response. */
export interface WriteResult {
  readonly status: 200 | 201;
  readonly object: KubernetesObject;
}

export function create(cluster: Cluster, target: Target, body: Json, options: WriteOptions): WriteResult {
  const { resource, namespace } = target;
  const sent = decode(kinds[resource], body);
  checkIdentity(sent, { ...target, name: sent.metadata.name });
  if (sent.metadata.name === "" && sent.metadata.generateName !== undefined) {
    sent.metadata.name = `${sent.metadata.generateName}${randomBytes(3).toString("hex").slice(0, 5)}`;
  }
  if (sent.metadata.resourceVersion !== "")
    throw badRequest("resourceVersion should not be set on objects to be created");
  requireNamespace(cluster, target);
  if (cluster.get(resource, namespace, sent.metadata.name) !== undefined) {
    throw alreadyExists(resource, sent.metadata.name);
  }
  return createNew(cluster, target, sent, options, (object) =>
    update({}, [], object, { manager: options.manager, time: now() }),
  );
}

export function replace(cluster: Cluster, target: Target, body: Json, options: WriteOptions): WriteResult {
  const live = existing(cluster, target);
  const sent = decode(kinds[target.resource], body);
  checkIdentity(sent, target);
  return changeTo(cluster, target, live, sent, options);
}

/** Any patch other than server-side apply: `patch` changes the live object. */
export function patchWith(
  cluster: Cluster,
  target: Target,
  patch: (live: Json) => Json,
  options: WriteOptions,
): WriteResult {
  const live = existing(cluster, target);
  const patched = decode(kinds[target.resource], patch(structuredClone(toJson(live))));
  checkIdentity(patched, target);
  return changeTo(cluster, target, live, patched, options);
}

export function serverSideApply(
  cluster: Cluster,
  target: Target,
  body: Json,
  options: WriteOptions & { readonly force: boolean },
): WriteResult {
  const { resource, namespace, name } = target;
  const { manager, force } = options;
  const live = cluster.get(resource, namespace, name);
  const configuration = appliedConfiguration(body, target);
  const applied = (object: JsonObject, managed: readonly ManagedFieldsEntry[]): Written =>
    apply(object, managed, configuration, { manager, force, time: now() });
  if (live !== undefined) {
    const written = applied(toJson(live), live.metadata.managedFields ?? []);
    return store(cluster, resource, live, assemble(written, live), options);
  }
  const { uid, resourceVersion } = decode(kinds[resource], configuration).metadata;
  if (uid !== "" || resourceVersion !== "") throw modified(resource, name);
  requireNamespace(cluster, target);
  return createNew(cluster, target, decode(kinds[resource], configuration), options, () => applied({}, []));
}

/** Validates the body of an apply: it must be for this object, and its data must be strings. */
function appliedConfiguration(body: Json, target: Target): JsonObject {
  const kind = kinds[target.resource];
  if (!isObject(body)) throw badRequest(`error decoding YAML: Object 'Kind' is missing in '${JSON.stringify(body)}'`);
  for (const field of ["apiVersion", "kind"] as const) {
    if (body[field] === undefined) throw badRequest(`Object '${field}' is missing in '${JSON.stringify(body)}'`);
  }
  const metadata = isObject(body["metadata"]) ? body["metadata"] : {};
  if (metadata["managedFields"] !== undefined && metadata["managedFields"] !== null) {
    throw badRequest("metadata.managedFields must be nil");
  }
  for (const map of ["data", "binaryData"]) {
    for (const [key, value] of Object.entries(isObject(body[map]) ? body[map] : {})) {
      if (typeof value === "string" || value === null) continue;
      const what = `${target.namespace}/${target.name}; /v1, Kind=${kind}`;
      const found = `&value.valueUnstructured{Value:${JSON.stringify(value)}}`;
      const message = `failed to create typed patch object (${what}): .${map}.${key}: expected string, got ${found}`;
      throw new StatusError(500, "", message);
    }
  }
  checkIdentity(decode(kind, body), target);
  return body;
}

function createNew(
  cluster: Cluster,
  { resource, namespace }: Target,
  sent: KubernetesObject,
  options: WriteOptions,
  own: (object: JsonObject) => Written,
): WriteResult {
  const object = born(resource, sent, namespace);
  validate(object, undefined);
  const { managedFields } = own(toJson(sent));
  const whole = { ...object, metadata: { ...object.metadata, ...owned(managedFields) } };
  return { status: 201, object: options.dryRun ? whole : cluster.put(resource, whole) };
}

function changeTo(
  cluster: Cluster,
  { resource, name }: Target,
  live: KubernetesObject,
  sent: KubernetesObject,
  options: WriteOptions,
): WriteResult {
  const { resourceVersion, managedFields: sentManaged = [] } = sent.metadata;
  const liveManaged = live.metadata.managedFields ?? [];
  if (resourceVersion !== "" && resourceVersion !== live.metadata.resourceVersion) throw modified(resource, name);
  // A single empty entry resets the list. Other entries are stored as sent, so that a client can rename a manager.
  const reset = sentManaged.length === 1 && Object.keys(sentManaged[0] ?? {}).length === 0;
  const base = reset || sentManaged.length === 0 ? liveManaged : sentManaged;
  const written = update(toJson(live), base, toJson(sent), { manager: options.manager, time: now() });
  const changed = assemble(reset ? { ...written, managedFields: [] } : written, live);
  return store(cluster, resource, live, changed, options);
}

function store(
  cluster: Cluster,
  resource: Resource,
  live: KubernetesObject,
  changed: KubernetesObject,
  { dryRun }: WriteOptions,
): WriteResult {
  validate(changed, live);
  return { status: 200, object: dryRun ? changed : cluster.put(resource, changed) };
}

/** The written object with its identity, which no write changes. */
function assemble({ object, managedFields }: Written, live: KubernetesObject): KubernetesObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = live.metadata;
  const whole = decode(live.kind, object);
  const { metadata } = whole;
  delete metadata.managedFields;
  return {
    ...whole,
    ...(live.status === undefined ? {} : { status: live.status }),
    metadata: {
      ...metadata,
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid,
      resourceVersion,
      creationTimestamp,
      ...owned(managedFields),
    },
  };
}

/** Omits an empty `managedFields`. */
function owned(managedFields: ManagedFieldsEntry[]): { managedFields?: ManagedFieldsEntry[] } {
  return managedFields.length === 0 ? {} : { managedFields };
}

function existing(cluster: Cluster, { resource, namespace, name }: Target): KubernetesObject {
  const live = cluster.get(resource, namespace, name);
  if (live === undefined) throw notFound(resource, name);
  return live;
}

function requireNamespace(cluster: Cluster, { resource, namespace }: Target): void {
  if (resource !== "namespaces" && !cluster.hasNamespace(namespace)) throw notFound("namespaces", namespace);
}

function checkIdentity({ metadata }: KubernetesObject, { resource, namespace, name }: Target): void {
  if (!sameJson(metadata.name, name)) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  }
  if (resource === "namespaces" || metadata.namespace === undefined || metadata.namespace === namespace) return;
  throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
}
