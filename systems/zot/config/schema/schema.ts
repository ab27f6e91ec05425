import { readFileSync } from "node:fs";
import * as z from "zod";
import { isObject } from "../../../../core/json.ts";
import type { JsonObject } from "../../../../core/json.ts";

/** Parts of an event sink that zot reads but its schema omits. Secrets among their keys stay omitted. */
const SINK_PARTS = { credentials: part("username", "file"), tlsconfig: tlsFiles(), tlsConfig: tlsFiles() };
const SINK = "pkg.extensions.config.events.SinkConfig";

let loaded: z.ZodType | undefined;

/** The output of `zot schema` of {@link NEWEST_KNOWN}: every key and its type, and no other key. Loaded on first use. */
export function builtInSchema(): z.ZodType {
  const file = new URL("zot-config.schema.v2.1.20.json", import.meta.url);
  loaded ??= schemaFrom(readFileSync(file, "utf8"));
  return loaded;
}

/** The output of `zot schema` of the zot on the host; `undefined` if it is none that this program can read. */
export function hostSchema(text: string): z.ZodType | undefined {
  try {
    return schemaFrom(text);
  } catch (error) {
    // Of JSON.parse, and of zod for a schema with parts that it does not know.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function schemaFrom(output: string): z.ZodType {
  // The definitions are named after Go packages, with slashes escaped twice.
  const text = output.replaceAll("~01", "~1").replaceAll("zotregistry.dev~1zot~1v2~1", "").replaceAll("~1", ".");
  const schema = withoutNull(JSON.parse(text) as unknown);
  if (!isObject(schema) || !isObject(schema["definitions"])) throw new TypeError("not a schema of zot's config");
  const sink = schema["definitions"][SINK];
  if (isObject(sink) && isObject(sink["properties"])) Object.assign(sink["properties"], SINK_PARTS);
  return z.fromJSONSchema(schema);
}

function part(...keys: readonly string[]): JsonObject {
  const properties = Object.fromEntries(keys.map((key) => [key, { type: "string" }]));
  return { type: "object", properties, additionalProperties: false };
}

function tlsFiles(): JsonObject {
  return part("caCertFile", "cacertfile", "certFile", "certfile", "keyFile", "keyfile");
}

/** `null` stands for an omitted key. Without it, an issue is reported for the part where it is, and not for the union. */
function withoutNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNull);
  if (!isObject(value)) return value;
  const { anyOf, type } = value;
  if (Array.isArray(anyOf) && anyOf.length === 2 && isObject(anyOf[1]) && anyOf[1]["type"] === "null") {
    return withoutNull(anyOf[0]);
  }
  const whole = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutNull(inner)]));
  return Array.isArray(type) ? { ...whole, type: type.find((name) => name !== "null") as unknown } : whole;
}
