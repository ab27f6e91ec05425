// Stands in for Authentik: a running OpenID provider for one OAuth2 provider object.
import type { Configuration, JWK, KoaContextWithOIDC } from "oidc-provider";
import Provider from "oidc-provider";
import type { Database } from "../../models/database.ts";
import { durationSeconds } from "../../models/durations.ts";
import { shown, text } from "../../../shared/json.ts";
import { messagePage } from "../../pages/pages.ts";
import { tokenError } from "../errors.ts";
import type { SubjectOf } from "./storage.ts";
import { storageFor } from "./storage.ts";
import { machineGrants, registerMachineGrants } from "./machineGrants.ts";
import { allowsGrant, isRedirectUriAllowed } from "../redirectUris.ts";
import { claimNames, claimsFor, mappingsOf } from "../scopeMappings.ts";
import { encryptionKeyOf, signingKeyOf } from "./signingKeys.ts";
import type { Row } from "../../models/state.ts";
import { uidOf } from "../../api/views.ts";

/** The cookie with which the library finds a session. Only our code sends it to the library; a browser never sees it. */
export const sessionCookie = "session";

export interface OpenidProviderOptions {
  readonly database: Database;
  /** The provider object. */
  readonly row: Row;
  /** `http://127.0.0.1:9000/application/o/zot/`. */
  readonly issuer: string;
  /** The account of a session. */
  readonly userOfSession: (session: string) => { readonly user: Row; readonly authTime: number } | undefined;
}

/** Creates the provider. Its paths are `/authorize`, `/token`, `/userinfo`, `/jwks`, `/revoke` and `/introspect`. */
export async function createOpenidProvider(options: OpenidProviderOptions): Promise<Provider> {
  const { database, row, issuer, userOfSession } = options;
  const key = await signingKeyOf(database, row);
  const subjectOf: SubjectOf = (session) => {
    const login = userOfSession(session);
    if (login === undefined) return undefined;
    return { subject: subject(database, row, login.user), authTime: login.authTime };
  };
  const provider = new Provider(issuer, {
    ...protocol(database, row),
    adapter: storageFor(database, subjectOf),
    clients: [
      { ...client(database, row, issuer, key?.alg ?? "HS256"), ...encrypted(await encryptionKeyOf(database, row)) },
    ],
    jwks: { keys: key === undefined ? [] : [key] },
    cookies: { keys: [database.state.secretKey], names: { session: sessionCookie }, long: { signed: false } },
    findAccount: (_ctx, accountId) => {
      const user = database.all("authentik_core.user").find((other) => subject(database, row, other) === accountId);
      if (user?.["is_active"] !== true) return undefined;
      return { accountId, claims: (_use, scope) => ({ sub: accountId, ...claims(database, row, user, scope) }) };
    },
    loadExistingGrant: grantAsked,
  });
  // Replaces the library's check, since Authentik also accepts patterns.
  Object.defineProperty(provider.Client.prototype, "redirectUriAllowed", {
    value: (uri: string) => isRedirectUriAllowed(row, uri),
  });
  registerMachineGrants(provider, {
    database,
    row,
    subjectOf: (user) => subject(database, row, user),
    claimsOf: (user, scope) => claims(database, row, user, scope),
  });
  provider.on("authorization.success", (_ctx, answer) => {
    // Authentik's response has no `iss`.
    if (answer !== undefined) delete answer["iss"];
  });
  provider.use(async (ctx, next) => {
    const cookies = ctx.res.getHeader("set-cookie");
    await next();
    // The browser does not need the library's cookies.
    ctx.remove("set-cookie");
    if (cookies !== undefined) ctx.res.setHeader("set-cookie", cookies);
    speakAsAuthentik(ctx);
  });
  return provider;
}

