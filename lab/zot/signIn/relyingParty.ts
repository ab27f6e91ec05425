// Stands in for zot: the OpenID Connect client, with discovery at startup and calls to the identity provider.
import type { JsonWebKey } from "node:crypto";
import type { OidcProviderConfig } from "../config/config.ts";
import { describe, getJson } from "../server/outgoing.ts";
import type { Claims } from "./idToken.ts";
import { verifyIdToken } from "./idToken.ts";

interface Discovery {
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly userinfo_endpoint: string;
  readonly jwks_uri: string;
  readonly end_session_endpoint?: string;
}

interface Tokens {
  readonly access_token?: string;
  readonly id_token?: string;
  readonly token_type?: string;
}

/** Discovery failed, or found a different issuer. zot panics. */
export class RelyingPartyError extends Error {}

/** A step of the callback failed. The message is zot's. */
export class SignInError extends Error {}

export class RelyingParty {
  readonly #provider: OidcProviderConfig;
  readonly #redirectUri: string;
  readonly #discovery: Discovery;

  private constructor(provider: OidcProviderConfig, redirectUri: string, discovery: Discovery) {
    this.#provider = provider;
    this.#redirectUri = redirectUri;
    this.#discovery = discovery;
  }

  /** Gets the issuer's endpoints. The issuer must match the configured one exactly. */
  static async discover(provider: OidcProviderConfig, redirectUri: string): Promise<RelyingParty> {
    const url = `${provider.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    let discovery: Discovery;
    try {
      discovery = await getJson<Discovery>(url, {});
    } catch (error) {
      throw new RelyingPartyError(`OpenID Provider Configuration Discovery has failed\n${describe(error)}`, {
        cause: error,
      });
    }
    if (discovery.issuer !== provider.issuer) {
      throw new RelyingPartyError(`issuer does not match: Expected: ${provider.issuer}, got: ${discovery.issuer}`);
    }
    return new RelyingParty(provider, redirectUri, discovery);
  }

  /** The URL that starts a sign-in. */
  authorizationUrl(state: string): string {
    const { scopes, clientId } = this.#provider;
    const parameters = new URLSearchParams({
      client_id: clientId,
      redirect_uri: this.#redirectUri,
      response_type: "code",
      scope: (scopes.includes("openid") ? scopes : ["openid", ...scopes]).join(" "),
      state,
    });
    const endpoint = this.#discovery.authorization_endpoint;
    return `${endpoint}${endpoint.includes("?") ? "&" : "?"}${parameters.toString()}`;
  }

  /** The URL that ends the provider's session. Empty if the provider has none. */
  endSessionUrl(returnTo: string): string {
    const endpoint = this.#discovery.end_session_endpoint;
    if (endpoint === undefined) return "";
    const url = new URL(endpoint);
    url.searchParams.set("client_id", this.#provider.clientId);
    url.searchParams.set("post_logout_redirect_uri", returnTo);
    return url.href;
  }

  /** Exchanges the code for the claims of the ID token and of UserInfo. */
  async signIn(code: string): Promise<{ readonly idToken: Claims; readonly userInfo: Claims }> {
    const { tokens, idToken } = await step("failed to exchange token", async () => {
      const tokens = await this.#exchange(code);
      if (tokens.id_token === undefined) throw new Error("id_token missing");
      const { keys } = await getJson<{ keys: (JsonWebKey & { kid?: string })[] }>(this.#discovery.jwks_uri, {});
      const expected = { issuer: this.#provider.issuer, clientId: this.#provider.clientId, keys };
      return { tokens, idToken: verifyIdToken(tokens.id_token, expected) };
    });
    const userInfo = await step("userinfo failed", async () => {
      const Authorization = `${tokens.token_type ?? "Bearer"} ${tokens.access_token ?? ""}`;
      const claims = await getJson<Claims>(this.#discovery.userinfo_endpoint, { Authorization });
      if (claims["sub"] !== idToken["sub"]) throw new Error("sub of userinfo does not match the sub of the id_token");
      return claims;
    });
    return { idToken, userInfo };
  }

  /** Authenticates the client with HTTP Basic, and with parameters if that fails, as Go's OAuth2 library does. */
  async #exchange(code: string): Promise<Tokens> {
    const { clientId, clientSecret } = this.#provider;
    const grant = { grant_type: "authorization_code", code, redirect_uri: this.#redirectUri };
    const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString("base64");
    const first = await this.#postToken(new URLSearchParams(grant), { Authorization: `Basic ${basic}` });
    if (first.ok) return (await first.json()) as Tokens;
    const parameters = new URLSearchParams({ ...grant, client_id: clientId, client_secret: clientSecret });
    const second = await this.#postToken(parameters, {});
    if (second.ok) return (await second.json()) as Tokens;
    throw new Error(
      `oauth2: cannot fetch token: ${second.status} ${second.statusText}\nResponse: ${await second.text()}`,
    );
  }

  async #postToken(body: URLSearchParams, headers: Record<string, string>): Promise<Response> {
    const url = this.#discovery.token_endpoint;
    try {
      return await fetch(url, { method: "POST", body, headers });
    } catch (error) {
      throw new Error(`Post "${url}": ${describe(error)}`, { cause: error });
    }
  }
}

async function step<T>(failure: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw new SignInError(`${failure}: ${describe(error)}`, { cause: error });
  }
}
