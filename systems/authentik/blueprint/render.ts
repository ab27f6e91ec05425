import { createHash } from "node:crypto";
import type { BlueprintArgs } from "./args.ts";
import { needsOf } from "./needs.ts";
import type { NeededObject } from "./needs.ts";
import { blueprintDocument, blueprintText, env, find, keyOf } from "./text.ts";
import type { BlueprintEntry } from "./text.ts";

/** The field of an application by which Authentik finds it by its provider's client ID. A provider has only one application. */
export const PROVIDER_OF_APPLICATION = "provider__oauth2provider__client_id";

/**
 * Identifier of the service account's app password in Authentik. It must be a slug, and user names may have other characters: those are replaced, and
 * a hash keeps `a.b` and `a-b` apart.
 */
export function appPasswordIdentifier(user: string): string {
  const slug = user.replaceAll(/[^A-Za-z0-9_-]/g, "-");
  const hash = slug === user ? "" : `-${createHash("sha256").update(user).digest("hex").slice(0, 6)}`;
  return `${slug}${hash}-app-password`;
}

/** What the service account is called in Authentik. It marks an account as ours, so it must never change: clean-ups leave accounts with other names alone. */
export function accountName(user: string): string {
  return `${user} (pushes images from CI)`;
}

/** The redirect URI of the OAuth2 client. */
export function redirectUri(registryUrl: string): string {
  return `${registryUrl}/zot/auth/callback/oidc`;
}

/**
 * Renders the blueprint: the blueprints that must be applied first, the CI group, the service account with its app password, the OAuth2 provider,
 * the application, its PolicyBindings, and the sign-in flow for machines. Authentik does not prune, so a blueprint of its own
 * ({@link renderRemoval}) removes what this one no longer holds. Applying it twice changes nothing. The same arguments give the same bytes.
 */
export function renderBlueprint(args: BlueprintArgs): string {
  return blueprintText(...contentOf(args));
}

/** What the blueprint looks up in Authentik. */
export function blueprintNeeds(args: BlueprintArgs): readonly NeededObject[] {
  return needsOf(blueprintDocument(...contentOf(args)));
}

function contentOf(args: BlueprintArgs): Parameters<typeof blueprintText> {
  const entries = [
    ...dependencyEntries(args),
    ...accountEntries(args),
    ...providerEntries(args),
    ...bindingEntries(args),
    ...flowEntries(args),
    appPasswordEntry(args),
  ];
  return [args.application, "Managed by zot-auth: changes made by hand are overwritten.", entries];
}

/** Blueprints that create what ours looks up. Authentik applies them first, and ours only once they exist. */
function dependencyEntries({ appliedAfter }: BlueprintArgs): BlueprintEntry[] {
  return appliedAfter.map((name) => ({
    model: "authentik_blueprints.metaapplyblueprint",
    attrs: { identifiers: { name }, required: true },
  }));
}

export function accountEntries({ ciGroup, ciUser }: Pick<BlueprintArgs, "ciGroup" | "ciUser">): BlueprintEntry[] {
  return [
    {
      model: "authentik_core.group",
      id: "ci-group",
      identifiers: { name: ciGroup },
      attrs: { name: ciGroup },
    },
    {
      model: "authentik_core.user",
      id: "ci-user",
      identifiers: { username: ciUser },
      attrs: {
        name: accountName(ciUser),
        type: "service_account",
        path: "service-accounts",
        is_active: true,
        groups: [keyOf("ci-group")],
      },
    },
  ];
}

export function providerEntries(args: BlueprintArgs): BlueprintEntry[] {
  const scope = (name: string) =>
    find("authentik_providers_oauth2.scopemapping", "managed", `goauthentik.io/providers/oauth2/scope-${name}`);
  return [
    {
      model: "authentik_providers_oauth2.oauth2provider",
      id: "provider",
      identifiers: { client_id: args.clientId },
      otherwise: ["name", args.providerName],
      attrs: {
        name: args.providerName,
        authorization_flow: find("authentik_flows.flow", "slug", args.authorizationFlow),
        invalidation_flow: find("authentik_flows.flow", "slug", args.invalidationFlow),
        client_type: "confidential",
        client_secret: env(args.clientSecretVariable),
        // zot's config names the application's own issuer; with another one in Authentik, zot does not start.
        issuer_mode: "per_provider",
        // Without it, a provider created on Authentik 2026.5 or later rejects every sign-in.
        grant_types: ["authorization_code", "refresh_token"],
        redirect_uris: [{ matching_mode: "strict", url: redirectUri(args.registryUrl) }],
        signing_key: find("authentik_crypto.certificatekeypair", "name", args.signingCertificate),
        // zot cannot decrypt tokens.
        encryption_key: null,
        property_mappings: [scope("openid"), scope("email"), scope("profile")],
        sub_mode: "hashed_user_id",
        include_claims_in_id_token: true,
      },
    },
    {
      model: "authentik_core.application",
      id: "application",
      identifiers: { slug: args.application },
      otherwise: [PROVIDER_OF_APPLICATION, args.clientId],
      attrs: {
        name: args.applicationName,
        provider: keyOf("provider"),
        meta_launch_url: args.registryUrl,
        policy_engine_mode: "any",
      },
    },
  ];
}

/**
 * A PolicyBinding is identified by its group, not its order: another group's binding at that order may be manual, and a group that
 * moves up would leave its old binding behind.
 */
export function bindingEntries({ signInGroups, ciGroup }: BlueprintArgs): BlueprintEntry[] {
  return signInGroups.map((group, order) => ({
    model: "authentik_policies.policybinding",
    identifiers: {
      target: keyOf("application"),
      group: group === ciGroup ? keyOf("ci-group") : find("authentik_core.group", "name", group),
    },
    attrs: { order, enabled: true, negate: false, timeout: 30 },
  }));
}

/** A sign-in flow for machines only: the flow for people keeps its second factor. */
export function flowEntries({ machineFlow: flow }: Pick<BlueprintArgs, "machineFlow">): BlueprintEntry[] {
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

/** Without a key: Authentik generates one, and keeps it when it reapplies the blueprint. */
export function appPasswordEntry({ ciUser }: Pick<BlueprintArgs, "ciUser">): BlueprintEntry {
  return {
    model: "authentik_core.token",
    identifiers: { identifier: appPasswordIdentifier(ciUser) },
    attrs: {
      user: keyOf("ci-user"),
      intent: "app_password",
      expiring: false,
      description: "zot-auth signs in with it to make API keys",
    },
  };
}
