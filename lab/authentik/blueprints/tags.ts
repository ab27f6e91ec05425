// Stands in for Authentik: resolves the tags of a blueprint from the database, the environment and the context.
import { readFileSync } from "node:fs";
import type { Value } from "./syntax.ts";
import { isList, Tag } from "./syntax.ts";
import type { Database } from "../models/database.ts";
import type { Json, JsonObject } from "../../shared/json.ts";
import { isObject, shown } from "../../shared/json.ts";
import { models } from "../models/models.ts";
import type { Row } from "../models/state.ts";

/** What the tags of a blueprint are resolved from. */
export interface TagScope {
  readonly database: Database;
  /** The worker's environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly context: Readonly<Record<string, Value>>;
  /** Objects of the previous entries, by entry id. */
  readonly made: ReadonlyMap<string, Row>;
  /** Model of the current entry. */
  readonly model: string;
}

/** A tag that cannot be resolved, such as a `!KeyOf` of a missing entry. */
export class BlueprintTagError extends Error {}

/** The value with all its tags resolved. */
export function resolveValue(value: Value, scope: TagScope): Json {
  if (value instanceof Tag) return answer(value, scope);
  if (isList(value)) return value.map((item) => resolveValue(item, scope));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolveValue(item, scope)]));
}

function answer(tag: Tag, scope: TagScope): Json {
  const [first = null, ...rest] = isList(tag.content) ? tag.content : [tag.content];
  const resolve = (value: Value | undefined): Json => resolveValue(value ?? null, scope);
  switch (tag.name) {
    case "!KeyOf":
      return keyOf(shown(resolve(first)), scope);
    case "!Env":
      return scope.environment[shown(resolve(first))] ?? resolve(rest[0]);
    case "!Context":
      return resolve(scope.context[shown(resolve(first))] ?? rest[0]);
    case "!File":
      return fileText(shown(resolve(first))) ?? resolve(rest[0]);
    case "!Format":
      return format(shown(resolve(first)), rest.map(resolve));
    case "!If":
      if (rest.length === 0) return isTrue(resolve(first));
      return isTrue(resolve(first)) ? resolve(rest[0]) : resolve(rest[1]);
    case "!Condition":
      return condition(
        shown(resolve(first)),
        rest.map((item) => isTrue(resolve(item))),
      );
    case "!Find":
      return find(shown(resolve(first)), rest.map(resolve), scope)?.pk ?? null;
    case "!FindObject":
      return {
        ...(find(shown(resolve(first)), rest.map(resolve), scope) ?? missing("!FindObject found no object.")),
      };
    case "!ParseJSON":
      return JSON.parse(shown(resolve(first))) as Json;
    default:
      return atIndex(resolve(first), resolve(rest[0]), rest[1] === undefined ? undefined : resolve(rest[1]));
  }
}

/** The key of another entry's object. For a binding's target, the key of the object's part that policies are bound to. */
function keyOf(id: string, { made, model }: TagScope): Json {
  const row = made.get(id) ?? missing(`KeyOf: failed to find entry with \`id\` of \`${id}\` and a model instance`);
  const bindable = row["policybindingmodel_ptr_id"];
  return model === "authentik_policies.policybinding" && bindable !== undefined ? bindable : row.pk;
}

function find(model: string, conditions: readonly Json[], { database }: TagScope): Row | undefined {
  if (models[model] === undefined) missing(`!Find: the model ${model} does not exist.`);
  const pairs = conditions.map((pair): [string, Json] => {
    const [field = "", value = null] = Array.isArray(pair) ? pair : [];
    return [shown(field), value];
  });
  return database.find(model, Object.fromEntries(pairs));
}

function fileText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

const format = (pattern: string, values: readonly Json[]): string => {
  const left = [...values];
  return pattern.replaceAll(/%[sd]/g, () => shown(left.shift() ?? null));
};

function condition(operator: string, values: readonly boolean[]): boolean {
  const odd = values.filter(Boolean).length % 2 === 1;
  switch (operator.toUpperCase()) {
    case "AND":
      return values.every(Boolean);
    case "NAND":
      return !values.every(Boolean);
    case "OR":
      return values.some(Boolean);
    case "NOR":
      return !values.some(Boolean);
    case "XOR":
      return odd;
    case "XNOR":
      return !odd;
    default:
      return missing(`!Condition: ${operator} is not one of AND, NAND, OR, NOR, XOR, XNOR.`);
  }
}

function atIndex(from: Json, index: Json, otherwise: Json | undefined): Json {
  let found: Json | undefined;
  if (Array.isArray(from)) found = from.at(Number(index));
  else if (isObject(from)) found = from[shown(index)];
  return found ?? otherwise ?? missing(`!AtIndex: no value at ${shown(index)}.`);
}

/** Whether a value is truthy in Python. */
export const isTrue = (value: Json): boolean =>
  Array.isArray(value) ? value.length > 0 : isObject(value) ? Object.keys(value).length > 0 : Boolean(value);

function missing(message: string): never {
  throw new BlueprintTagError(message);
}

/** The value as a mapping. Throws if it is not one. */
export function mapping(value: Json, what: string): JsonObject {
  if (!isObject(value)) throw new BlueprintTagError(`${what} must be a mapping.`);
  return value;
}
