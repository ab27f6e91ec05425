// Stands in for zot: decodes a configuration by the schema that `zot schema` prints. Strict about keys, but converts types as zot's decoder does.
import { readFileSync } from "node:fs";
import { isObject } from "../../shared/json.ts";
import { parseDuration } from "./durations.ts";
import type { ZotVersion } from "../version.ts";

/** A decoded object. Its keys are in lower case, because zot's keys are case-insensitive. */
export type Section = Readonly<Record<string, unknown>>;

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

interface Property {
  /** As zot's messages spell it. */
  readonly label: string;
  readonly schema: Schema;
}

interface Document extends Schema {
  readonly definitions: Readonly<Record<string, Schema>>;
}

/** The schema's text, as `zot schema` prints it. */
export function schemaText(): string {
  return readFileSync(
    new URL("../../../systems/zot/config/schema/zot-config.schema.v2.1.20.json", import.meta.url),
    "utf8",
  );
}

// Keys that older releases do not have: the definition, the key, and the first release with it.
const newerKeys: readonly (readonly [string, string, string])[] = [
  ["BearerConfig", "oidc", "2.1.14"],
  ["BearerConfig", "awssecretsmanager", "2.1.15"],
  ["BearerOIDCConfig", "certificateauthority", "2.1.15"],
  ["BearerOIDCConfig", "certificateauthorityfile", "2.1.15"],
  ["OpenIDConfig", "callbackalloworigins", "2.1.15"],
  ["RegistryConfig", "synclegacycosigntags", "2.1.15"],
  ["GlobalStorageConfig", "maxrepos", "2.1.16"],
  ["StorageConfig", "maxrepos", "2.1.16"],
  ["TrivyConfig", "vulnseveritysources", "2.1.16"],
  ["ClaimMapping", "groups", "2.1.17"],
  ["HTTPConfig", "readtimeout", "2.1.17"],
  ["HTTPConfig", "writetimeout", "2.1.17"],
  ["Policy", "conditions", "2.1.17"],
  ["Metrics", "anonymouspolicy", "2.1.18"],
  ["GlobalStorageConfig", "fastrestart", "2.1.18"],
  ["GlobalStorageConfig", "redirectbloburl", "2.1.18"],
  ["StorageConfig", "redirectbloburl", "2.1.18"],
  ["TrivyConfig", "sbom", "2.1.18"],
  ["BearerConfig", "upstreamtokenendpoint", "2.1.19"],
  ["GlobalStorageConfig", "gctimewindow", "2.1.19"],
  ["StorageConfig", "gctimewindow", "2.1.19"],
  ["RegistryConfig", "maxretrydelay", "2.1.19"],
  ["RegistryConfig", "oauth2credentialhelper", "2.1.19"],
  ["RetentionPolicy", "keepuntagged", "2.1.19"],
];

// The schema's type for these is string; zot parses them as durations, and numbers as nanoseconds.
const durationKeys = new Set(
  (
    "gcdelay gcinterval delay interval readtimeout writetimeout pollinterval retrydelay maxretrydelay synctimeout updateinterval " +
    "refreshinterval timeout pulledwithin pushedwithin"
  ).split(" "),
);

const acronyms = /^(api|http|gc|ldap|mtls|tls|cve|ui)(?=[A-Z]|$)/;
// Keys named by a Go struct tag instead of the field.
const taggedKeys = new Set(["accessControl", "oidc", "repositories"]);

/** Decodes `value`. Throws one error with all problems, as zot's decoder does. */
export function decodeConfig(value: unknown, version: ZotVersion): Section {
  const decoder = new Decoder(JSON.parse(schemaText()) as Document, version);
  const decoded = decoder.decodeRoot(value);
  if (decoder.problems.length > 0) {
    throw new Error(`decoding failed due to the following error(s):\n\n${decoder.problems.join("\n")}`);
  }
  return decoded;
}

class Decoder {
  readonly problems: string[] = [];
  readonly #document: Document;
  readonly #version: ZotVersion;

  constructor(document: Document, version: ZotVersion) {
    this.#document = document;
    this.#version = version;
  }

  decodeRoot(value: unknown): Section {
    return this.#decode(value, this.#document, "", "") as Section;
  }

