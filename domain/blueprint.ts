import { Document, Scalar } from "yaml";
import type { YAMLSeq } from "yaml";
import type { Settings } from "./settings/schema.ts";

/** One entry of an Authentik blueprint. */
interface Entry {
  readonly model: string;
  readonly id?: string;
  readonly state?: "present" | "absent";
  readonly identifiers: Readonly<Record<string, unknown>>;
  readonly attrs?: Readonly<Record<string, unknown>>;
}

/** The identifier of the service account's app password in Authentik. */
export function appPasswordIdentifier(user: string): string {
  return `${user}-app-password`;
}

/** The groups that may sign in to the registry, in the order of their PolicyBindings. */
export function signInGroups(settings: Settings): readonly string[] {
  return [settings.access.adminGroup, settings.access.ciGroup];
}

/** The address that Authentik sends people back to. */
export function redirectUri(settings: Settings): string {
  return `${settings.registry.url}/zot/auth/callback/oidc`;
}

/**
 * The blueprint: group, service account with an app password, OAuth2 provider, application, PolicyBindings, and the machines' sign-in flow.
 * Applying it twice changes nothing. The same settings give the same bytes.
 */
export function renderBlueprint(settings: Settings): string {
  return stringify(settings.authentik.application, "Managed by zot-auth: changes made by hand are overwritten.", [
    ...accountEntries(settings),
    ...providerEntries(settings),
    ...bindingEntries(settings),
    ...flowEntries(settings),
    appPasswordEntry(settings),
  ]);
}

/** The blueprint that takes everything away again that {@link renderBlueprint} makes. What only others use stays. */
export function renderRemoval(settings: Settings): string {
  const { ci, access, authentik } = settings;
  const absent = (model: string, identifiers: Record<string, unknown>): Entry => ({
    model,
    state: "absent",
    identifiers,
  });
  return stringify(`${authentik.application}-removed`, "Written by zot-auth: takes back what its blueprint made.", [
    absent("authentik_core.token", { identifier: appPasswordIdentifier(ci.user) }),
    absent("authentik_core.application", { slug: authentik.application }),
    absent("authentik_providers_oauth2.oauth2provider", { name: authentik.providerName }),
    absent("authentik_flows.flow", { slug: authentik.machineFlow }),
    absent("authentik_stages_user_login.userloginstage", { name: `${authentik.machineFlow}-login` }),
    absent("authentik_stages_identification.identificationstage", { name: `${authentik.machineFlow}-identification` }),
    absent("authentik_stages_password.passwordstage", { name: `${authentik.machineFlow}-password` }),
    absent("authentik_core.user", { username: ci.user }),
    absent("authentik_core.group", { name: access.ciGroup }),
  ]);
}

function accountEntries({ access, ci }: Settings): Entry[] {
  return [
    {
      model: "authentik_core.group",
      id: "ci-group",
      identifiers: { name: access.ciGroup },
      attrs: { name: access.ciGroup },
    },
    {
      model: "authentik_core.user",
      id: "ci-user",
      identifiers: { username: ci.user },
      attrs: {
        name: `${ci.user} (pushes images from CI)`,
        type: "service_account",
        path: "service-accounts",
        is_active: true,
        groups: [keyOf("ci-group")],
      },
    },
  ];
}

function providerEntries(settings: Settings): Entry[] {
  const { authentik, registry } = settings;
  const scope = (name: string) =>
    find("authentik_providers_oauth2.scopemapping", "managed", `goauthentik.io/providers/oauth2/scope-${name}`);
  return [
    {
      model: "authentik_providers_oauth2.oauth2provider",
      id: "provider",
      identifiers: { name: authentik.providerName },
      attrs: {
        authorization_flow: find("authentik_flows.flow", "slug", authentik.authorizationFlow),
        invalidation_flow: find("authentik_flows.flow", "slug", authentik.invalidationFlow),
        client_type: "confidential",
        client_id: authentik.clientId,
        client_secret: tag("!Env", authentik.clientSecretVariable),
        // Without it a provider newly made on Authentik 2026.5 or later refuses every sign-in.
        grant_types: ["authorization_code", "refresh_token"],
        redirect_uris: [{ matching_mode: "strict", url: redirectUri(settings) }],
        signing_key: find("authentik_crypto.certificatekeypair", "name", authentik.signingCertificate),
        property_mappings: [scope("openid"), scope("email"), scope("profile")],
        sub_mode: "hashed_user_id",
        include_claims_in_id_token: true,
      },
    },
    {
      model: "authentik_core.application",
      id: "application",
      identifiers: { slug: authentik.application },
      attrs: {
        name: authentik.applicationName,
        provider: keyOf("provider"),
        meta_launch_url: registry.url,
        policy_engine_mode: "any",
      },
    },
  ];
}

