// Part of the lab's kube-apiserver: the patch formats other than server-side apply.
import type { Json, JsonObject } from "../../shared/json.ts";
import { isObject } from "../../shared/json.ts";
import { sameJson } from "../objects/json.ts";
import { StatusError, badRequest } from "../api/status.ts";

/** RFC 7396: null removes a field, maps are merged, other values replaced. */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged: JsonObject = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, name);
    else merged[name] = mergePatch(merged[name] ?? null, value);
  }
  return merged;
}

/** For objects without keyed lists, this is a merge patch with directives. */
export function strategicMergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const { $patch: directive, ...fields } = patch;
  if (directive === "delete") return {};
  const merged: JsonObject = isObject(target) && directive !== "replace" ? { ...target } : {};
  for (const [name, value] of Object.entries(fields)) {
    if (name.startsWith("$")) continue;
    if (value === null) Reflect.deleteProperty(merged, name);
    else merged[name] = strategicMergePatch(merged[name] ?? null, value);
  }
  return merged;
}

/** RFC 6902. */
export function jsonPatch(target: Json, patch: Json): Json {
  if (!Array.isArray(patch)) {
    throw badRequest("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  }
  return patch.reduce<Json>((document, operation) => applyOperation(document, operation), structuredClone(target));
}

function applyOperation(document: Json, operation: Json): Json {
  if (!isObject(operation)) throw badRequest("error decoding patch: an operation is not an object");
  const { path, from, value = null } = operation;
  const op = typeof operation["op"] === "string" ? operation["op"] : "";
  if (typeof path !== "string") throw badRequest("error decoding patch: an operation has no path");
  switch (op) {
    case "add":
      return insert(document, pointer(path), value);
    case "replace":
      valueAt(document, pointer(path));
      return insert(remove(document, pointer(path)), pointer(path), value);
    case "remove":
      return remove(document, pointer(path));
    case "test":
      if (!sameJson(valueAt(document, pointer(path)), value)) throw rejected();
      return document;
    case "copy":
    case "move": {
      if (typeof from !== "string") throw badRequest("error decoding patch: an operation has no from");
      const moved = structuredClone(valueAt(document, pointer(from)));
      return insert(op === "move" ? remove(document, pointer(from)) : document, pointer(path), moved);
    }
    default:
      throw badRequest(`error decoding patch: unexpected kind: ${JSON.stringify(op)}`);
  }
}

function pointer(path: string): string[] {
  return path
    .split("/")
    .slice(1)
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function valueAt(document: Json, names: readonly string[]): Json {
  let value: Json | undefined = document;
  for (const name of names) {
    if (Array.isArray(value)) value = value[Number(name)];
    else value = isObject(value) ? value[name] : undefined;
    if (value === undefined) throw rejected();
  }
  return value;
}

function insert(document: Json, names: readonly string[], value: Json): Json {
  const last = names.at(-1);
  if (last === undefined) return value;
  const holder = valueAt(document, names.slice(0, -1));
  if (Array.isArray(holder)) holder.splice(last === "-" ? holder.length : Number(last), 0, value);
  else if (isObject(holder)) holder[last] = value;
  else throw rejected();
  return document;
}

function remove(document: Json, names: readonly string[]): Json {
  const last = names.at(-1);
  if (last === undefined) return null;
  valueAt(document, names);
  const holder = valueAt(document, names.slice(0, -1));
  if (Array.isArray(holder)) holder.splice(Number(last), 1);
  else if (isObject(holder)) Reflect.deleteProperty(holder, last);
  return document;
}

function rejected(): StatusError {
  return new StatusError(422, "Invalid", "the server rejected our request due to an error in our request");
}
