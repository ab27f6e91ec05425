// Stands in for zot: verifies the tokens of one issuer. It gets the issuer's discovery document and keys when the first token comes, and not before.
import type { JSONWebKeySet } from "jose";
import { compactVerify, createLocalJWKSet, errors } from "jose";
import { describe, getJson } from "../../server/outgoing.ts";
import type { Claims } from "./claims.ts";

interface Discovery {
  readonly issuer: string;
  readonly jwks_uri: string;
  readonly id_token_signing_alg_values_supported?: readonly string[];
}

/** zot gets the discovery document again for the first token after this time, in milliseconds. */
const refreshInterval = 60_000;
/** How far `nbf` may lie in the future, in seconds. `exp` has no such leeway. */
const notBeforeLeeway = 300;
// What zot's library supports, for an issuer that names others too.
const supported = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"];

/** The issuer's discovery document could not be used. */
export class IssuerError extends Error {}

export class Issuer {
  readonly #issuer: string;
  readonly #checksIssuer: boolean;
  #discovery: Discovery | undefined;
  #deadline = 0;
  #keys: JSONWebKeySet = { keys: [] };

  constructor(issuer: string, skipIssuerVerification: boolean) {
    this.#issuer = issuer;
    this.#checksIssuer = !skipIssuerVerification;
  }

  /** The claims of a token. Throws an `IssuerError` if the issuer's document cannot be had, else zot's reason. */
  async verify(token: string): Promise<Claims> {
    const discovery = await this.#discover();
    const payload = await this.#verifySignature(token, discovery);
    const claims = JSON.parse(payload) as Claims;
    this.#check(claims);
    return claims;
  }

  async #discover(): Promise<Discovery> {
    if (this.#discovery !== undefined && Date.now() < this.#deadline) return this.#discovery;
    let discovery: Discovery;
    try {
      const url = `${this.#issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
      discovery = await getJson<Discovery>(url, {});
      if (discovery.issuer !== this.#issuer) {
        const given = `issuer URL provided to client ("${this.#issuer}")`;
        throw new Error(`oidc: ${given} did not match the issuer URL returned by provider ("${discovery.issuer}")`);
      }
    } catch (error) {
      const reason = `failed to refresh OIDC provider from issuer ${this.#issuer}: ${describe(error)}`;
      throw new IssuerError(reason, { cause: error });
    }
    this.#discovery = discovery;
    this.#deadline = Date.now() + refreshInterval;
    this.#keys = { keys: [] };
    return discovery;
  }

  /** Tries the keys that it has, and the issuer's current ones if none fits. */
  async #verifySignature(token: string, discovery: Discovery): Promise<string> {
    const named = discovery.id_token_signing_alg_values_supported?.filter((name) => supported.includes(name)) ?? [];
    const algorithms = named.length === 0 ? ["RS256"] : named;
    const verified = await verifyWith(token, this.#keys, algorithms);
    if (verified !== undefined) return verified;
    this.#keys = await getJson<JSONWebKeySet>(discovery.jwks_uri, {});
    const again = await verifyWith(token, this.#keys, algorithms);
    if (again === undefined) throw new Error("failed to verify signature: failed to verify id token signature");
    return again;
  }

  #check(claims: Claims): void {
    const { iss, exp, nbf } = claims;
    if (this.#checksIssuer && iss !== this.#issuer) {
      throw new Error(`oidc: id token issued by a different provider, expected "${this.#issuer}" got "${String(iss)}"`);
    }
    const seconds = Date.now() / 1000;
    if (typeof exp !== "number" || exp < seconds) {
      const expiry = new Date(typeof exp === "number" ? exp * 1000 : 0).toISOString();
      throw new Error(`oidc: token is expired (Token Expiry: ${expiry})`);
    }
    if (typeof nbf === "number" && seconds + notBeforeLeeway < nbf) {
      throw new Error("oidc: current time before the nbf (not before) time");
    }
  }
}

/** The payload, or undefined if none of the keys fits. */
async function verifyWith(
  token: string,
  keys: JSONWebKeySet,
  algorithms: readonly string[],
): Promise<string | undefined> {
  try {
    const { payload } = await compactVerify(token, createLocalJWKSet(keys), { algorithms: [...algorithms] });
    return new TextDecoder().decode(payload);
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed) {
      return undefined;
    }
    throw error;
  }
}
