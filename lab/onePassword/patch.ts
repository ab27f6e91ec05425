// Stands in for 1Password Connect: its variant of JSON Patch, whose paths identify a field by its id.
import { readItem } from "./itemInput.ts";
import type { Field, Item } from "./items.ts";
import { Refusal } from "./refusal.ts";

interface Operation {
  readonly op: "add" | "remove" | "replace";
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Attributes of an item that a patch may change. */
const ATTRIBUTES = ["title", "category", "favorite", "tags", "urls", "sections", "fields"];

/** Applies all operations or none. Increases the version once, unless there are no operations. */
export function patchItem(item: Item, body: unknown): Item {
  if (!Array.isArray(body)) throw new Refusal(400, "Invalid patch: the body must be an array of operations");
  const operations = body.map(operation);
  if (operations.length === 0) return item;
  const document: Record<string, unknown> = structuredClone<object>(item) as Record<string, unknown>;
  for (const one of operations) apply(document, item, one);
  return readItem(document, item.vault, item);
}

function apply(document: Record<string, unknown>, item: Item, { op, path, value }: Operation): void {
  const [attribute, ...rest] = path;
  if (attribute === undefined) {
    if (op !== "replace" || typeof value !== "object" || value === null) throw badPath("/");
    for (const name of ATTRIBUTES) Reflect.deleteProperty(document, name);
    Object.assign(document, value, { vault: item.vault });
    return;
  }
  if (!ATTRIBUTES.includes(attribute)) throw badPath(path.join("/"));
  // As RFC 6902 says; an empty list is a missing one.
  const former = document[attribute];
  const missing = former === undefined || (Array.isArray(former) && former.length === 0);
  if (missing && op !== "add" && rest.length === 0) throw badPath(path.join("/"));
  if (attribute === "fields") patchFields(document, op, rest, value);
  else if (rest.length > 0) patchMember(document, attribute, op, rest, value);
  else if (op === "remove") Reflect.deleteProperty(document, attribute);
  else if (op === "add" && Array.isArray(document[attribute]) && !Array.isArray(value)) {
    document[attribute] = [...(document[attribute] as unknown[]), value];
  } else document[attribute] = value;
}

/** `/fields`, `/fields/<id>` and `/fields/<id>/<attribute>`. */
function patchFields(
  document: Record<string, unknown>,
  op: Operation["op"],
  path: readonly string[],
  value: unknown,
): void {
  const fields = (document["fields"] ?? []) as Field[];
  const [id, attribute, ...deeper] = path;
  if (id === undefined) {
    if (op === "remove") document["fields"] = [];
    else document["fields"] = op === "add" && !Array.isArray(value) ? [...fields, value] : value;
    return;
  }
  const field = fields.find((candidate) => candidate.id === id);
  if (field === undefined) throw new Refusal(400, `The item doesn't have a {${id}} field.`);
  if (attribute === undefined) {
    const replacement = op === "remove" ? [] : [withId(value, id)];
    document["fields"] = fields.flatMap((one): unknown[] => (one === field ? replacement : [one]));
    return;
  }
  if (deeper.length > 0 || attribute === "id") throw badPath(`fields/${path.join("/")}`);
  if (op === "remove") Reflect.deleteProperty(field, attribute);
  else field[attribute] = value;
}

/** `/tags/1`: an index of a list; `-` is its end. */
function patchMember(
  document: Record<string, unknown>,
  attribute: string,
  op: Operation["op"],
  path: readonly string[],
  value: unknown,
): void {
  const list = document[attribute];
  const [place = "", ...deeper] = path;
  if (!Array.isArray(list) || deeper.length > 0) throw badPath(`${attribute}/${path.join("/")}`);
  const index = place === "-" ? list.length : Number(place);
  const last = op === "add" ? list.length : list.length - 1;
  if (!/^(?:\d+|-)$/.test(place) || index > last) throw badPath(`${attribute}/${path.join("/")}`);
  if (op === "add") list.splice(index, 0, value);
  else if (op === "remove") list.splice(index, 1);
  else list[index] = value;
}

function operation(value: unknown): Operation {
  const {
    op,
    path,
    value: given,
  } = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  if (op !== "add" && op !== "remove" && op !== "replace") {
    throw new Refusal(400, "Invalid patch: op must be add, remove or replace");
  }
  if (typeof path !== "string" || !path.startsWith("/"))
    throw new Refusal(400, "Invalid patch: path must start with /");
  const parts = path
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  return { op, path: path === "/" ? [] : parts, value: given };
}

function withId(value: unknown, id: string): unknown {
  return typeof value === "object" && value !== null ? { ...value, id } : value;
}

function badPath(path: string): Refusal {
  return new Refusal(400, `Invalid patch: cannot change path ${path}`);
}
