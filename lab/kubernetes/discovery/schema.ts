// Part of the lab's kube-apiserver: the schemas of its objects, for the OpenAPI documents.

/** An OpenAPI schema. */
export interface Schema {
  readonly description?: string;
  readonly type?: "object" | "array" | "string" | "boolean" | "integer";
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly required?: readonly string[];
  /** Name of another definition. */
  readonly reference?: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

const META = "io.k8s.apimachinery.pkg.apis.meta.v1";
const CORE = "io.k8s.api.core.v1";

const text: Schema = { type: "string" };
const flag: Schema = { type: "boolean" };
const strings: Schema = { type: "object", additionalProperties: text };
const time: Schema = { reference: `${META}.Time` };
const metadata: Schema = { reference: `${META}.ObjectMeta` };
const listOf = (items: Schema): Schema => ({ type: "array", items });

function topLevel(
  kind: string,
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema {
  return {
    type: "object",
    properties: { apiVersion: text, kind: text, ...properties },
    ...(required.length === 0 ? {} : { required }),
    extensions: { "x-kubernetes-group-version-kind": [{ group: "", kind, version: "v1" }] },
  };
}

export const definitions: Readonly<Record<string, Schema>> = {
  [`${CORE}.ConfigMap`]: {
    description: "ConfigMap holds configuration data for pods to consume.",
    ...topLevel("ConfigMap", {
      metadata,
      data: strings,
      binaryData: { type: "object", additionalProperties: { type: "string", format: "byte" } },
      immutable: flag,
    }),
  },
  [`${CORE}.ConfigMapList`]: topLevel(
    "ConfigMapList",
    { metadata: { reference: `${META}.ListMeta` }, items: listOf({ reference: `${CORE}.ConfigMap` }) },
    ["items"],
  ),
  [`${CORE}.Namespace`]: {
    description: "Namespace provides a scope for Names. Use of multiple namespaces is optional.",
    ...topLevel("Namespace", {
      metadata,
      spec: { type: "object", properties: { finalizers: listOf(text) } },
      status: { type: "object", properties: { phase: text } },
    }),
  },
  [`${CORE}.NamespaceList`]: topLevel(
    "NamespaceList",
    { metadata: { reference: `${META}.ListMeta` }, items: listOf({ reference: `${CORE}.Namespace` }) },
    ["items"],
  ),
  [`${META}.ObjectMeta`]: {
    description: "ObjectMeta is metadata that all persisted resources must have.",
    type: "object",
    properties: {
      annotations: strings,
      creationTimestamp: time,
      deletionGracePeriodSeconds: { type: "integer", format: "int64" },
      deletionTimestamp: time,
      finalizers: listOf(text),
      generateName: text,
      generation: { type: "integer", format: "int64" },
      labels: strings,
      managedFields: listOf({ reference: `${META}.ManagedFieldsEntry` }),
      name: text,
      namespace: text,
      ownerReferences: listOf({ reference: `${META}.OwnerReference` }),
      resourceVersion: text,
      selfLink: text,
      uid: text,
    },
  },
  [`${META}.ListMeta`]: {
    type: "object",
    properties: {
      continue: text,
      remainingItemCount: { type: "integer", format: "int64" },
      resourceVersion: text,
      selfLink: text,
    },
  },
  [`${META}.ManagedFieldsEntry`]: {
    type: "object",
    properties: {
      apiVersion: text,
      fieldsType: text,
      fieldsV1: { reference: `${META}.FieldsV1` },
      manager: text,
      operation: text,
      subresource: text,
      time,
    },
  },
  [`${META}.OwnerReference`]: {
    type: "object",
    properties: { apiVersion: text, blockOwnerDeletion: flag, controller: flag, kind: text, name: text, uid: text },
    required: ["apiVersion", "kind", "name", "uid"],
  },
  [`${META}.FieldsV1`]: {
    description: "FieldsV1 stores a set of fields in a data structure like a Trie.",
    type: "object",
  },
  [`${META}.Time`]: { type: "string", format: "date-time" },
};
