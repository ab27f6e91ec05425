import type { CookieJar } from "../../core/http/cookies.ts";
import { again } from "../../core/http/retryAttempt.ts";
import { listIn, requestApi } from "../../core/http/api.ts";
import { unexpected } from "../../core/http/http.ts";
import { at, string } from "../../core/json.ts";
import type { HttpResponse, Endpoint, RequestOptions } from "../../core/http/http.ts";
import { Secret } from "../../core/secrets/secret.ts";

/** An API key as zot lists it: everything but the key. */
export interface ApiKeyInfo {
  readonly uuid: string;
  readonly label: string;
  readonly createdAt: string;
  readonly expirationDate: string;
  readonly lastUsed: string;
  readonly isExpired: boolean;
}

/** How requests to zot are authenticated: with a browser session or an API key. */
export type ZotCredentials =
  | { readonly kind: "session"; readonly jar: CookieJar }
  | { readonly kind: "key"; readonly username: string; readonly key: Secret };

export function zotEndpoint(url: string): Endpoint {
  return { name: "zot", url, setting: "registry.url" };
}

/** Headers that authenticate a request; zot accepts a session cookie only together with its UI header. */
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

/** The API keys of the account that the credentials belong to. */
export async function listKeys(
  url: string,
  credentials: ZotCredentials,
  signal: AbortSignal,
): Promise<readonly ApiKeyInfo[]> {
  const answer = await keys(url, credentials, "", { signal });
  if (answer.status !== 200) throw unexpected(zotEndpoint(url), "list the account's API keys", answer);
  return listIn(zotEndpoint(url), answer, "apiKeys").map(toInfo);
}

/** Creates a key. zot shows it only in this response. */
export async function createKey(
  url: string,
  credentials: ZotCredentials,
  wanted: { readonly label: string; readonly expirationDate: string },
  signal: AbortSignal,
): Promise<ApiKeyInfo & { readonly key: Secret }> {
  return again(
    async () => createKeyOnce(url, credentials, wanted, signal),
    signal,
    // zot shows a key only once: one whose response was lost is of no use.
    async () => {
      for (const { label, uuid } of await listKeys(url, credentials, signal))
        if (label === wanted.label) await revokeKey(url, credentials, uuid, signal);
      return undefined;
    },
  );
}

async function createKeyOnce(
  url: string,
  credentials: ZotCredentials,
  wanted: { readonly label: string; readonly expirationDate: string },
  signal: AbortSignal,
): Promise<ApiKeyInfo & { readonly key: Secret }> {
  const answer = await keys(url, credentials, "", { method: "POST", json: wanted, signal });
  if (answer.status !== 201) throw unexpected(zotEndpoint(url), "create an API key", answer);
  return { ...toInfo(answer.json), key: new Secret(string(at(answer.json, "apiKey"))) };
}

/** Revokes a key. zot responds alike for a key that does not exist. */
export async function revokeKey(
  url: string,
  credentials: ZotCredentials,
  uuid: string,
  signal: AbortSignal,
): Promise<void> {
  const answer = await keys(url, credentials, `?id=${encodeURIComponent(uuid)}`, { method: "DELETE", signal });
  if (answer.status !== 200) throw unexpected(zotEndpoint(url), "revoke an API key", answer);
}

async function keys(
  url: string,
  credentials: ZotCredentials,
  query: string,
  options: RequestOptions,
): Promise<HttpResponse> {
  const endpoint = zotEndpoint(url);
  return requestApi(endpoint, `/zot/auth/apikey${query}`, {
    ...options,
    headers: await authenticate(endpoint, credentials),
  });
}

/** Whether zot accepts the key: a wrong, expired or revoked one is rejected everywhere, even where anonymous reading is allowed. */
export async function keyWorks(url: string, username: string, key: Secret, signal: AbortSignal): Promise<boolean> {
  const endpoint = zotEndpoint(url);
  const answer = await requestApi(endpoint, "/v2/", {
    headers: await authenticate(endpoint, { kind: "key", username, key }),
    signal,
  });
  if (answer.status === 200) return true;
  if (answer.status === 401) return false;
  throw unexpected(endpoint, "accept an API key", answer);
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
