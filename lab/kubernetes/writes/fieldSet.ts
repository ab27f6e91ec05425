// Part of the lab's kube-apiserver: the sets of fields that managers own, and their format FieldsV1.
import type { Json, JsonObject } from "../../shared/json.ts";
import { isObject } from "../../shared/json.ts";
import { sameJson } from "../objects/json.ts";

/** Field paths: names joined by NUL, which no name contains. */
export type FieldSet = ReadonlySet<string>;

const SEPARATOR = "\0";

/** Fields of the object's identity, which have no owner. */
const identity = new Set(
  [
    ["apiVersion"],
    ["kind"],
    ["metadata"],
    ...[
      "name",
      "generateName",
      "namespace",
      "uid",
      "resourceVersion",
      "generation",
      "creationTimestamp",
      "managedFields",
    ].map((name) => ["metadata", name]),
  ].map((path) => path.join(SEPARATOR)),
);

/** All fields of an object that can be owned, with their values: maps and the fields in them. */
export function fieldsOf(object: JsonObject): Map<string, Json> {
  const fields = new Map<string, Json>();
  collect(object, [], fields);
  return fields;
}

function collect(object: JsonObject, above: readonly string[], fields: Map<string, Json>): void {
  for (const [name, value] of Object.entries(object)) {
    const names = [...above, name];
    const path = names.join(SEPARATOR);
    if (!identity.has(path)) fields.set(path, value);
    else if (path !== "metadata") continue;
    if (isObject(value)) collect(value, names, fields);
  }
}

/** The fields that an applied configuration claims: its values and empty maps. */
export function claimedBy(configuration: JsonObject): FieldSet {
  const claimed = [...fieldsOf(configuration)].filter(
    ([, value]) => !isObject(value) || Object.keys(value).length === 0,
  );
  return new Set(claimed.map(([path]) => path));
}

export interface Comparison {
  /** New and changed fields. */
  readonly written: FieldSet;
  readonly removed: FieldSet;
}

export function compare(before: JsonObject, after: JsonObject): Comparison {
  const old = fieldsOf(before);
  const fresh = fieldsOf(after);
  const written = [...fresh].filter(([path, value]) => {
    const previous = old.get(path);
    if (previous === undefined) return true;
    // A change in a map does not count as a change of the map itself.
    return !(isObject(previous) && isObject(value)) && !sameJson(previous, value);
  });
  return {
    written: new Set(written.map(([path]) => path)),
    removed: new Set([...old.keys()].filter((path) => !fresh.has(path))),
  };
}

/** The path in error messages: `.data.zot.yaml`. */
export function readablePath(path: string): string {
  return `.${path.split(SEPARATOR).join(".")}`;
}

/** Removes a field, unless it is a map that is not empty. */
export function removeField(object: JsonObject, path: string): void {
  const names = path.split(SEPARATOR);
  const last = names.pop() ?? "";
  let holder: Json | undefined = object;
  for (const name of names) holder = isObject(holder) ? holder[name] : undefined;
  if (!isObject(holder)) return;
  const value = holder[last];
  if (isObject(value) && Object.keys(value).length > 0) return;
  Reflect.deleteProperty(holder, last);
}

export function toFieldsV1(set: FieldSet): JsonObject {
  const root: JsonObject = {};
  for (const path of [...set].sort()) {
    let node = root;
    for (const name of path.split(SEPARATOR)) {
      const next = node[`f:${name}`];
      if (isObject(next)) node = next;
      else node = node[`f:${name}`] = {};
    }
    // `.` marks a map that is owned itself, along with fields in it.
    if ([...set].some((other) => other.startsWith(path + SEPARATOR))) node["."] = {};
  }
  return root;
}

export function fromFieldsV1(fields: JsonObject): FieldSet {
  const set = new Set<string>();
  const walk = (node: JsonObject, above: readonly string[]): void => {
    const below = Object.entries(node).filter(([name]) => name !== ".");
    if (above.length > 0 && (below.length === 0 || "." in node)) set.add(above.join(SEPARATOR));
    for (const [name, next] of below) if (isObject(next)) walk(next, [...above, name.replace(/^f:/, "")]);
  };
  walk(fields, []);
  return set;
}
