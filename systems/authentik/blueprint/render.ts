import { blueprintText, env, find, keyOf } from "./text.ts";
import type { Entry } from "./text.ts";
import type { Settings } from "../../../settings/schema.ts";
import { signInGroups } from "./signInGroups.ts";

/** The identifier of the service account's app password in Authentik. */
export function appPasswordIdentifier(user: string): string {
  return `${user}-app-password`;
}

/** The address that Authentik sends people back to. */
export function redirectUri(settings: Settings): string {
  return `${settings.registry.url}/zot/auth/callback/oidc`;
}

/**
 * The blueprint: what it is applied after, group, service account with an app password, OAuth2 provider, application, PolicyBindings, and the
 * machines' sign-in flow. What it no longer holds is taken away by a blueprint of its own (blueprintObjects.ts), since Authentik does not prune.
 * Applying it twice changes nothing. The same settings give the same bytes.
 */
export function renderBlueprint(settings: Settings): string {
  return blueprintText(settings.authentik.application, "Managed by zot-auth: changes made by hand are overwritten.", [
    ...dependencyEntries(settings),
    ...accountEntries(settings),
    ...providerEntries(settings),
    ...bindingEntries(settings),
    ...flowEntries(settings),
    appPasswordEntry(settings),
  ]);
}

/** Blueprints that make what ours looks for. Authentik applies them first, and ours only when they are there. */
function dependencyEntries({ authentik }: Settings): Entry[] {
  return authentik.appliedAfter.map((name) => ({
    model: "authentik_blueprints.metaapplyblueprint",
    attrs: { identifiers: { name }, required: true },
  }));
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
        client_secret: env(authentik.clientSecretVariable),
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

/**
 * Found again by its group, not by its order: another group at that place may be a binding that somebody made by hand, and a group that moves up
 * would leave its old binding behind.
 */
function bindingEntries(settings: Settings): Entry[] {
  return signInGroups(settings).map((group, order) => ({
    model: "authentik_policies.policybinding",
    identifiers: {
      target: keyOf("application"),
      group: group === settings.access.ciGroup ? keyOf("ci-group") : find("authentik_core.group", "name", group),
    },
    attrs: { order, enabled: true, negate: false, timeout: 30 },
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
