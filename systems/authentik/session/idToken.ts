import { randomUUID } from "node:crypto";
import { ZotAuthError } from "../../../core/errors.ts";
import type { ClaimsSeen } from "../../zot/signIn/diagnosis/groupsClaim.ts";
import type { AuthentikSession } from "./session.ts";
import { authorizeAt } from "./authorize.ts";
import { at, request, string } from "../../../core/http/http.ts";
import type { HttpResponse, Endpoint } from "../../../core/http/http.ts";
import { Secret } from "../../../core/secret.ts";

/** The OAuth2 client that zot is, as its config says. */
export interface RelyingParty {
  /** To the byte: zot compares it so. */
  readonly issuer: string;
  readonly clientSecret: Secret;
  /** The claim that it looks at for the groups. */
  readonly groupsClaim: string;
}

type Claims = Readonly<Record<string, unknown>>;

/**
 * What Authentik tells zot of the account, by a second authorization-code exchange, made like zot's own: same client, same scopes, same
 * redirect address. Its code is redeemed here and never by zot, so nothing at zot changes. The tokens are forgotten: only names come back.
 *
 * @param authorize where zot sends people for the sign-in
 * @throws ZotAuthError `ISSUER_DIFFERS`, `CLIENT_SECRET_REFUSED`, `TOKEN_REFUSED`, and what {@link authorizeAt} throws
 */
export async function readClaims(
  session: AuthentikSession,
  authorize: URL,
  party: RelyingParty,
  signal: AbortSignal,
): Promise<ClaimsSeen> {
  const { endpoint } = session;
  const { tokenPath, userInfoPath } = await discover(endpoint, party.issuer, signal);
  const asked = new URL(authorize);
  const state = randomUUID();
  asked.searchParams.set("state", state);
  const callback = await authorizeAt(session, asked);
  const code = callback.searchParams.get("code") ?? "";
  if (code === "" || callback.searchParams.get("state") !== state) throw noCode();

  const client = asked.searchParams.get("client_id") ?? "";
  const form = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    redirect_uri: asked.searchParams.get("redirect_uri") ?? "",
  });
  const answer = await request(endpoint, tokenPath, {
    method: "POST",
    body: form.toString(),
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      accept: "application/json",
      authorization: basic(client, party.clientSecret),
    },
    signal,
  });
  if (answer.status !== 200) throw refused(answer, client);
  const idToken = payload(string(at(answer.json, "id_token")));
  assertIssuer(string(idToken["iss"]), party.issuer, "the ID token");
  const accessToken = new Secret(string(at(answer.json, "access_token")));
  const userInfo = await userInfoOf(endpoint, userInfoPath, accessToken, signal);
  const scopes = (asked.searchParams.get("scope") ?? "").split(/\s+/).filter((scope) => scope !== "");
  return seen(party.groupsClaim, scopes, [userInfo, idToken]);
}

/** The issuer's own addresses, as paths: they have to be on the server that we know. */
async function discover(
  endpoint: Endpoint,
  issuer: string,
  signal: AbortSignal,
): Promise<{ readonly tokenPath: string; readonly userInfoPath: string }> {
  const path = `${pathOn(endpoint, issuer, "issuer").replace(/\/$/, "")}/.well-known/openid-configuration`;
  const answer = await request(endpoint, path, { headers: { accept: "application/json" }, signal });
  if (answer.status !== 200) {
    throw new ZotAuthError(
      "ISSUER_MISSING",
      `Authentik has no OpenID configuration of the issuer ${issuer} (it answers ${answer.status}): zot does not start without it. ` +
        "See the application (setting authentik.application) and its provider in Authentik.",
    );
  }
  assertIssuer(string(at(answer.json, "issuer")), issuer, "its discovery document");
  return {
    tokenPath: pathOn(endpoint, string(at(answer.json, "token_endpoint")), "token_endpoint"),
    userInfoPath: pathOn(endpoint, string(at(answer.json, "userinfo_endpoint")), "userinfo_endpoint"),
  };
}

