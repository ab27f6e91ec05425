// Part of the lab's kube-apiserver: its objects, and how they are decoded from a request.
import type { Json, JsonObject } from "../../shared/json.ts";
import { isObject } from "../../shared/json.ts";
import { jsonType } from "./json.ts";
import { badRequest } from "../api/status.ts";

/** The fields that a manager owns through one operation. */
export interface ManagedFieldsEntry {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly time: string;
  readonly fieldsType: "FieldsV1";
  readonly fieldsV1: JsonObject;
}

export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: JsonObject[];
  managedFields?: ManagedFieldsEntry[];
}

export interface KubernetesObject {
  apiVersion: "v1";
  kind: Kind;
  metadata: ObjectMeta;
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
  immutable?: boolean;
  spec?: JsonObject;
  status?: JsonObject;
}

export type Kind = "ConfigMap" | "Namespace";

/** The plural of a kind in URLs and messages. */
export type Resource = "configmaps" | "namespaces";

export const kinds: Readonly<Record<Resource, Kind>> = { configmaps: "ConfigMap", namespaces: "Namespace" };

/** The object as plain JSON, for generic code. */
export function toJson(object: KubernetesObject): JsonObject {
  return object as unknown as JsonObject;
}

/** Decodes an object. Ignores unknown fields and rejects wrong types. */
export function decode(kind: Kind, body: Json): KubernetesObject {
  if (!isObject(body)) throw undecodable(kind, jsonType(body), kind, "v1.object");
  const { apiVersion = "v1", kind: bodyKind = kind } = body;
  if (apiVersion !== "v1" || bodyKind !== kind) {
    throw badRequest(
      `${kind} in version "v1" cannot be handled as a ${kind}: no kind "${text(bodyKind)}" is registered for version "${text(apiVersion)}" in scheme`,
    );
  }
  const field = new Fields(kind, body, kind);
  const object: KubernetesObject = { apiVersion: "v1", kind, metadata: metadata(kind, field.object("metadata")) };
  if (kind === "ConfigMap") {
    set(object, "data", nonEmpty(field.strings("data")));
    set(object, "binaryData", nonEmpty(field.strings("binaryData")));
    set(object, "immutable", field.boolean("immutable"));
  } else {
    set(object, "spec", field.object("spec"));
    set(object, "status", field.object("status"));
  }
  return object;
}

function metadata(kind: Kind, meta: JsonObject = {}): ObjectMeta {
  const field = new Fields(kind, meta, "ObjectMeta.metadata");
  const read: ObjectMeta = {
    name: field.string("name") ?? "",
    uid: field.string("uid") ?? "",
    resourceVersion: field.string("resourceVersion") ?? "",
    creationTimestamp: field.string("creationTimestamp") ?? "",
  };
  set(read, "generateName", field.string("generateName"));
  set(read, "namespace", field.string("namespace"));
  set(read, "labels", nonEmpty(field.strings("labels")));
  set(read, "annotations", nonEmpty(field.strings("annotations")));
  set(read, "finalizers", field.list("finalizers") as string[] | undefined);
  set(read, "ownerReferences", field.list("ownerReferences") as JsonObject[] | undefined);
  set(read, "managedFields", field.list("managedFields") as ManagedFieldsEntry[] | undefined);
  return read;
}

/** Sets a field unless the value is undefined. */
function set<T, K extends keyof T>(target: T, key: K, value: T[K] | undefined): void {
  if (value !== undefined) target[key] = value;
}

function nonEmpty(strings: Record<string, string> | undefined): Record<string, string> | undefined {
  return strings === undefined || Object.keys(strings).length === 0 ? undefined : strings;
}

/** Typed access to a JSON object's fields. As in Go, null counts as absent. */
class Fields {
  readonly #kind: Kind;
  readonly #object: JsonObject;
  readonly #goType: string;

  constructor(kind: Kind, object: JsonObject, goType: string) {
    this.#kind = kind;
    this.#object = object;
    this.#goType = goType;
  }

  string(name: string): string | undefined {
    return this.#read(name, "string", (value) => (typeof value === "string" ? value : undefined));
  }

  boolean(name: string): boolean | undefined {
    return this.#read(name, "bool", (value) => (typeof value === "boolean" ? value : undefined));
  }

  object(name: string): JsonObject | undefined {
    return this.#read(name, "v1.ObjectMeta", (value) => (isObject(value) ? value : undefined));
  }

  list(name: string): Json[] | undefined {
    return this.#read(name, "[]string", (value) => (Array.isArray(value) ? value : undefined));
  }

  strings(name: string): Record<string, string> | undefined {
    const map = this.#read(name, "map[string]string", (value) => (isObject(value) ? value : undefined));
    if (map === undefined) return undefined;
    const strings = Object.entries(map).map(([key, value]): [string, string] => {
      if (typeof value === "string") return [key, value];
      if (value === null) return [key, ""];
      throw undecodable(this.#kind, jsonType(value), `${this.#goType}.${name}`, "string");
    });
    return Object.fromEntries(strings);
  }

  #read<T>(name: string, type: string, accept: (value: Json) => T | undefined): T | undefined {
    const value = this.#object[name];
    if (value === undefined || value === null) return undefined;
    const accepted = accept(value);
    if (accepted === undefined) throw undecodable(this.#kind, jsonType(value), `${this.#goType}.${name}`, type);
    return accepted;
  }
}

function undecodable(kind: Kind, found: string, field: string, type: string) {
  const go = `json: cannot unmarshal ${found} into Go struct field ${field} of type ${type}`;
  return badRequest(`${kind} in version "v1" cannot be handled as a ${kind}: ${go}`);
}

function text(value: Json): string {
  return typeof value === "string" ? value : jsonType(value);
}
