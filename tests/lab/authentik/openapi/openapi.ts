// Validates responses against Authentik's OpenAPI document: all required fields, no unknown ones.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parse } from "yaml";

export interface Schema {
  readonly $ref?: string;
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly nullable?: boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly discriminator?: { readonly propertyName: string; readonly mapping: Readonly<Record<string, string>> };
}

interface Response {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface Operation {
  readonly responses: Readonly<Record<string, Response>>;
}

export interface Document {
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<"schemas" | "responses", Readonly<Record<string, Schema & Response>>>>;
}

let current: Document | undefined;

/** The document of 2026.8.3, from the package `@goauthentik/api`. Cached, since it is large. */
export function currentDocument(): Document {
  const file = createRequire(import.meta.url).resolve("@goauthentik/api/schema.yml");
  current ??= parse(readFileSync(file, "utf8")) as Document;
  return current;
}

/** The document of 2026.2.0, extracted from that release's package by `extractOpenapi.ts`. */
export function recordedDocument(): Document {
  const file = new URL("../../../data/authentik/openapi-2026.2.0.json", import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Document;
}

/** The template of a path, `/core/users/{id}/`; `undefined` if Authentik has no such path. Literal segments take precedence. */
export function templateOf(document: Document, path: string): string | undefined {
  const parts = path.split("/");
  const matches = Object.keys(document.paths).filter((template) => {
    const words = template.split("/");
    return words.length === parts.length && words.every((word, index) => word.startsWith("{") || word === parts[index]);
  });
  return matches.sort((left, right) => left.split("{").length - right.split("{").length)[0];
}

/** The violations in a response, one line each: `results[0].pk: …`. */
export function problemsOf(
  document: Document,
  answer: { readonly method: string; readonly path: string; readonly status: number; readonly body: unknown },
): readonly string[] {
  const template = templateOf(document, answer.path);
  const operation = document.paths[template ?? ""]?.[answer.method.toLowerCase()];
  if (operation === undefined) return [`Authentik has no ${answer.method} ${answer.path}`];
  const response = operation.responses[String(answer.status)];
  if (response === undefined)
    return [`The document has no ${answer.status} response for ${answer.method} ${answer.path}`];
  const { content } = response.$ref === undefined ? response : (resolve(document, response.$ref) as Response);
  const schema = content?.["application/json"]?.schema;
  return schema === undefined ? [] : check(document, schema, answer.body, "");
}

function resolve(document: Document, reference: string): Schema {
  const [, , kind, name = ""] = reference.split("/");
  const found = document.components[kind === "responses" ? "responses" : "schemas"][name];
  if (found === undefined) throw new Error(`The document has no ${reference}.`);
  return found;
}

function check(document: Document, schema: Schema, value: unknown, path: string): readonly string[] {
  if (value === null && (schema.nullable === true || schema.enum?.includes(null) === true)) return [];
  if (schema.$ref !== undefined) return check(document, resolve(document, schema.$ref), value, path);
  if (schema.oneOf !== undefined) return checkOneOf(document, schema, schema.oneOf, value, path);
  if (schema.allOf !== undefined) return schema.allOf.flatMap((part) => check(document, part, value, path));
  if (schema.enum !== undefined)
    return schema.enum.includes(value)
      ? []
      : [`${path}: ${JSON.stringify(value)} is not one of ${schema.enum.join(", ")}`];
  switch (schema.type) {
    case undefined:
      return [];
    case "object":
      return isObject(value) ? checkObject(document, schema, value, path) : [`${path}: not an object`];
    case "array":
      if (!Array.isArray(value)) return [`${path}: not a list`];
      return value.flatMap((item, index) => check(document, schema.items ?? {}, item, `${path}[${index}]`));
    case "string":
      return typeof value === "string" && formatOf(schema.format).test(value)
        ? []
        : [`${path}: not a ${schema.format ?? "text"}`];
    case "integer":
      return Number.isInteger(value) ? [] : [`${path}: not an integer`];
    default:
      return typeof value === schema.type ? [] : [`${path}: not a ${schema.type}`];
  }
}

/** Checks the schema that the discriminator selects, or any schema that matches. */
function checkOneOf(
  document: Document,
  { discriminator }: Schema,
  choices: readonly Schema[],
  value: unknown,
  path: string,
): readonly string[] {
  if (discriminator !== undefined && isObject(value)) {
    const kind = value[discriminator.propertyName];
    const $ref = discriminator.mapping[String(kind)];
    return $ref === undefined ? [`${path}: unknown type ${String(kind)}`] : check(document, { $ref }, value, path);
  }
  const results = choices.map((choice) => check(document, choice, value, path));
  return results.some((problems) => problems.length === 0) ? [] : (results[0] ?? []);
}

function checkObject(
  document: Document,
  schema: Schema,
  value: Readonly<Record<string, unknown>>,
  path: string,
): readonly string[] {
  const { properties, additionalProperties, required = [] } = schema;
  const missing = required.filter((name) => value[name] === undefined).map((name) => `${path}.${name}: missing`);
  const others = typeof additionalProperties === "object" ? additionalProperties : undefined;
  const found = Object.entries(value).flatMap(([name, item]) => {
    const known = properties?.[name] ?? others;
    if (known !== undefined) return check(document, known, item, `${path}.${name}`);
    return properties === undefined || additionalProperties === true ? [] : [`${path}.${name}: unknown`];
  });
  return [...missing, ...found];
}

const formats: Readonly<Record<string, RegExp>> = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
};
const formatOf = (format: string | undefined): RegExp => formats[format ?? ""] ?? /^/;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