function bindingEntries(settings: Settings): Entry[] {
  return signInGroups(settings).map((group, order) => ({
    model: "authentik_policies.policybinding",
    identifiers: { target: keyOf("application"), order },
    attrs: {
      group: group === settings.access.ciGroup ? keyOf("ci-group") : find("authentik_core.group", "name", group),
      enabled: true,
      negate: false,
      timeout: 30,
    },
  }));
}

/** A sign-in flow of the machines' own: people's flow, and the second factor that it demands, stay as they are. */
function flowEntries({ authentik }: Settings): Entry[] {
  const flow = authentik.machineFlow;
  return [
    {
      model: "authentik_flows.flow",
      id: "flow",
      identifiers: { slug: flow },
      attrs: {
        name: "Sign-in for machines",
        title: "Sign-in for machines",
        designation: "authentication",
        authentication: "none",
      },
    },
    {
      model: "authentik_stages_password.passwordstage",
      id: "password",
      identifiers: { name: `${flow}-password` },
      // Only app passwords: a person's password does not work here.
      attrs: { backends: ["authentik.core.auth.TokenBackend"], failed_attempts_before_cancel: 5 },
    },
    {
      model: "authentik_stages_identification.identificationstage",
      id: "identification",
      identifiers: { name: `${flow}-identification` },
      attrs: { user_fields: ["username"], password_stage: keyOf("password") },
    },
    {
      model: "authentik_stages_user_login.userloginstage",
      id: "login",
      identifiers: { name: `${flow}-login` },
      attrs: { session_duration: "minutes=5" },
    },
    {
      model: "authentik_flows.flowstagebinding",
      identifiers: { target: keyOf("flow"), stage: keyOf("identification"), order: 10 },
    },
    {
      model: "authentik_flows.flowstagebinding",
      id: "login-binding",
      identifiers: { target: keyOf("flow"), stage: keyOf("login"), order: 100 },
      attrs: { evaluate_on_plan: false, re_evaluate_policies: true },
    },
    {
      model: "authentik_policies.policybinding",
      identifiers: { target: keyOf("login-binding"), order: 0 },
      attrs: { group: keyOf("ci-group"), enabled: true, negate: false, timeout: 30 },
    },
  ];
}

/** Without a key: Authentik makes one, and keeps it when the blueprint is applied again. */
function appPasswordEntry({ ci }: Settings): Entry {
  return {
    model: "authentik_core.token",
    identifiers: { identifier: appPasswordIdentifier(ci.user) },
    attrs: {
      user: keyOf("ci-user"),
      intent: "app_password",
      expiring: false,
      description: "zot-auth signs in with it to make API keys",
    },
  };
}

function stringify(name: string, description: string, entries: readonly Entry[]): string {
  const document = new Document({
    version: 1,
    metadata: { name, labels: { "blueprints.goauthentik.io/description": description } },
    entries,
  });
  return document.toString({ lineWidth: 0 });
}

function tag(name: "!Env" | "!KeyOf", value: string): Scalar {
  const scalar = new Scalar(value);
  scalar.tag = name;
  return scalar;
}

function keyOf(id: string): Scalar {
  return tag("!KeyOf", id);
}

/** `!Find [model, [field, value]]`: an object that another blueprint made. When there is none, Authentik takes nothing of the file. */
function find(model: string, field: string, value: string): YAMLSeq {
  const document = new Document([model, [field, value]]);
  const sequence = document.contents as unknown as YAMLSeq;
  sequence.tag = "!Find";
  sequence.flow = true;
  return sequence;
}
