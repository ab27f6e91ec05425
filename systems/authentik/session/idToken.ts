import * as oauth from "oauth4webapi";
import { ZotAuthError } from "../../../core/errors.ts";
import type { AuthentikSession } from "./session.ts";
import { authorizeAt } from "./authorize.ts";
import { pathOn } from "../../../core/http/pathOn.ts";
import { isUnavailable, request, unexpected } from "../../../core/http/http.ts";
import { at, string } from "../../../core/json.ts";
import type { Endpoint } from "../../../core/http/http.ts";
import type { Secret } from "../../../core/secrets/secret.ts";
import type { ClaimsSeen } from "./claims.ts";

/** zot's OAuth2 client, from its config. */
export interface RelyingParty {
  /** zot compares it byte by byte. */
  readonly issuer: string;
  readonly clientSecret: Secret;
  /** The claim from which it reads the groups. */
  readonly groupsClaim: string;
}

type Claims = Readonly<Record<string, unknown>>;

/** What the steps of one exchange share. */
interface Exchange {
  readonly endpoint: Endpoint;
  readonly party: RelyingParty;
  readonly client: oauth.Client;
  /** Requests use our own client; Authentik in a homelab may be on plain http. */
  readonly options: {
    readonly [oauth.customFetch]: (url: string, options: Sent) => Promise<Response>;
    readonly [oauth.allowInsecureRequests]: true;
  };
}

/** A request that the library sends. */
interface Sent {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/** Allowed clock skew between this machine and Authentik, in seconds: only zot's view matters. */
const CLOCK_TOLERANCE = 300;

/**
 * The claims that zot gets about the account, by a second authorization-code exchange like zot's own: same client, scopes and
 * redirect URI. Its code is redeemed here and never by zot, so nothing changes at zot. The tokens are dropped: only names are returned.
 *
 * @param authorize the URL to which zot redirects for the sign-in
 * @throws ZotAuthError `ISSUER_MISSING`, `ISSUER_DIFFERS`, `ISSUER_ELSEWHERE`, `CLIENT_SECRET_REFUSED`, `TOKEN_REFUSED`, `USERINFO_REFUSED`,
 *   and what {@link authorizeAt} throws
 */
export async function readClaims(
  session: AuthentikSession,
  authorize: URL,
  party: RelyingParty,
  signal: AbortSignal,
): Promise<ClaimsSeen> {
  const asked = new URL(authorize);
  const { endpoint } = session;
  const exchange: Exchange = {
    endpoint,
    party,
    client: { client_id: asked.searchParams.get("client_id") ?? "", [oauth.clockTolerance]: CLOCK_TOLERANCE },
    options: {
      [oauth.allowInsecureRequests]: true,
      [oauth.customFetch]: async (url, sent) => fetchFrom(endpoint, url, sent, signal),
    },
  };
  const server = await discover(exchange);
  const state = oauth.generateRandomState();
  asked.searchParams.set("state", state);
  const verifier = oauth.generateRandomCodeVerifier();
  asked.searchParams.set("code_challenge", await oauth.calculatePKCECodeChallenge(verifier));
  asked.searchParams.set("code_challenge_method", "S256");
  const callback = await authorizeAt(session, asked);
  const { idToken, accessToken } = await redeem(exchange, server, { asked, callback, state, verifier });
  const userInfo = await userInfoOf(exchange, server, { accessToken, subject: idToken.sub });
  const scopes = (asked.searchParams.get("scope") ?? "").split(/\s+/).filter((scope) => scope !== "");
  return seen(party.groupsClaim, scopes, [userInfo, idToken]);
}

/** The issuer's configuration, whose endpoints must be on the server from the settings. */
async function discover({ endpoint, party: { issuer }, options }: Exchange): Promise<oauth.AuthorizationServer> {
  assertOn(endpoint, issuer, "issuer");
  const response = await oauth.discoveryRequest(new URL(issuer), options);
  if (response.status !== 200) {
    throw new ZotAuthError(
      "ISSUER_MISSING",
      `Authentik has no OpenID configuration for the issuer ${issuer} (it answers ${response.status}), without which zot does not start. ` +
        "Check the application (setting authentik.application) and its provider in Authentik.",
    );
  }
  try {
    const server = await oauth.processDiscoveryResponse(new URL(issuer), response);
    // The library compares addresses, zot compares bytes.
    assertIssuer(server.issuer, issuer, "its discovery document");
    assertOn(endpoint, server.token_endpoint, "token_endpoint");
    assertOn(endpoint, server.userinfo_endpoint, "userinfo_endpoint");
    return server;
  } catch (error) {
    if (error instanceof oauth.OperationProcessingError)
      assertIssuer(string(at(error.cause, "body", "issuer")), issuer, "its discovery document");
    throw error;
  }
}

/** Exchanges the code of a callback for tokens. */
async function redeem(
  { client, party, options }: Exchange,
  server: oauth.AuthorizationServer,
  answered: { readonly asked: URL; readonly callback: URL; readonly state: string; readonly verifier: string },
): Promise<{ readonly idToken: oauth.IDToken; readonly accessToken: string }> {
  const { asked, callback, state, verifier } = answered;
  let parameters: URLSearchParams;
  try {
    parameters = oauth.validateAuthResponse(server, client, callback, state);
    if (!parameters.has("code")) throw noCode();
  } catch (error) {
    throw isRefusal(error) ? noCode() : error;
  }
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    // Authentik does not decode the percent-encoding of HTTP Basic, so a secret with `+`, `/`, `=` or `%` would fail.
    oauth.ClientSecretPost(party.clientSecret.reveal()),
    parameters,
    asked.searchParams.get("redirect_uri") ?? "",
    verifier,
    options,
  );
  try {
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
      requireIdToken: true,
      expectedNonce: asked.searchParams.get("nonce") ?? oauth.expectNoNonce,
    });
    const idToken = oauth.getValidatedIdTokenClaims(tokens);
    if (idToken === undefined) throw unreadable("no ID token");
    // Byte by byte, as zot does.
    assertIssuer(idToken.iss, party.issuer, "the ID token");
    return { idToken, accessToken: tokens.access_token };
  } catch (error) {
    throw tokenRefused(error, client.client_id, response.status, party.issuer);
  }
}

