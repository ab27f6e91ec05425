// Part of the lab's kube-apiserver: its OpenAPI documents, in JSON and in protobuf, which client-go requires for version 2.
import type { Schema } from "./schema.ts";
import { definitions } from "./schema.ts";

/** The media type that client-go accepts, and the one that the server then sends. */
export const protobufAccepted = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
export const protobufSent = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

const info = (version: string) => ({ title: "Kubernetes", version });

/** `/openapi/v2` as JSON. */
export function swagger(version: string): unknown {
  return { swagger: "2.0", info: info(version), paths: {}, definitions: named("#/definitions/") };
}

/** `/openapi/v3/api/v1`. */
export function openapiV3(version: string): unknown {
  return { openapi: "3.0.0", info: info(version), paths: {}, components: { schemas: named("#/components/schemas/") } };
}

function named(prefix: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(definitions).map(([name, schema]) => [name, toDocument(schema, prefix)]));
}

function toDocument(schema: Schema, prefix: string): Record<string, unknown> {
  const { reference, properties, additionalProperties, items, extensions, ...plain } = schema;
  const nested = (inner: Schema) => toDocument(inner, prefix);
  return {
    ...plain,
    ...(reference === undefined ? {} : { $ref: `${prefix}${reference}` }),
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, nested(inner)])) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: nested(additionalProperties) }),
    ...(items === undefined ? {} : { items: nested(items) }),
    ...extensions,
  };
}

/** `/openapi/v2` as protobuf: gnostic's message `openapi.v2.Document`. Clients read only the definitions. */
export function swaggerProtobuf(version: string): Buffer {
  const schemas = Object.entries(definitions).map(([name, schema]) => message(1, namedSchema(name, schema)));
  const { title } = info(version);
  return Buffer.concat([
    string(1, "2.0"),
    message(2, Buffer.concat([string(1, title), string(2, version)])),
    message(8, Buffer.alloc(0)),
    message(9, Buffer.concat(schemas)),
  ]);
}

function namedSchema(name: string, schema: Schema): Buffer {
  return Buffer.concat([string(1, name), message(2, schemaMessage(schema))]);
}

/** The numbers are field numbers of gnostic's message `openapi.v2.Schema`. */
function schemaMessage(schema: Schema): Buffer {
  const { reference, format, description, required = [], additionalProperties, type, items, properties } = schema;
  const parts: Buffer[] = [];
  if (reference !== undefined) parts.push(string(1, `#/definitions/${reference}`));
  if (format !== undefined) parts.push(string(2, format));
  if (description !== undefined) parts.push(string(4, description));
  parts.push(...required.map((name) => string(19, name)));
  if (additionalProperties !== undefined) parts.push(message(21, message(1, schemaMessage(additionalProperties))));
  if (type !== undefined) parts.push(message(22, string(1, type)));
  if (items !== undefined) parts.push(message(23, message(1, schemaMessage(items))));
  if (properties !== undefined) {
    const list = Object.entries(properties).map(([name, inner]) => message(1, namedSchema(name, inner)));
    parts.push(message(25, Buffer.concat(list)));
  }
  for (const [name, value] of Object.entries(schema.extensions ?? {})) {
    // An extension's value is YAML, a superset of JSON.
    const any = string(2, JSON.stringify(value));
    parts.push(message(31, Buffer.concat([string(1, name), message(2, any)])));
  }
  return Buffer.concat(parts);
}

function string(field: number, text: string): Buffer {
  return message(field, Buffer.from(text));
}

/** A length-delimited field. */
function message(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return Buffer.from([...bytes, rest]);
}
