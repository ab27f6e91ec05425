import { ZotAuthError } from "../../domain/errors.ts";
import { CookieJar } from "./cookies.ts";
import { at, request, string, unexpected } from "./http.ts";
import type { Answer, Endpoint } from "./http.ts";
import type { AuthentikSession } from "./machineSignIn.ts";
import { zotEndpoint } from "./zot.ts";
import type { ZotCredentials } from "./zot.ts";

/** The sign-in that zot's login page begins. */
export const LOGIN_PATH = "/zot/auth/login?provider=oidc&callback_ui=%2F";

/** A sign-in that zot has begun: where it sends the browser, and the cookies by which it knows it again. */
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
 * @throws ZotAuthError `ZOT_LOGIN_OFF` when zot sends nobody anywhere
 */
export async function beginSignIn(url: string, signal: AbortSignal): Promise<BegunSignIn> {
  const endpoint = zotEndpoint(url);
  const jar = new CookieJar();
  const answer = await request(endpoint, LOGIN_PATH, { signal });
  await jar.keep(answer, url + LOGIN_PATH);
  const authorize = redirect(answer);
  if (authorize !== undefined) return { authorize, jar };
  throw new ZotAuthError(
    "ZOT_LOGIN_OFF",
    `${unexpected(endpoint, "begin an OIDC sign-in", answer).message} http.auth of its config has to have openid.`,
  );
}

/**
 * Signs in to zot through OIDC, with a session at Authentik in place of a browser: authorize, callback.
 * It is also what makes zot store the account's groups, which every API key of the account then has.
 *
 * @throws ZotAuthError `ZOT_LOGIN_FAILED`, `IDENTITY_MISSING`, `REDIRECT_ELSEWHERE`, and what {@link authorizeAt} throws
 */
export async function finishSignIn(
  url: string,
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
  const answer = await request(endpoint, path, { headers: { cookie: await jar.header(url + path) }, signal });
  await jar.keep(answer, url + path);
  if (answer.status !== 302 && answer.status !== 201) throw callbackRefused(endpoint, answer);
  if (!(await jar.has("session", url))) throw unexpected(endpoint, "open a session after the OIDC sign-in", answer);
  return { credentials: { kind: "session", jar }, identity: await jar.value("user", url) };
}

/**
 * Goes through an authorization request with a session at Authentik.
 *
 * @returns where Authentik sends the browser, with the code
 * @throws ZotAuthError `ISSUER_ELSEWHERE`, `APPLICATION_DENIED`, `OIDC_REFUSED`, `CONSENT_ASKED`
 */
export async function authorizeAt(session: AuthentikSession, authorize: URL): Promise<URL> {
  if (authorize.origin !== session.endpoint.url) {
    throw new ZotAuthError(
      "ISSUER_ELSEWHERE",
      `zot sends people to ${authorize.origin} for the sign-in, not to authentik.url ${session.endpoint.url}. Correct that setting, or Authentik's own idea of its address.`,
    );
  }
  const answer = await session.get(authorize.pathname + authorize.search);
  const to = redirect(answer);
  if (to?.origin === session.endpoint.url && to.pathname.startsWith("/if/flow/")) return throughConsent(session, to);
  if (to !== undefined) return to;
  if (answer.status === 200) {
    throw new ZotAuthError(
      "APPLICATION_DENIED",
      "Authentik does not let the service account use the application: no PolicyBinding lets its group in. Apply the blueprint, and see the application's bindings.",
    );
  }
  const title = /<title>\s*([^<]*?)\s*<\/title>/i.exec(answer.text)?.[1] ?? `status ${answer.status}`;
  throw new ZotAuthError(
    "OIDC_REFUSED",
    `Authentik refuses zot's authorization request (${title}). Compare redirect URI, client id and grant types of its OAuth2 provider with the blueprint.`,
  );
}

/** Older Authentik, or an authorization flow with stages: the executor tells where to go on. */
async function throughConsent(session: AuthentikSession, page: URL): Promise<URL> {
  const slug = page.pathname.split("/")[3] ?? "";
  const answer = await session.get(`/api/v3/flows/executor/${slug}/?query=${encodeURIComponent(page.search.slice(1))}`);
  const component = string(at(answer.json, "component"));
  if (component === "xak-flow-redirect") return new URL(string(at(answer.json, "to")), session.endpoint.url);
  throw new ZotAuthError(
    "CONSENT_ASKED",
    `Authentik's flow "${slug}" asks for "${component || `status ${answer.status}`}" before it lets zot in. Set authentik.authorizationFlow to one with implicit consent.`,
  );
}

function redirect(answer: Answer): URL | undefined {
  const location = answer.headers.get("location");
  return answer.status === 302 && location !== null && URL.canParse(location) ? new URL(location) : undefined;
}

function callbackRefused(endpoint: Endpoint, answer: Answer): ZotAuthError {
  const said = answer.text.trim().slice(0, 200);
  if (answer.status === 401 && said === "") {
    return new ZotAuthError(
      "IDENTITY_MISSING",
      "zot redeemed the code and found no name of the account: it takes the claim preferred_username, and the e-mail address where that is missing. " +
        "See Authentik's scope mapping of `profile` (goauthentik.io/providers/oauth2/scope-profile) and whether the OAuth2 provider has it.",
    );
  }
  return new ZotAuthError(
    "ZOT_LOGIN_FAILED",
    `zot refuses the sign-in at its callback (${answer.status}${said === "" ? "" : `: ${said}`}). It could not redeem the code: compare the client secret in zot's ` +
      `credentials file with Authentik's (settings authentik.clientSecret and authentik.clientSecretVariable), and see zot's log at ${endpoint.url}.`,
  );
}
