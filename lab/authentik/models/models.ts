// Stands in for Authentik: its models as data: fields, required fields and defaults.
import { randomUUID } from "node:crypto";
import type { Field, Model } from "./fields.ts";
import {
  attributes,
  flag,
  flowReference,
  items,
  maybe,
  mode,
  name,
  optional,
  randomKey,
  uniqueName,
  uniqueSlug,
  words,
} from "./fields.ts";
import { flowModels } from "./flowModels.ts";
import type { Json } from "../../shared/json.ts";

const modelsWithFields: Readonly<Record<string, Model>> = {
  "authentik_core.group": {
    key: "uuid",
    name: "Group",
    fields: {
      name: uniqueName,
      is_superuser: flag(false),
      parents: { kind: "references", to: "authentik_core.group", initial: [] },
      roles: { kind: "references", to: "authentik_rbac.role", initial: [] },
      attributes,
    },
  },
  "authentik_core.user": {
    key: "number",
    name: "User",
    fields: {
      username: uniqueName,
      name,
      email: words(),
      path: words("users"),
      is_active: flag(true),
      type: {
        kind: "text",
        choices: ["internal", "external", "service_account", "internal_service_account"],
        initial: "internal",
      },
      groups: { kind: "references", to: "authentik_core.group", initial: [] },
      roles: { kind: "references", to: "authentik_rbac.role", initial: [] },
      attributes,
    },
  },
  "authentik_rbac.role": {
    key: "uuid",
    name: "Role",
    fields: { name: uniqueName, permissions: items() },
  },
  "authentik_core.token": {
    key: "uuid",
    name: "Token",
    fields: {
      identifier: uniqueSlug,
      user: { kind: "reference", to: "authentik_core.user", required: true },
      intent: { kind: "text", choices: ["api", "app_password"], required: true },
      key: { kind: "text", initial: () => randomKey(60) },
      description: words(),
      expiring: flag(true),
      expires: maybe,
      managed: maybe,
    },
  },
  "authentik_core.application": {
    key: "uuid",
    name: "Application",
    bindable: true,
    fields: {
      name,
      slug: uniqueSlug,
      provider: { ...optional({ any: "provider" }), unique: true },
      backchannel_providers: { kind: "references", to: { any: "provider" }, initial: [] },
      open_in_new_tab: flag(false),
      meta_launch_url: words(),
      meta_icon: words(),
      meta_description: words(),
      meta_publisher: words(),
      meta_hide: { ...flag(false), since: "2026.5" },
      policy_engine_mode: mode,
      group: words(),
    },
  },
  "authentik_providers_oauth2.oauth2provider": {
    key: "number",
    name: "OAuth2Provider",
    fields: {
      name: uniqueName,
      authentication_flow: optional("authentik_flows.flow"),
      authorization_flow: flowReference,
      invalidation_flow: flowReference,
      property_mappings: { kind: "references", to: "authentik_providers_oauth2.scopemapping", initial: [] },
      client_type: { kind: "text", choices: ["confidential", "public"], initial: "confidential" },
      client_id: { kind: "text", unique: true, initial: () => randomKey(40) },
      client_secret: { kind: "text", initial: () => randomKey(128) },
      grant_types: { kind: "list", initial: [], since: "2026.5" },
      access_code_validity: words("minutes=1"),
      access_token_validity: words("hours=1"),
      refresh_token_validity: words("days=30"),
      refresh_token_threshold: words("seconds=0"),
      include_claims_in_id_token: flag(true),
      signing_key: optional("authentik_crypto.certificatekeypair"),
      encryption_key: optional("authentik_crypto.certificatekeypair"),
      redirect_uris: { kind: "list", required: true },
      logout_uri: words(),
      logout_method: words("backchannel"),
      sub_mode: {
        kind: "text",
        choices: ["hashed_user_id", "user_id", "user_uuid", "user_username", "user_email", "user_upn"],
        initial: "hashed_user_id",
      },
      issuer_mode: { kind: "text", choices: ["global", "per_provider"], initial: "per_provider" },
      jwt_federation_sources: items(),
      jwt_federation_providers: items(),
    },
  },
  "authentik_providers_oauth2.scopemapping": {
    key: "uuid",
    name: "ScopeMapping",
    fields: { managed: { ...maybe, unique: true }, name, scope_name: name, description: words(), expression: words() },
  },
  "authentik_crypto.certificatekeypair": {
    key: "uuid",
    name: "CertificateKeyPair",
    fields: { name: uniqueName, certificate_data: words(), key_data: words(), managed: maybe },
  },
  ...flowModels,
};

/** Models that other applications' blueprints use. The lab only stores them. */
const storedAsWritten = [
  "authentik_brands.brand",
  "authentik_providers_proxy.proxyprovider",
  "authentik_providers_ldap.ldapprovider",
  "authentik_providers_saml.samlprovider",
  "authentik_outposts.outpost",
  "authentik_policies_password.passwordpolicy",
  "authentik_policies_reputation.reputation",
  "authentik_policies_event_matcher.eventmatcherpolicy",
  "authentik_sources_oauth.oauthsource",
  "authentik_stages_authenticator_webauthn.authenticatorwebauthnstage",
  "authentik_stages_prompt.prompt",
  "authentik_stages_prompt.promptstage",
  "authentik_stages_user_logout.userlogoutstage",
  "authentik_stages_user_write.userwritestage",
  "authentik_stages_authenticator_totp.totpdevice",
  "authentik_stages_authenticator_static.staticdevice",
  "authentik_core.userconsent",
  "authentik_tasks.task",
];

/** Every model, by Django's label. */
export const models: Readonly<Record<string, Model>> = {
  ...Object.fromEntries(
    storedAsWritten.map((label): [string, Model] => [
      label,
      { key: label.includes("provider") ? "number" : "uuid", name: label.split(".")[1] ?? label, fields: {} },
    ]),
  ),
  ...modelsWithFields,
};

/** A field's default; `undefined` if it has none. */
export function initialValue(field: Field): Json | undefined {
  return typeof field.initial === "function" ? field.initial() : structuredClone(field.initial);
}

export const newUuid = (): string => randomUUID();