async function userInfoOf(
  { client, options }: Exchange,
  server: oauth.AuthorizationServer,
  { accessToken, subject }: { readonly accessToken: string; readonly subject: string },
): Promise<Claims> {
  const response = await oauth.userInfoRequest(server, client, accessToken, options);
  try {
    return await oauth.processUserInfoResponse(server, client, subject, response);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const why = response.status === 200 ? ` (${error.message})` : "";
    throw new ZotAuthError(
      "USERINFO_REFUSED",
      `Authentik's UserInfo answers ${response.status} to a new access token${why}; zot calls it at every sign-in. See Authentik's log.`,
      error,
    );
  }
}

/** Sends the library's requests. Hides the challenge from it, since the body says more. */
async function fetchFrom(endpoint: Endpoint, url: string, sent: Sent, signal: AbortSignal): Promise<Response> {
  const path = pathOn(endpoint, url);
  if (path === undefined) throw elsewhere(endpoint, url.replace(/\?.*/, ""), "address");
  const response = await request(endpoint, path, {
    method: sent.method === "POST" ? "POST" : "GET",
    headers: sent.headers,
    ...(sent.body instanceof URLSearchParams ? { body: sent.body.toString() } : {}),
    signal,
  });
  // The path alone: a query holds a code.
  if (isUnavailable(response)) throw unexpected(endpoint, `answer ${path.replace(/\?.*/, "")}`, response);
  return new Response(response.text, {
    status: response.status,
    headers: { "content-type": response.header("content-type") ?? "" },
  });
}

function assertIssuer(said: string, issuer: string, where: string): void {
  if (said === issuer) return;
  throw new ZotAuthError(
    "ISSUER_DIFFERS",
    `zot's config has the issuer "${issuer}", but ${where} says "${said}". zot compares them byte by byte, including a trailing slash, and does not start unless they are identical. ` +
      "Correct authentik.url, or the address that Authentik reports for itself (its proxy's headers, the provider's issuer mode).",
  );
}

/** Secrets are sent only to the server that the settings name. */
function assertOn(endpoint: Endpoint, address: string | undefined, what: string): void {
  if (URL.canParse(address ?? "") && pathOn(endpoint, address ?? "") !== undefined) return;
  throw elsewhere(endpoint, address ?? "", what);
}

function elsewhere(endpoint: Endpoint, address: string, what: string): ZotAuthError {
  return new ZotAuthError(
    "ISSUER_ELSEWHERE",
    `The ${what} of Authentik's OpenID configuration is "${address}", which is not on authentik.url ${endpoint.url}. Correct that setting, or the address that Authentik reports for itself.`,
  );
}

type Refusal = oauth.OperationProcessingError | oauth.ResponseBodyError | oauth.UnsupportedOperationError;

/** The library's message about an invalid response. Its causes hold tokens, so they are dropped. */
function isRefusal(error: unknown): error is Refusal {
  return (
    error instanceof oauth.OperationProcessingError ||
    error instanceof oauth.ResponseBodyError ||
    error instanceof oauth.UnsupportedOperationError
  );
}

function noCode(): ZotAuthError {
  return new ZotAuthError(
    "OIDC_REFUSED",
    "Authentik answers zot's authorization request without a code, or with the state of another request. Compare its OAuth2 provider with the blueprint.",
  );
}

/** Only the error's name: the rest of the response could repeat the request. */
function tokenRefused(error: unknown, client: string, status: number, issuer: string): unknown {
  if (!isRefusal(error)) return error;
  if (at(error.cause, "claim") === "iss")
    assertIssuer(string(at(error.cause, "claims", "iss")), issuer, "the ID token");
  if (status === 200) return unreadable(error.message);
  const said = error instanceof oauth.ResponseBodyError ? error.error : "";
  if (said === "invalid_client") {
    return new ZotAuthError(
      "CLIENT_SECRET_REFUSED",
      `Authentik does not accept the client secret of authentik.clientSecret for the client "${client}". Compare it with the variable of Authentik's worker ` +
        "(setting authentik.clientSecretVariable), and apply the blueprint again.",
    );
  }
  return new ZotAuthError(
    "TOKEN_REFUSED",
    `Authentik issues no token to the client "${client}" for a new authorization code (${status}${said === "" ? "" : `, ${said}`}). Check Authentik's log, and its OAuth2 provider.`,
  );
}

function unreadable(why: string): ZotAuthError {
  return new ZotAuthError(
    "TOKEN_REFUSED",
    `Authentik's response to a new authorization code holds no valid ID token (${why}). zot needs a signed, unencrypted one: check the OAuth2 provider's keys in Authentik.`,
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