  #decode(value: unknown, schema: Schema, path: string, key: string): unknown {
    if (value === null) return undefined;
    if (schema.$ref !== undefined) return this.#decodeReference(value, schema.$ref, path, key);
    const inner = schema.anyOf?.find((choice) => choice.type !== "null");
    if (inner !== undefined) return this.#decode(value, inner, path, key);
    const type = typeof schema.type === "string" ? schema.type : schema.type?.find((name) => name !== "null");
    switch (type) {
      case "object":
        return schema.properties === undefined
          ? this.#decodeMap(value, schema, path)
          : this.#decodeStruct(value, this.#properties(schema, ""), path);
      case "array":
        return this.#decodeList(value, schema, path, key);
      case "boolean":
        return this.#decodeBoolean(value, path);
      case "integer":
        return this.#decodeInteger(value, path);
      case "string":
        return durationKeys.has(key) ? this.#decodeDuration(value, path) : this.#decodeText(value, path);
      case undefined:
      default:
        return value;
    }
  }

  #decodeReference(value: unknown, reference: string, path: string, key: string): unknown {
    const name = reference.replace("#/definitions/", "").replaceAll("~1", "/").replaceAll("~0", "~");
    const schema = this.#document.definitions[name];
    if (schema === undefined) throw new Error(`The schema refers to ${name}, which it does not define.`);
    return schema.properties === undefined
      ? this.#decode(value, schema, path, key)
      : this.#decodeStruct(value, this.#properties(schema, name), path);
  }

  #properties(schema: Schema, definition: string): Map<string, Property> {
    const shortName = definition.slice(definition.lastIndexOf(".") + 1);
    const properties = new Map<string, Property>();
    const add = (names: Readonly<Record<string, Schema>>): void => {
      for (const [name, property] of Object.entries(names)) {
        const key = name.toLowerCase();
        const newer = newerKeys.some(
          ([owner, newKey, since]) => owner === shortName && newKey === key && !this.#version.atLeast(since),
        );
        // The schema lists camelCase before lower case, so the first spelling is the one with capitals.
        if (!newer && !properties.has(key)) properties.set(key, { label: label(name), schema: property });
      }
    };
    add(schema.properties ?? {});
    if (shortName === "SinkConfig") {
      // zot's schema omits these parts of a sink, although zot reads them.
      for (const [name, embedded] of Object.entries(this.#document.definitions)) {
        const [, part] = /~1events\.(Credentials|TLSConfig)$/.exec(name) ?? [];
        if (part !== undefined) add({ [part]: embedded });
      }
    }
    return properties;
  }

  #decodeStruct(value: unknown, properties: ReadonlyMap<string, Property>, path: string): Section {
    const decoded: Record<string, unknown> = {};
    if (!isObject(value)) {
      this.problems.push(`'${path}' expected a map or struct, got "${goKind(value)}"`);
      return decoded;
    }
    const unknown: string[] = [];
    for (const [name, item] of Object.entries(value)) {
      const key = name.toLowerCase();
      const property = properties.get(key);
      if (property === undefined) unknown.push(key);
      else
        decoded[key] = this.#decode(
          item,
          property.schema,
          path === "" ? property.label : `${path}.${property.label}`,
          key,
        );
    }
    if (unknown.length > 0) {
      this.problems.push(`'${path === "" ? "config.Config" : path}' has invalid keys: ${unknown.sort().join(", ")}`);
    }
    return decoded;
  }

  #decodeMap(value: unknown, schema: Schema, path: string): unknown {
    if (!isObject(value)) {
      this.problems.push(`'${path}' expected a map, got '${goKind(value)}'`);
      return undefined;
    }
    const items = typeof schema.additionalProperties === "object" ? schema.additionalProperties : {};
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => {
        const key = name.toLowerCase();
        return [key, this.#decode(item, items, `${path}[${key}]`, key)];
      }),
    );
  }

  #decodeList(value: unknown, schema: Schema, path: string, key: string): unknown[] {
    // A single value counts as a list of one, and an empty string as an empty list.
    const list: unknown[] = Array.isArray(value) ? value : value === "" ? [] : [value];
    return list.map((item, index) => this.#decode(item, schema.items ?? {}, `${path}[${index}]`, key));
  }

  #decodeBoolean(value: unknown, path: string): boolean | undefined {
    if (typeof value === "boolean") return value;
    if (typeof value === "number") return value !== 0;
    if (typeof value !== "string") {
      this.#refuseType(value, path, "bool");
      return undefined;
    }
    if (/^(1|t|T|true|TRUE|True)$/.test(value)) return true;
    if (/^(0|f|F|false|FALSE|False|)$/.test(value)) return false;
    this.problems.push(`'${path}' cannot parse value as 'bool': strconv.ParseBool: invalid syntax`);
    return undefined;
  }

  #decodeInteger(value: unknown, path: string): number | undefined {
    if (typeof value === "number") return Math.trunc(value);
    if (typeof value === "boolean") return value ? 1 : 0;
    if (typeof value !== "string") {
      this.#refuseType(value, path, "int");
      return undefined;
    }
    if (/^[+-]?\d+$/.test(value)) return Number(value);
    if (value === "") return 0;
    this.problems.push(`'${path}' cannot parse value as 'int': strconv.ParseInt: invalid syntax`);
    return undefined;
  }

  #decodeText(value: unknown, path: string): string | undefined {
    if (typeof value === "string") return value;
    if (typeof value === "number") return String(value);
    if (typeof value === "boolean") return value ? "1" : "0";
    this.#refuseType(value, path, "string");
    return undefined;
  }

  #decodeDuration(value: unknown, path: string): number | undefined {
    if (typeof value === "number") return value;
    if (typeof value !== "string") {
      this.#refuseType(value, path, "time.Duration");
      return undefined;
    }
    try {
      return parseDuration(value);
    } catch (error) {
      this.problems.push(`'${path}' ${error instanceof Error ? error.message : ""}`);
      return undefined;
    }
  }

  #refuseType(value: unknown, path: string, type: string): void {
    this.problems.push(`'${path}' expected type '${type}', got unconvertible type '${goType(value)}'`);
  }
}

function label(name: string): string {
  if (taggedKeys.has(name)) return name;
  const spelled = name.replace(acronyms, (acronym) => acronym.toUpperCase());
  return spelled.charAt(0).toUpperCase() + spelled.slice(1);
}

function goKind(value: unknown): string {
  if (Array.isArray(value)) return "slice";
  if (typeof value === "boolean") return "bool";
  return typeof value === "number" ? "float64" : typeof value === "string" ? "string" : "map";
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return "[]interface {}";
  return isObject(value) ? "map[string]interface {}" : goKind(value);
}
