// Stands in for Authentik: parses a blueprint file without resolving its tags.
import type { Node } from "yaml";
import { isAlias, isMap, isScalar, isSeq, parseDocument } from "yaml";
import type { Json } from "../../shared/json.ts";
import { shown } from "../../shared/json.ts";

const scalarOrList = ["!Env", "!Context", "!File"];
const scalarOnly = ["!KeyOf", "!ParseJSON"];
const listOnly = ["!Find", "!FindObject", "!Format", "!If", "!Condition", "!AtIndex"];

/** A YAML tag and its argument. */
export class Tag {
  readonly name: string;
  readonly content: Value;

  constructor(name: string, content: Value) {
    this.name = name;
    this.content = content;
  }
}

/** A blueprint value that may contain tags. */
export type Value = Tag | string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

export interface Entry {
  readonly model: Value;
  readonly id: string | undefined;
  readonly state: Value;
  readonly identifiers: Value;
  readonly attrs: Value;
  readonly conditions: readonly Value[];
}

export interface Blueprint {
  readonly version: number;
  readonly name: string | undefined;
  readonly labels: Readonly<Record<string, Json>>;
  readonly context: Readonly<Record<string, Value>>;
  readonly entries: readonly Entry[];
}

/** The file is not a blueprint: broken YAML, an unknown tag, no entries. */
export class BlueprintSyntaxError extends Error {}

/** The last texts that were parsed: each view of a blueprint needs its models, and the program asks until it has been applied. */
const parsed = new Map<string, Blueprint>();
const KEPT = 20;

/** Parses a blueprint. Throws a `BlueprintSyntaxError`. */
export function parseBlueprint(text: string): Blueprint {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const blueprint = parse(text);
  const [oldest] = parsed.keys();
  if (parsed.size === KEPT && oldest !== undefined) parsed.delete(oldest);
  parsed.set(text, blueprint);
  return blueprint;
}

function parse(text: string): Blueprint {
  const document = parseDocument(text, { logLevel: "silent", merge: true, version: "1.1" });
  const [problem] = document.errors;
  if (problem !== undefined) throw new BlueprintSyntaxError(problem.message, { cause: problem });
  const read = (node: Node | null): Value => {
    if (node === null) return null;
    if (isAlias(node)) return read((node.resolve(document) as Node | undefined) ?? null);
    const content = readContent(node, read);
    if (node.tag?.startsWith("!") !== true || node.tag.startsWith("!!")) return content;
    return new Tag(knownTag(node.tag, content), content);
  };
  return blueprintOf(read(document.contents));
}

function readContent(node: Node, read: (node: Node | null) => Value): Value {
  if (isScalar(node)) return node.value as Value;
  if (isSeq(node)) return node.items.map((item) => read(item as Node | null));
  if (!isMap(node)) return null;
  return Object.fromEntries(
    node.items.map((pair) => [String(isScalar(pair.key) ? pair.key.value : pair.key), read(pair.value as Node | null)]),
  );
}

function knownTag(tag: string, content: Value): string {
  const isList = Array.isArray(content);
  const known = isList ? [...scalarOrList, ...listOnly] : [...scalarOrList, ...scalarOnly];
  if (known.includes(tag)) return tag;
  throw new BlueprintSyntaxError(`could not determine a constructor for the tag '${tag}'`);
}

function blueprintOf(content: Value): Blueprint {
  if (!isMapping(content) || content["entries"] === undefined)
    throw new BlueprintSyntaxError("The file is not a blueprint: it must be a mapping with entries.");
  const metadata = content["metadata"];
  const name = isMapping(metadata) ? metadata["name"] : undefined;
  const labels = isMapping(metadata) ? metadata["labels"] : undefined;
  return {
    version: typeof content["version"] === "number" ? content["version"] : 1,
    name: typeof name === "string" ? name : undefined,
    labels: isMapping(labels)
      ? Object.fromEntries(Object.entries(labels).map(([key, label]) => [key, shown(label as Json)]))
      : {},
    context: isMapping(content["context"]) ? content["context"] : {},
    entries: entriesOf(content["entries"]),
  };
}

/** Entries are a list, or named lists. */
function entriesOf(entries: Value): readonly Entry[] {
  if (isMapping(entries)) return Object.values(entries).flatMap((group) => entriesOf(group));
  if (!isList(entries)) throw new BlueprintSyntaxError("entries must be a list, or a mapping of lists.");
  return entries.map((entry): Entry => {
    if (!isMapping(entry) || entry["model"] === undefined)
      throw new BlueprintSyntaxError("An entry must be a mapping with a model.");
    const { model, id, state, identifiers, attrs, conditions } = entry;
    return {
      model,
      id: typeof id === "string" ? id : undefined,
      state: state ?? "present",
      identifiers: identifiers ?? {},
      attrs: attrs ?? {},
      conditions: isList(conditions) ? conditions : [],
    };
  });
}

export const isList = (value: Value | undefined): value is readonly Value[] => Array.isArray(value);

export const isMapping = (value: Value | undefined): value is Readonly<Record<string, Value>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Tag);
