// Stands in for Authentik: the objects of a new installation and those that the lab adds.
import type { Database } from "./database.ts";
import type { Json, JsonObject } from "../../shared/json.ts";
import { permissionsOf } from "../policies/policies.ts";
import type { Row } from "./state.ts";

/** Objects to create at the first start, in addition to Authentik's default objects. */
export interface AuthentikSeed {
  readonly groups?: readonly SeedGroup[];
  readonly users?: readonly SeedUser[];
  readonly tokens?: readonly SeedToken[];
  /** `not_configured_action` of the default flow's MFA stage. Authentik's default is `skip`. */
  readonly mfa?: "skip" | "configure" | "deny";
  /** More objects, with the fields of Authentik's API. References are keys of objects created earlier. */
  readonly objects?: readonly { readonly model: string; readonly fields: JsonObject }[];
}

export interface SeedGroup {
  readonly name: string;
  readonly superuser?: boolean;
}

export interface SeedUser {
  readonly username: string;
  /** Default: the username. */
  readonly name?: string;
  readonly email?: string;
  readonly type?: "internal" | "external" | "service_account";
  /** Required to sign in with a password. */
  readonly password?: string;
  /** Group names. */
  readonly groups?: readonly string[];
  readonly active?: boolean;
  /** Secret of an authenticator app, in base 32. */
  readonly totpSecret?: string;
  /** One-time codes. */
  readonly staticCodes?: readonly string[];
}

export interface SeedToken {
  readonly identifier: string;
  readonly user: string;
  readonly intent: "api" | "app_password";
  readonly key: string;
  /** Permissions to add to the token's user through a role, such as `authentik_core.view_user`. */
  readonly permissions?: readonly string[];
}

/** A new Authentik: the administrator `akadmin` in the only superuser group. */
export function defaultSeed(): AuthentikSeed {
  return {
    groups: [{ name: "authentik Admins", superuser: true }],
    users: [
      { username: "akadmin", name: "authentik Default Admin", email: "root@localhost", groups: ["authentik Admins"] },
    ],
  };
}

/** Merges two seeds: concatenates lists, and takes single values from the second. */
export function withSeed(first: AuthentikSeed, second: AuthentikSeed): AuthentikSeed {
  const mfa = second.mfa ?? first.mfa;
  return {
    groups: [...(first.groups ?? []), ...(second.groups ?? [])],
    users: [...(first.users ?? []), ...(second.users ?? [])],
    tokens: [...(first.tokens ?? []), ...(second.tokens ?? [])],
    objects: [...(first.objects ?? []), ...(second.objects ?? [])],
    ...(mfa === undefined ? {} : { mfa }),
  };
}

/** Fills an empty database. */
export function plant(database: Database, seed: AuthentikSeed): void {
  plantFlows(database, seed.mfa ?? "skip");
  plantOpenId(database);
  for (const { name, superuser } of seed.groups ?? [])
    database.create("authentik_core.group", { name, is_superuser: superuser ?? false });
  for (const user of seed.users ?? []) plantUser(database, user);
  for (const token of seed.tokens ?? []) plantToken(database, token);
  for (const { model, fields } of seed.objects ?? []) database.create(model, fields);
}

function plantFlows(database: Database, mfa: string): void {
  const stage = (kind: string, fields: JsonObject): Row => database.create(`authentik_stages_${kind}`, fields);
  const flow = (
    slug: string,
    title: string,
    designation: string,
    authentication: string,
    ...stages: [number, Row][]
  ) => {
    const fields = { slug, name: title, title, designation, authentication };
    const { pk } = database.create("authentik_flows.flow", fields);
    // The brand selects the sign-in flow.
    if (designation === "authentication")
      database.create("authentik_brands.brand", {
        domain: "authentik-default",
        default: true,
        flow_authentication: pk,
      });
    for (const [order, { pk: key }] of stages)
      database.create("authentik_flows.flowstagebinding", { target: pk, stage: key, order });
  };
  const identification = stage("identification.identificationstage", {
    name: "default-authentication-identification",
    user_fields: ["email", "username"],
  });
  const password = stage("password.passwordstage", {
    name: "default-authentication-password",
    backends: [
      "authentik.core.auth.InbuiltBackend",
      "authentik.sources.kerberos.auth.KerberosBackend",
      "authentik.sources.ldap.auth.LDAPBackend",
      "authentik.core.auth.TokenBackend",
    ],
  });
  const setup = (kind: string): Json =>
    stage(`authenticator_${kind}.authenticator${kind}stage`, { name: `default-authenticator-${kind}-setup` }).pk;
  const validation = stage("authenticator_validate.authenticatorvalidatestage", {
    name: "default-authentication-mfa-validation",
    not_configured_action: mfa,
    configuration_stages: ["totp", "static"].map(setup),
  });
  const login = stage("user_login.userloginstage", { name: "default-authentication-login" });
  flow(
    "default-authentication-flow",
    "Welcome to authentik!",
    "authentication",
    "none",
    [10, identification],
    [20, password],
    [30, validation],
    [100, login],
  );
  plantPasswordPolicy(database, password);
  const signedIn = "require_authenticated";
  const implicit = "default-provider-authorization-implicit-consent";
  flow(implicit, "Redirecting to %(app)s", "authorization", signedIn);
  const consent = stage("consent.consentstage", { name: "default-provider-authorization-consent" });
  const explicit = "default-provider-authorization-explicit-consent";
  flow(explicit, "Redirecting to %(app)s", "authorization", signedIn, [10, consent]);
  flow("default-provider-invalidation-flow", "You've logged out of %(app)s.", "invalidation", signedIn);
}

