import { ZotAuthError } from "../../domain/errors.ts";
import { CookieJar } from "./cookies.ts";
import { at, list, request, string, unexpected } from "./http.ts";
import type { Answer, Endpoint, RequestOptions } from "./http.ts";
import type { AuthentikSession } from "./machineSignIn.ts";
import { Secret } from "./secret.ts";

/** An API key as zot lists it: everything but the key. */
export interface ApiKeyInfo {
  readonly uuid: string;
  readonly label: string;
  readonly createdAt: string;
  readonly expirationDate: string;
  readonly lastUsed: string;
  readonly isExpired: boolean;
}

/** How requests to zot are signed: with a session of the browser kind, or with an API key. */
export type ZotCredentials =
  | { readonly kind: "session"; readonly jar: CookieJar }
  | { readonly kind: "key"; readonly username: string; readonly key: Secret };

export function zotEndpoint(url: string): Endpoint {
  return { name: "zot", url, setting: "registry.url" };
}

/** Headers that authenticate a request; a session counts only with zot's UI header beside its cookie. */
export async function authenticate(
  endpoint: Endpoint,
  credentials?: ZotCredentials,
): Promise<Record<string, string | Secret>> {
  switch (credentials?.kind) {
    case "session":
      return { cookie: await credentials.jar.header(endpoint.url), "x-zot-api-client": "zot-ui" };
    case "key":
      return { authorization: basic(credentials.username, credentials.key) };
    case undefined:
      return {};
  }
}

function basic(username: string, key: Secret): Secret {
  return new Secret(`Basic ${Buffer.from(`${username}:${key.reveal()}`).toString("base64")}`);
}

/**
 * Signs in to zot through OIDC, with a session at Authentik in place of a browser: login, authorize, callback.
 * It is also what makes zot store the account's groups, which every API key of the account then has.
 *
 * @throws ZotAuthError `APPLICATION_DENIED`, `OIDC_REFUSED`, `ZOT_LOGIN_FAILED`
 */
export async function signInToZot(
  url: string,
  authentik: AuthentikSession,
  signal: AbortSignal,
): Promise<ZotCredentials> {
  const endpoint = zotEndpoint(url);
  const jar = new CookieJar();
  const step = async (path: string): Promise<Answer> => {
    const answer = await request(endpoint, path, { headers: { cookie: await jar.header(url + path) }, signal });
    await jar.keep(answer, url + path);
    return answer;
  };
  const login = await step("/zot/auth/login?provider=oidc&callback_ui=%2F");
  const authorize = redirect(login);
  if (authorize === undefined) throw unexpected(endpoint, "begin an OIDC sign-in (is openid in its config?)", login);
  const callback = await authorizeAt(authentik, authorize);
  if (callback.origin !== url) {
    throw new ZotAuthError(
      "REDIRECT_ELSEWHERE",
      `Authentik sends the sign-in to ${callback.origin}, not to registry.url ${url}. Set registry.url to the address that people use.`,
    );
  }
  const answer = await step(callback.pathname + callback.search);
  if (answer.status !== 302 && answer.status !== 201) throw callbackRefused(endpoint, answer);
  if (!(await jar.has("session", url))) throw unexpected(endpoint, "open a session after the OIDC sign-in", answer);
  return { kind: "session", jar };
}

async function authorizeAt(session: AuthentikSession, authorize: URL): Promise<URL> {
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
  return new ZotAuthError(
    "ZOT_LOGIN_FAILED",
    `zot refuses the sign-in at its callback (${answer.status}${said === "" ? "" : `: ${said}`}). It could not redeem the code: compare the client secret in zot's ` +
      `credentials file with Authentik's (settings authentik.clientSecret and authentik.clientSecretVariable), and see zot's log at ${endpoint.url}.`,
  );
}

/** The API keys of the account that the credentials belong to. */
export async function listKeys(
  url: string,
  credentials: ZotCredentials,
  signal: AbortSignal,
): Promise<readonly ApiKeyInfo[]> {
  const answer = await keys(url, credentials, "", { signal });
  if (answer.status !== 200) throw unexpected(zotEndpoint(url), "list the account's API keys", answer);
  return list(at(answer.json, "apiKeys")).map(toInfo);
}

/** Makes a key. The answer is the only time that zot shows it. */
export async function createKey(
  url: string,
  credentials: ZotCredentials,
  wanted: { readonly label: string; readonly expirationDate: string },
  signal: AbortSignal,
): Promise<ApiKeyInfo & { readonly key: Secret }> {
  const answer = await keys(url, credentials, "", { method: "POST", json: wanted, signal });
  if (answer.status !== 201) throw unexpected(zotEndpoint(url), "make an API key", answer);
  return { ...toInfo(answer.json), key: new Secret(string(at(answer.json, "apiKey"))) };
}

/** Revokes a key. zot answers the same for a key that is gone already. */
export async function revokeKey(
  url: string,
  credentials: ZotCredentials,
  uuid: string,
  signal: AbortSignal,
): Promise<void> {
  const answer = await keys(url, credentials, `?id=${encodeURIComponent(uuid)}`, { method: "DELETE", signal });
  if (answer.status !== 200) throw unexpected(zotEndpoint(url), "revoke an API key", answer);
}

async function keys(url: string, credentials: ZotCredentials, query: string, options: RequestOptions): Promise<Answer> {
  const endpoint = zotEndpoint(url);
  return request(endpoint, `/zot/auth/apikey${query}`, {
    ...options,
    headers: await authenticate(endpoint, credentials),
  });
}

/** Whether zot takes the key: a wrong, expired or revoked one is refused everywhere, also where anybody may read. */
export async function keyWorks(url: string, username: string, key: Secret, signal: AbortSignal): Promise<boolean> {
  const endpoint = zotEndpoint(url);
  const answer = await request(endpoint, "/v2/", {
    headers: await authenticate(endpoint, { kind: "key", username, key }),
    signal,
  });
  if (answer.status === 200) return true;
  if (answer.status === 401) return false;
  throw unexpected(endpoint, "take an API key", answer);
}

function toInfo(value: unknown): ApiKeyInfo {
  return {
    uuid: string(at(value, "uuid")),
    label: string(at(value, "label")),
    createdAt: string(at(value, "createdAt")),
    expirationDate: string(at(value, "expirationDate")),
    lastUsed: string(at(value, "lastUsed")),
    isExpired: at(value, "isExpired") === true,
  };
}
