// Stands in for Authentik: its models of flows, stages and policies.
import type { Field, Model } from "./fields.ts";
import { flag, items, maybe, mode, name, optional, uniqueName, uniqueSlug, words } from "./fields.ts";

/** A stage: its class, the component of its form and its verbose name. */
const stage = (className: string, kind: string, one: string, fields: Record<string, Field>): Model => ({
  key: "uuid",
  name: className,
  shown: { component: `ak-stage-${kind}-form`, one, many: `${one}s` },
  fields: { name: uniqueName, ...fields },
});

const flow = optional("authentik_flows.flow");
const friendly = words();

export const flowModels: Readonly<Record<string, Model>> = {
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
      expires: { ...maybe, since: "2026.8" },
      expiring: { ...flag(false), since: "2026.8" },
    },
  },
  "authentik_policies_expression.expressionpolicy": {
    key: "uuid",
    name: "ExpressionPolicy",
    shown: { component: "ak-policy-expression-form", one: "Expression Policy", many: "Expression Policies" },
    fields: { name: uniqueName, execution_logging: flag(false), expression: name },
  },
  "authentik_policies_reputation.reputationpolicy": {
    key: "uuid",
    name: "ReputationPolicy",
    shown: { component: "ak-policy-reputation-form", one: "Reputation Policy", many: "Reputation Policies" },
    fields: {
      name: uniqueName,
      execution_logging: flag(false),
      check_ip: flag(true),
      check_username: flag(true),
      threshold: { kind: "integer", initial: -5 },
    },
  },
  "authentik_flows.flow": {
    key: "uuid",
    name: "Flow",
    bindable: true,
    fields: {
      name,
      slug: uniqueSlug,
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
  "authentik_stages_identification.identificationstage": stage(
    "IdentificationStage",
    "identification",
    "Identification Stage",
    {
      user_fields: items(),
      password_stage: optional("authentik_stages_password.passwordstage"),
      case_insensitive_matching: flag(true),
      captcha_stage: optional({ any: "stage" }),
      show_matched_user: flag(true),
      enrollment_flow: flow,
      recovery_flow: flow,
      passwordless_flow: flow,
      sources: items(),
      show_source_labels: flag(false),
      pretend_user_exists: flag(true),
      enable_remember_me: flag(false),
      webauthn_stage: optional({ any: "stage" }),
    },
  ),
  "authentik_stages_password.passwordstage": stage("PasswordStage", "password", "Password Stage", {
    backends: { kind: "list", required: true },
    failed_attempts_before_cancel: { kind: "integer", initial: 5 },
    allow_show_password: flag(false),
    configure_flow: flow,
  }),
  "authentik_stages_user_login.userloginstage": stage("UserLoginStage", "user-login", "User Login Stage", {
    session_duration: words("seconds=0"),
    remember_me_offset: words("seconds=0"),
    terminate_other_sessions: flag(false),
    network_binding: words("no_binding"),
    geoip_binding: words("no_binding"),
    remember_device: words("days=30"),
  }),
  "authentik_stages_consent.consentstage": stage("ConsentStage", "consent", "Consent Stage", {
    mode: { kind: "text", choices: ["always_require", "permanent", "expiring"], initial: "always_require" },
    consent_expire_in: words("weeks=4"),
  }),
  "authentik_stages_authenticator_validate.authenticatorvalidatestage": stage(
    "AuthenticatorValidateStage",
    "authenticator-validate",
    "Authenticator Validation Stage",
    {
      not_configured_action: { kind: "text", choices: ["skip", "deny", "configure"], initial: "skip" },
      device_classes: items("static", "totp", "webauthn", "duo", "sms", "email"),
      configuration_stages: { kind: "references", to: { any: "stage" }, initial: [] },
      last_auth_threshold: words("seconds=0"),
      webauthn_user_verification: words("preferred"),
      webauthn_allowed_device_types: items(),
      webauthn_hints: { ...items(), since: "2026.5" },
      ...Object.fromEntries(
        ["email", "sms", "totp", "static"].map((kind): [string, Field] => [
          `${kind}_otp_throttling_factor`,
          { kind: "integer", initial: 1, since: "2026.5" },
        ]),
      ),
    },
  ),
  "authentik_stages_authenticator_totp.authenticatortotpstage": stage(
    "AuthenticatorTOTPStage",
    "authenticator-totp",
    "TOTP Authenticator Setup Stage",
    {
      configure_flow: flow,
      friendly_name: friendly,
      digits: { kind: "text", choices: ["6", "8"], initial: "6" },
    },
  ),
  "authentik_stages_authenticator_static.authenticatorstaticstage": stage(
    "AuthenticatorStaticStage",
    "authenticator-static",
    "Static Authenticator Setup Stage",
    {
      configure_flow: flow,
      friendly_name: friendly,
      token_count: { kind: "integer", initial: 6 },
      token_length: { kind: "integer", initial: 12 },
    },
  ),
};