/** The default flow asks for a password only if the user is not authenticated yet. */
function plantPasswordPolicy(database: Database, password: Row): void {
  const expression = [
    'flow_plan = request.context.get("flow_plan")',
    "if not flow_plan:",
    "    return True",
    "# If the user does not have a backend attached to it, they haven't",
    "# been authenticated yet and we need the password stage",
    'return not hasattr(flow_plan.context.get("pending_user"), "backend")',
  ].join("\n");
  const policy = { name: "default-authentication-flow-password-stage", expression };
  database.create("authentik_policies.policybinding", {
    target:
      mustFind(database, "authentik_flows.flowstagebinding", { stage: password.pk })["policybindingmodel_ptr_id"] ?? "",
    policy: database.create("authentik_policies_expression.expressionpolicy", policy).pk,
    order: 10,
    failure_result: true,
  });
}

function plantOpenId(database: Database): void {
  const mapping = (scope_name: string, description: string, expression: string): void => {
    const managed = `goauthentik.io/providers/oauth2/scope-${scope_name}`;
    const name = `authentik default OAuth Mapping: OpenID '${scope_name}'`;
    database.create("authentik_providers_oauth2.scopemapping", { managed, name, scope_name, description, expression });
  };
  mapping("openid", "", "return {}");
  mapping("email", "Email address", 'return {\n    "email": request.user.email,\n    "email_verified": False\n}');
  const profile = {
    name: "request.user.name",
    given_name: "request.user.name",
    preferred_username: "request.user.username",
    nickname: "request.user.username",
    groups: "[group.name for group in request.user.groups.all()]",
  };
  const lines = Object.entries(profile).map(([claim, value]) => `    "${claim}": ${value},`);
  mapping("profile", "General Profile Information", `return {\n${lines.join("\n")}\n}`);
  mapping("offline_access", "Access to request new tokens without interaction", "return {}");
  const certificate = { name: "authentik Self-signed Certificate", managed: "goauthentik.io/crypto/self-signed" };
  database.create("authentik_crypto.certificatekeypair", certificate);
}

function plantUser(database: Database, user: SeedUser): void {
  const { username, password, totpSecret, staticCodes } = user;
  const groups = (user.groups ?? []).map((name) => mustFind(database, "authentik_core.group", { name }).pk);
  const { pk } = database.create("authentik_core.user", {
    username,
    name: user.name ?? username,
    email: user.email ?? "",
    type: user.type ?? "internal",
    is_active: user.active ?? true,
    groups,
    ...(password === undefined ? {} : { password }),
  });
  if (totpSecret !== undefined)
    database.create("authentik_stages_authenticator_totp.totpdevice", {
      user: pk,
      key: totpSecret,
      name: "TOTP Device",
    });
  if (staticCodes !== undefined)
    database.create("authentik_stages_authenticator_static.staticdevice", { user: pk, codes: [...staticCodes] });
}

function plantToken(database: Database, { identifier, user, intent, key, permissions }: SeedToken): void {
  const owner = mustFind(database, "authentik_core.user", { username: user });
  if (permissions !== undefined) {
    const others = permissionsOf(database, owner);
    database.update("authentik_core.user", owner, { permissions: [...new Set([...others, ...permissions])] });
  }
  database.create("authentik_core.token", { identifier, user: owner.pk, intent, key, expiring: false });
}

function mustFind(database: Database, model: string, where: JsonObject): Row {
  const row = database.find(model, where);
  if (row === undefined)
    throw new Error(`The lab's Authentik seed refers to ${model} ${JSON.stringify(where)}, which it does not create.`);
  return row;
}
