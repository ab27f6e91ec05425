import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import type { Entry } from "./blueprint/blueprintEntries.ts";

/** A schema of Authentik's OpenAPI document, reduced to what the check reads. */
interface Schema {
  readonly type?: string;
  readonly nullable?: boolean;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly $ref?: string;
}

/**
 * The fields of Authentik's models, by the OpenAPI document of `@goauthentik/api`: a blueprint's entry goes through the same serializer as a
 * request. It does not know the database's contents; of the fields that serializers accept only from blueprints, it knows those listed here.
 */
const DOCUMENT = parse(
  readFileSync(fileURLToPath(new URL("../schema.yml", import.meta.resolve("@goauthentik/api"))), "utf8"),
) as { readonly components: { readonly schemas: Readonly<Record<string, Schema>> } };

const REQUESTS: Readonly<Record<string, string>> = {
  "authentik_core.group": "GroupRequest",
  "authentik_core.user": "UserRequest",
  "authentik_core.token": "TokenRequest",
  "authentik_core.application": "ApplicationRequest",
  "authentik_providers_oauth2.oauth2provider": "OAuth2ProviderRequest",
  "authentik_policies.policybinding": "PolicyBindingRequest",
  "authentik_flows.flow": "FlowRequest",
  "authentik_flows.flowstagebinding": "FlowStageBindingRequest",
  "authentik_stages_password.passwordstage": "PasswordStageRequest",
  "authentik_stages_identification.identificationstage": "IdentificationStageRequest",
  "authentik_stages_user_login.userloginstage": "UserLoginStageRequest",
};

/** Fields that only blueprints may set. Source: authentik 2026.2, core/api/users.py and core/api/tokens.py. */
const BLUEPRINT_ONLY: Readonly<Record<string, readonly string[]>> = {
  "authentik_core.user": ["password", "permissions"],
  "authentik_core.token": ["key"],
};

/** Fields that a model requires from a blueprint in addition to those of a request. Source: core/api/tokens.py, TokenSerializer.validate. */
const BLUEPRINT_WANTS: Readonly<Record<string, readonly string[]>> = { "authentik_core.token": ["user", "intent"] };

/** Violations of the model's schema: unknown fields, missing fields, invalid values. */
export function problemsOf({ model, identifiers = {}, attrs = {} }: Entry): readonly string[] {
  const name = REQUESTS[model];
  const schema = name === undefined ? undefined : DOCUMENT.components.schemas[name];
  if (schema?.properties === undefined) return [`${model}: unknown model`];
  // Read-only: it only identifies.
  const { pk: _, ...others } = identifiers;
  const given = { ...attrs, ...others };
  const known = schema.properties;
  const wanted = [...(schema.required ?? []), ...(BLUEPRINT_WANTS[model] ?? [])];
  return [
    ...wanted.filter((field) => !(field in given)).map((field) => `${model}: ${field} is missing`),
    ...Object.entries(given).flatMap(([field, value]) => {
      if (BLUEPRINT_ONLY[model]?.includes(field) === true) return [];
      const expected = known[field];
      return expected === undefined
        ? [`${model}: ${field} is no field`]
        : mismatches(value, expected).map((why) => `${model}: ${field} ${why}`);
    }),
  ];
}

function mismatches(value: unknown, schema: Schema): readonly string[] {
  // A tag may resolve to any type.
  if (typeof value === "string" && value.startsWith("!")) return [];
  if (value === null && schema.nullable === true) return [];
  const parts = [...(schema.allOf ?? [])];
  const named =
    schema.$ref === undefined ? undefined : DOCUMENT.components.schemas[schema.$ref.split("/").at(-1) ?? ""];
  if (named !== undefined) parts.push(named);
  const inner = parts.flatMap((part) => mismatches(value, part));
  const choices = schema.oneOf ?? [];
  const fits = choices.length === 0 || choices.some((choice) => mismatches(value, choice).length === 0);
  return [...inner, ...(fits ? [] : [`cannot be ${JSON.stringify(value)}`]), ...ownMismatches(value, schema)];
}

function ownMismatches(value: unknown, { type, enum: words, items, properties, required, minimum, maximum }: Schema) {
  const bad = [`cannot be ${JSON.stringify(value)}`];
  if (words !== undefined) return words.includes(value) ? [] : bad;
  switch (type) {
    case "boolean":
    case "string":
      return typeof value === type ? [] : bad;
    case "integer":
      return Number.isInteger(value) &&
        Number(value) >= (minimum ?? -Infinity) &&
        Number(value) <= (maximum ?? Infinity)
        ? []
        : bad;
    case "array":
      return Array.isArray(value) ? value.flatMap((item) => mismatches(item, items ?? {})) : bad;
    case "object": {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return bad;
      if (properties === undefined) return [];
      const missing = (required ?? []).filter((field) => !(field in value)).map((field) => `lacks ${field}`);
      const wrong = Object.entries(value).flatMap(([field, inner]) =>
        properties[field] === undefined ? [`has no ${field}`] : mismatches(inner, properties[field]),
      );
      return [...missing, ...wrong];
    }
    default:
      return [];
  }
}