function assertIssuer(said: string, issuer: string, where: string): void {
  if (said === issuer) return;
  throw new ZotAuthError(
    "ISSUER_DIFFERS",
    `zot's config has the issuer "${issuer}", and ${where} says "${said}". zot compares them byte by byte, the slash at the end included, and does not start again. ` +
      "Correct authentik.url, or Authentik's own idea of its address (its proxy's headers, the provider's issuer mode).",
  );
}

/** A secret goes to no other server than the one that the settings name. */
function pathOn(endpoint: Endpoint, address: string, what: string): string {
  const url = URL.parse(address);
  if (url !== null && url.origin === new URL(endpoint.url).origin) return url.pathname + url.search;
  throw new ZotAuthError(
    "ISSUER_ELSEWHERE",
    `The ${what} of Authentik's OpenID configuration is "${address}", which is not on authentik.url ${endpoint.url}. Correct that setting, or Authentik's own idea of its address.`,
  );
}

/** RFC 6749, 2.3.1: both parts form-encoded. */
function basic(client: string, secret: Secret): Secret {
  const pair = `${encodeURIComponent(client)}:${encodeURIComponent(secret.reveal())}`;
  return new Secret(`Basic ${Buffer.from(pair).toString("base64")}`);
}

function noCode(): ZotAuthError {
  return new ZotAuthError(
    "OIDC_REFUSED",
    "Authentik answers zot's authorization request without a code, or for another request. Compare its OAuth2 provider with the blueprint.",
  );
}

/** Only the error's name: what else the answer says could repeat the request. */
function refused(answer: HttpResponse, client: string): ZotAuthError {
  const error = string(at(answer.json, "error"));
  if (error === "invalid_client") {
    return new ZotAuthError(
      "CLIENT_SECRET_REFUSED",
      `Authentik does not accept the client secret of authentik.clientSecret for the client "${client}". Compare it with the variable of Authentik's worker ` +
        "(setting authentik.clientSecretVariable), and apply the blueprint again.",
    );
  }
  return new ZotAuthError(
    "TOKEN_REFUSED",
    `Authentik gives the client "${client}" no token for a fresh code (${answer.status}${error === "" ? "" : `, ${error}`}). See Authentik's log, and its OAuth2 provider.`,
  );
}

/** The claims of a token that has just come from the issuer itself, whose signature therefore need not be checked. */
function payload(token: string): Claims {
  const claims = parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
  if (claims !== undefined) return claims;
  throw new ZotAuthError(
    "TOKEN_REFUSED",
    "Authentik's answer for a fresh code holds no readable ID token. zot needs a signed, unencrypted one: see the OAuth2 provider's keys in Authentik.",
  );
}

async function userInfoOf(endpoint: Endpoint, path: string, token: Secret, signal: AbortSignal): Promise<Claims> {
  const authorization = new Secret(`Bearer ${token.reveal()}`);
  const answer = await request(endpoint, path, { headers: { authorization, accept: "application/json" }, signal });
  const claims = answer.status === 200 ? parse(answer.text) : undefined;
  if (claims !== undefined) return claims;
  throw new ZotAuthError(
    "USERINFO_REFUSED",
    `Authentik's UserInfo answers ${answer.status} to a fresh access token; zot asks it at every sign-in. See Authentik's log.`,
  );
}

function seen(claim: string, scopes: readonly string[], sources: readonly Claims[]): ClaimsSeen {
  const values = sources.map((claims) => claims[claim]).filter((value) => value !== undefined && value !== null);
  const groups = values.flat().filter((value) => typeof value === "string");
  return {
    claim,
    scopes,
    claims: [...new Set(sources.flatMap((claims) => Object.keys(claims)))].sort(),
    groups: [...new Set(groups)].sort(),
    form: formOf(values),
  };
}

function formOf(values: readonly unknown[]): ClaimsSeen["form"] {
  if (values.length === 0) return "missing";
  if (values.some((value) => Array.isArray(value))) return "list";
  return values.some((value) => typeof value === "string") ? "text" : "other";
}

function parse(text: string): Claims | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null ? (value as Claims) : undefined;
  } catch {
    return undefined;
  }
}
