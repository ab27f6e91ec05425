// Stands in for Authentik: its models, as data: which fields they have, what is required, and what a new object starts with.
import { randomBytes, randomUUID } from "node:crypto";
import type { Json } from "./json.ts";

/** What a field refers to: one model, or any of a kind; `bindable` is what policies can be bound to. */
export type Target = string | { readonly any: "stage" | "provider" | "policy" | "bindable" };

export interface Field {
  readonly kind: "text" | "boolean" | "integer" | "reference" | "references" | "list" | "object";
  /** Must be given when the object is made. */
  readonly required?: true;
  readonly nullable?: true;
  readonly unique?: true;
  readonly choices?: readonly string[];
  readonly to?: Target;
  /** What happens to this object when the one it refers to goes. Default `cascade`. */
  readonly onDelete?: "cascade" | "null";
  readonly initial?: Json | (() => Json);
  /** First release that knows the field; earlier ones ignore it. */
  readonly since?: string;
}

export interface Model {
  readonly key: "uuid" | "number";
  /** Name in messages: `No Token matches the given query.` */
  readonly name: string;
  readonly fields: Readonly<Record<string, Field>>;
  /** Policies can be bound to its objects. */
  readonly bindable?: true;
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/** Random letters and digits, as Authentik makes its keys. */
export const randomKey = (length: number): string =>
  Array.from(randomBytes(length), (byte) => letters[byte % letters.length]).join("");

const name: Field = { kind: "text", required: true };
const uniqueName: Field = { kind: "text", required: true, unique: true };
const words = (initial = ""): Field => ({ kind: "text", initial });
const flag = (initial: boolean): Field => ({ kind: "boolean", initial });
const items = (...initial: Json[]): Field => ({ kind: "list", initial });
const attributes: Field = { kind: "object", initial: {} };
const optional = (to: Target): Field => ({ kind: "reference", to, nullable: true, onDelete: "null", initial: null });
const maybe: Field = { kind: "text", nullable: true, initial: null };
const mode: Field = { kind: "text", choices: ["all", "any"], initial: "any" };
const flowReference: Field = { kind: "reference", to: "authentik_flows.flow", required: true };

const stage = (modelName: string, fields: Record<string, Field>): Model => ({
  key: "uuid",
  name: modelName,
  fields: { name: uniqueName, ...fields },
});

const modelsWithFields: Readonly<Record<string, Model>> = {
  "authentik_core.group": {
    key: "uuid",
    name: "Group",
    fields: {
      name: uniqueName,
      is_superuser: flag(false),
      parents: { kind: "references", to: "authentik_core.group", initial: [] },
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
      attributes,
      permissions: items(),
    },
  },
  "authentik_core.token": {
    key: "uuid",
    name: "Token",
    fields: {
      identifier: uniqueName,
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
      slug: uniqueName,
      provider: { ...optional({ any: "provider" }), unique: true },
      backchannel_providers: { kind: "references", to: { any: "provider" }, initial: [] },
      open_in_new_tab: flag(false),
      meta_launch_url: words(),
      meta_icon: words(),
      meta_description: words(),
      meta_publisher: words(),
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
  "authentik_policies.policybinding": {
    key: "uuid",
    name: "PolicyBinding",
    fields: {
      target: { kind: "reference", to: { any: "bindable" }, required: true },
      policy: { ...optional({ any: "policy" }), onDelete: "cascade" },
      group: { ...optional("authentik_core.group"), onDelete: "cascade" },
      user: { ...optional("authentik_core.user"), onDelete: "cascade" },
      negate: flag(false),
      enabled: flag(true),
      order: { kind: "integer", required: true },
      timeout: { kind: "integer", initial: 30 },
      failure_result: flag(false),
    },
  },
  "authentik_policies_expression.expressionpolicy": {
    key: "uuid",
    name: "ExpressionPolicy",
    fields: { name: uniqueName, execution_logging: flag(false), expression: name },
  },
  "authentik_flows.flow": {
    key: "uuid",
    name: "Flow",
    bindable: true,
    fields: {
      name,
      slug: uniqueName,
      title: name,
      designation: {
        kind: "text",
        required: true,
        choices: [
          "authentication",
          "authorization",
          "invalidation",
          "enrollment",
          "unenrollment",
          "recovery",
          "stage_configuration",
        ],
      },
      background: words(),
      policy_engine_mode: mode,
      compatibility_mode: flag(false),
      layout: words("stacked"),
      denied_action: words("message_continue"),
      authentication: {
        kind: "text",
        choices: ["none", "require_authenticated", "require_unauthenticated", "require_superuser", "require_outpost"],
        initial: "none",
      },
    },
  },
  "authentik_flows.flowstagebinding": {
    key: "uuid",
    name: "FlowStageBinding",
    bindable: true,
    fields: {
      target: { kind: "reference", to: "authentik_flows.flow", required: true },
      stage: { kind: "reference", to: { any: "stage" }, required: true },
      order: { kind: "integer", required: true },
      evaluate_on_plan: flag(false),
      re_evaluate_policies: flag(true),
      policy_engine_mode: mode,
      invalid_response_action: words("retry"),
    },
  },
  "authentik_stages_identification.identificationstage": stage("IdentificationStage", {
    user_fields: items(),
    password_stage: optional("authentik_stages_password.passwordstage"),
    case_insensitive_matching: flag(true),
    show_matched_user: flag(true),
    pretend_user_exists: flag(true),
  }),
  "authentik_stages_password.passwordstage": stage("PasswordStage", {
    backends: { kind: "list", required: true },
    failed_attempts_before_cancel: { kind: "integer", initial: 5 },
    allow_show_password: flag(false),
    configure_flow: optional("authentik_flows.flow"),
  }),
  "authentik_stages_user_login.userloginstage": stage("UserLoginStage", {
    session_duration: words("seconds=0"),
    remember_me_offset: words("seconds=0"),
    terminate_other_sessions: flag(false),
  }),
  "authentik_stages_authenticator_validate.authenticatorvalidatestage": stage("AuthenticatorValidateStage", {
    not_configured_action: { kind: "text", choices: ["skip", "deny", "configure"], initial: "skip" },
    device_classes: items("static", "totp", "webauthn", "duo", "sms", "email"),
    configuration_stages: { kind: "references", to: { any: "stage" }, initial: [] },
    last_auth_threshold: words("seconds=0"),
    webauthn_user_verification: words("preferred"),
    webauthn_allowed_device_types: items(),
  }),
  "authentik_stages_authenticator_totp.authenticatortotpstage": stage("AuthenticatorTOTPStage", {
    digits: { kind: "integer", initial: 6 },
  }),
  "authentik_stages_authenticator_static.authenticatorstaticstage": stage("AuthenticatorStaticStage", {
    token_count: { kind: "integer", initial: 6 },
    token_length: { kind: "integer", initial: 12 },
  }),
};

/** Models that blueprints of other applications use; kept as they are written. */
const storedAsWritten = [
  "authentik_brands.brand",
  "authentik_rbac.role",
  "authentik_providers_proxy.proxyprovider",
  "authentik_providers_ldap.ldapprovider",
  "authentik_providers_saml.samlprovider",
  "authentik_outposts.outpost",
  "authentik_policies_password.passwordpolicy",
  "authentik_policies_reputation.reputationpolicy",
  "authentik_policies_event_matcher.eventmatcherpolicy",
  "authentik_sources_oauth.oauthsource",
  "authentik_stages_authenticator_webauthn.authenticatorwebauthnstage",
  "authentik_stages_consent.consentstage",
  "authentik_stages_prompt.prompt",
  "authentik_stages_prompt.promptstage",
  "authentik_stages_user_logout.userlogoutstage",
  "authentik_stages_user_write.userwritestage",
  "authentik_stages_authenticator_totp.totpdevice",
  "authentik_stages_authenticator_static.staticdevice",
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

/** The value that a field starts with, or `undefined` when it has none. */
export function initialValue(field: Field): Json | undefined {
  return typeof field.initial === "function" ? field.initial() : structuredClone(field.initial);
}

export const newUuid = (): string => randomUUID();
