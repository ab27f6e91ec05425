import { ZotAuthError } from "../../../core/errors.ts";
import { assertKept } from "../../authentik/session/session.ts";
import type { AuthentikSession } from "../../authentik/session/session.ts";
import { authorizeAt } from "../../authentik/session/authorize.ts";
import { CookieJar } from "../../../core/http/cookies.ts";
import { isUnavailable, redirectOf, request, unexpected } from "../../../core/http/http.ts";
import type { HttpResponse, Endpoint } from "../../../core/http/http.ts";
import { saidIn } from "../../../core/http/said.ts";
import { authenticate, zotEndpoint } from "../client.ts";
import type { ZotCredentials } from "../client.ts";
import { whereNamesComeFrom } from "./usernameClaim.ts";

/** The sign-in that zot's login page starts. */
export const LOGIN_PATH = "/zot/auth/login?provider=oidc&callback_ui=%2F";

/** A registry, and where it gets the names of accounts. */
export interface ZotAccounts {
  /** The registry's address, without a trailing slash. */
  readonly registryUrl: string;
  /** The claim from which zot reads an account's name. Default: `preferred_username`. */
  readonly usernameClaim?: string | undefined;
}

/** A sign-in that zot has begun: where it sends the browser, and its cookies. */
export interface BegunSignIn {
  readonly authorize: URL;
  readonly jar: CookieJar;
}

/** A session at zot, and the account's name as zot has it. */
export interface ZotSession {
  readonly credentials: ZotCredentials;
  readonly identity: string;
}

/**
 * Begins a sign-in at zot.
 *
 * @throws ZotAuthError `ZOT_LOGIN_OFF` if zot does not redirect, `COOKIE_NOT_KEPT` if its session cookie could not be kept
 */
export async function beginSignIn(url: string, signal: AbortSignal): Promise<BegunSignIn> {
  const endpoint = zotEndpoint(url);
  const jar = new CookieJar();
  const answer = await request(endpoint, LOGIN_PATH, { signal });
  await jar.keep(answer, url + LOGIN_PATH);
  const authorize = redirectOf(answer);
  if (authorize !== undefined) {
    assertKept(jar, endpoint);
    return { authorize, jar };
  }
  throw new ZotAuthError(
    "ZOT_LOGIN_OFF",
    `${unexpected(endpoint, "begin an OIDC sign-in", answer).message} http.auth of its config must have openid.`,
  );
}

/** The client ID with which zot sends people to Authentik; `undefined` if zot does not say. */
export async function clientIdAt(url: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    return (await beginSignIn(url, signal)).authorize.searchParams.get("client_id") ?? undefined;
  } catch (error) {
    if (!(error instanceof ZotAuthError)) throw error;
    return undefined;
  }
}

/**
 * Signs in to zot through OIDC, with a session at Authentik instead of a browser: authorize, callback.
 * It is also what makes zot store the account's groups, which every API key of the account then has.
 *
 * @throws ZotAuthError `ZOT_LOGIN_FAILED`, `IDENTITY_MISSING`, `REDIRECT_ELSEWHERE`, and what {@link authorizeAt} throws
 */
export async function finishSignIn(
  { registryUrl: url, usernameClaim }: ZotAccounts,
  { authorize, jar }: BegunSignIn,
  authentik: AuthentikSession,
  signal: AbortSignal,
): Promise<ZotSession> {
  const endpoint = zotEndpoint(url);
  const callback = await authorizeAt(authentik, authorize);
  if (callback.origin !== url) {
    throw new ZotAuthError(
      "REDIRECT_ELSEWHERE",
      `Authentik sends the sign-in to ${callback.origin}, not to registry.url ${url}. Set registry.url to the address that people use.`,
    );
  }
  const path = callback.pathname + callback.search;
  const answer = await request(endpoint, path, {
    headers: { cookie: await jar.header(url + path) },
    // zot redeems the code, which is valid once.
    idempotent: false,
    signal,
  });
  await jar.keep(answer, url + path);
  if (isUnavailable(answer)) throw unexpected(endpoint, "finish the sign-in", answer);
  if (answer.status !== 302 && answer.status !== 201) throw callbackRefused(endpoint, answer, usernameClaim);
  if (!(await jar.has("session", url))) throw unexpected(endpoint, "open a session after the OIDC sign-in", answer);
  return { credentials: { kind: "session", jar }, identity: await jar.value("user", url) };
}

/**
 * Ends the session: zot's log has its cookie, and it would last for two hours. This also happens when the run was cancelled, so it uses no
 * signal and has five seconds of its own.
 */
export async function signOut(url: string, session: ZotCredentials): Promise<void> {
  const endpoint = zotEndpoint(url);
  const headers = await authenticate(endpoint, session);
  const answer = await request(endpoint, "/zot/auth/logout", { method: "POST", idempotent: true, headers, timeout: 5 });
  if (answer.status !== 200) throw unexpected(endpoint, "end the session", answer);
}

function callbackRefused(endpoint: Endpoint, answer: HttpResponse, usernameClaim?: string): ZotAuthError {
  const said = saidIn(answer);
  if (answer.status === 401 && said === "") {
    return new ZotAuthError(
      "IDENTITY_MISSING",
      `zot redeemed the code and found no account name. ${whereNamesComeFrom(usernameClaim)}`,
    );
  }
  return new ZotAuthError(
    "ZOT_LOGIN_FAILED",
    `zot refuses the sign-in at its callback (${answer.status}${said === "" ? "" : `: ${said}`}). It could not redeem the code: compare the client secret in zot's ` +
      `credentials file with Authentik's (settings authentik.clientSecret and authentik.clientSecretVariable), and check zot's log at ${endpoint.url}.`,
  );
}
