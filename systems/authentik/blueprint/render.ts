import { createHash } from "node:crypto";
import type { BlueprintAccount, BlueprintArgs } from "./args.ts";
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
 * Renders the blueprint: the blueprints that must be applied first, the service accounts with their groups and app passwords, the OAuth2 provider,
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
  const accounts = numbered(args.accounts);
  const entries = [
    ...dependencyEntries(args),
    ...accounts.flatMap(accountEntries),
    ...providerEntries(args),
    ...bindingEntries(args),
    ...flowEntries(args.machineFlow, accounts),
    ...accounts.map(appPasswordEntry),
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

/** An account, and what its entries are called in the blueprint. */
export interface NumberedAccount extends BlueprintAccount {
  /** From 0. */
  readonly number: number;
  readonly userId: string;
  readonly groupId: string;
}

/** The accounts in their order. The first one's entries have the names that the only one had. */
export function numbered(accounts: BlueprintArgs["accounts"]): readonly NumberedAccount[] {
  return Object.values(accounts).map((account, number) => {
    const suffix = number === 0 ? "" : `-${number + 1}`;
    return { ...account, number, userId: `ci-user${suffix}`, groupId: `ci-group${suffix}` };
  });
}

export function accountEntries({ user, group, userId, groupId }: NumberedAccount): BlueprintEntry[] {
  return [
    {
      model: "authentik_core.group",
      id: groupId,
      identifiers: { name: group },
      attrs: { name: group },
    },
    {
      model: "authentik_core.user",
      id: userId,
      identifiers: { username: user },
      attrs: {
        name: accountName(user),
        type: "service_account",
        path: "service-accounts",
        is_active: true,
        groups: [keyOf(groupId)],
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
export function bindingEntries({ signInGroups, accounts }: BlueprintArgs): BlueprintEntry[] {
  const ids = new Map(numbered(accounts).map(({ group, groupId }) => [group, groupId]));
  return signInGroups.map((group, order) => {
    const id = ids.get(group);
    return {
      model: "authentik_policies.policybinding",
      identifiers: {
        target: keyOf("application"),
        group: id === undefined ? find("authentik_core.group", "name", group) : keyOf(id),
      },
      attrs: { order, enabled: true, negate: false, timeout: 30 },
    };
  });
}

/** A sign-in flow for machines only, which these accounts may use: the flow for people keeps its second factor. */
export function flowEntries(flow: string, accounts: readonly NumberedAccount[]): BlueprintEntry[] {
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
    ...accounts.map(loginEntry),
  ];
}

/** The first account's is identified by its order, so that a new group takes the place of the old one; the others go with their accounts. */
function loginEntry({ number, userId, groupId }: NumberedAccount): BlueprintEntry {
  const [target, how] = [keyOf("login-binding"), { enabled: true, negate: false, timeout: 30 }];
  return {
    model: "authentik_policies.policybinding",
    ...(number === 0
      ? { identifiers: { target, order: 0 }, attrs: { group: keyOf(groupId), ...how } }
      : { identifiers: { target, user: keyOf(userId) }, attrs: { order: number, ...how } }),
  };
}

/** Without a key: Authentik generates one, and keeps it when it reapplies the blueprint. */
export function appPasswordEntry({ user, userId }: NumberedAccount): BlueprintEntry {
  return {
    model: "authentik_core.token",
    identifiers: { identifier: appPasswordIdentifier(user) },
    attrs: {
      user: keyOf(userId),
      intent: "app_password",
      expiring: false,
      description: "zot-auth signs in with it to make API keys",
    },
  };
}