function protocol(database: Database, row: Row): Configuration {
  const mappings = mappingsOf(database, row);
  const scopes = [...new Set(mappings.map((mapping) => text(mapping["scope_name"])))];
  const seconds = (field: string): number => durationSeconds(text(row[field]));
  const namesIn = (scope: string): string[] =>
    mappings.filter((mapping) => mapping["scope_name"] === scope).flatMap((mapping) => [...claimNames(mapping)]);
  return {
    scopes: [...new Set(["openid", ...scopes])],
    claims: {
      ...Object.fromEntries(scopes.map((scope) => [scope, namesIn(scope)])),
      openid: ["sub", ...namesIn("openid")],
    },
    // By the standard, an ID token issued with an access token has no scope claims. Authentik has a setting for that.
    conformIdTokenClaims: row["include_claims_in_id_token"] !== true,
    interactions: { policy: [] },
    renderError: (ctx, out) => {
      ctx.type = "html";
      ctx.body = messagePage("Error", out.error_description ?? out.error);
    },
    pkce: { required: () => false },
    expiresWithSession: () => false,
    routes: {
      authorization: "/authorize",
      token: "/token",
      userinfo: "/userinfo",
      jwks: "/jwks",
      revocation: "/revoke",
      introspection: "/introspect",
    },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      revocation: { enabled: true },
      introspection: { enabled: true },
      encryption: { enabled: true },
    },
    ttl: {
      AuthorizationCode: seconds("access_code_validity"),
      AccessToken: seconds("access_token_validity"),
      IdToken: seconds("access_token_validity"),
      RefreshToken: seconds("refresh_token_validity"),
      Grant: seconds("refresh_token_validity"),
      Session: 3600,
    },
  };
}

/** As Authentik encrypts. */
function encrypted(key: JWK | undefined): Partial<Client> {
  if (key === undefined) return {};
  return {
    jwks: { keys: [key] },
    id_token_encrypted_response_alg: "RSA-OAEP-256",
    id_token_encrypted_response_enc: "A256CBC-HS512",
  };
}

type Client = NonNullable<Configuration["clients"]>[number];

function client(database: Database, row: Row, issuer: string, alg: string): Client {
  const isPublic = row["client_type"] === "public";
  const machines = machineGrants.filter((grant) => allowsGrant(row, grant));
  const refreshes = mappingsOf(database, row).some((mapping) => mapping["scope_name"] === "offline_access");
  return {
    client_id: text(row["client_id"]),
    ...(isPublic ? {} : { client_secret: text(row["client_secret"]) }),
    redirect_uris: [issuer],
    response_types: ["code"],
    grant_types: ["authorization_code", ...(refreshes ? ["refresh_token"] : []), ...machines],
    token_endpoint_auth_method: isPublic ? "none" : "client_secret_post",
    id_token_signed_response_alg: alg as "RS256",
  };
}

function claims(database: Database, row: Row, user: Row, scope: string): Record<string, unknown> {
  const granted = mappingsOf(database, row).filter((mapping) => scope.split(" ").includes(text(mapping["scope_name"])));
  return Object.assign({}, ...granted.map((mapping) => claimsFor(database, mapping, user))) as Record<string, unknown>;
}

function subject(database: Database, row: Row, user: Row): string {
  const field: Readonly<Record<string, string>> = {
    user_id: "pk",
    user_uuid: "uuid",
    user_username: "username",
    user_email: "email",
  };
  const name = field[text(row["sub_mode"])];
  return name === undefined ? uidOf(database, user) : shown(user[name]);
}

/** Grants everything requested: consent is implicit. */
async function grantAsked(ctx: KoaContextWithOIDC): Promise<InstanceType<Provider["Grant"]> | undefined> {
  const { provider, client: asking, account } = ctx.oidc;
  if (asking === undefined || account === undefined) return undefined;
  const grant = new provider.Grant({ accountId: account.accountId, clientId: asking.clientId });
  grant.addOIDCScope([...ctx.oidc.requestParamScopes].join(" "));
  await grant.save();
  return grant;
}

/** Authentik redirects with 302. Its token endpoint uses its own error messages and one status for all of them. */
function speakAsAuthentik(ctx: Spoken): void {
  const { path, body } = ctx;
  if (ctx.status === 303) ctx.status = 302;
  if (typeof body !== "object" || body === null) return;
  if (path === "/token" && "error" in body) {
    ctx.status = 400;
    ctx.body = tokenError(String(body.error));
  }
  ctx.set("content-type", "application/json");
}

interface Spoken {
  readonly path: string;
  body: unknown;
  status: number;
  set(header: string, value: string): void;
}
