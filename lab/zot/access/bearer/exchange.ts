// Stands in for zot: the token endpoint, where docker's clients exchange a password for a bearer token.
import type { BearerConfig } from "../../config/bearer.ts";
import { acceptsTokens } from "../../config/bearer.ts";
import { ociError } from "../../distribution/errors.ts";
import type { Answered, Exchange } from "../../server/http.ts";
import { readBody, sendEmpty, sendJson, splitOnce } from "../../server/http.ts";
import type { ZotState } from "../../server/state.ts";
import type { Claims } from "./claims.ts";
import { authenticateKey } from "./tokens.ts";
import type { KeyCredential } from "./wrappedKey.ts";
import { wrapKey } from "./wrappedKey.ts";

export const tokenPath = "/zot/auth/token";
const keyPrefix = "zak_";
const bodyLimit = 64 * 1024;
const tokenFields = ["id_token", "access_token", "refresh_token", "token"];

/** Whether this zot has the endpoint. */
export function exchangesTokens({ startConfig, version }: ZotState): boolean {
  const { auth } = startConfig.http;
  if (auth?.bearer === undefined || !version.tokenEndpoint) return false;
  return acceptsTokens(auth.bearer) || (version.bearerCombined && auth.apiKey);
}

/** Answers `/zot/auth/token`: with the ID token itself, or with the API key in a wrapping. */
export async function tokenRoute(zot: ZotState, exchange: Exchange): Promise<Answered> {
  const { method, response } = exchange;
  if (method === "OPTIONS") return sendEmpty(exchange, 204);
  if (method !== "GET" && method !== "POST") return sendEmpty(exchange, 405);
  response.setHeader("Cache-Control", "no-store");
  response.setHeader("Pragma", "no-cache");
  const credentials = await presented(exchange);
  if (credentials === undefined) return refuse(exchange, 413, "token request body too large");
  for (const credential of credentials) {
    const token = await exchangeFor(zot, credential);
    if (token !== undefined) return sendJson(exchange, 200, token);
  }
  const realm = zot.startConfig.http.auth?.bearer?.realm ?? "";
  response.setHeader("WWW-Authenticate", `Basic realm="${realm === "" ? "zot" : realm}"`);
  return sendJson(exchange, 401, ociError("UNAUTHORIZED"));
}

/** The credentials of a request: its Basic password, and the fields of its form. Undefined if the body is too long. */
async function presented({ request }: Exchange): Promise<readonly KeyCredential[] | undefined> {
  const [scheme = "", encoded = ""] = splitOnce(request.headers.authorization ?? "", " ");
  const [username = "", secret = ""] = splitOnce(Buffer.from(encoded, "base64").toString(), ":");
  const basic = scheme.toLowerCase() === "basic" ? [{ username, secret }] : [];
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(request.headers["content-type"] ?? "");
  const body = isForm ? await readBody(request, bodyLimit) : Buffer.alloc(0);
  if (body === undefined) return undefined;
  const form = new URLSearchParams(body.toString());
  const owner = form.get("username") ?? form.get("account") ?? "";
  const passwords = form.getAll("password").map((password) => ({ username: owner, secret: password }));
  const tokens = tokenFields.flatMap((field) => form.getAll(field).map((token) => ({ username: "", secret: token })));
  return [...basic, ...passwords, ...tokens].filter((credential) => credential.secret.trim() !== "");
}

async function exchangeFor(zot: ZotState, credential: KeyCredential): Promise<object | undefined> {
  const { secret, username } = credential;
  const { bearer } = zot.startConfig.http.auth ?? {};
  if (zot.version.bearerCombined && secret.startsWith(keyPrefix)) {
    if (username === "" || authenticateKey(zot, credential) === undefined) return undefined;
    const token = wrapKey(credential);
    return { token, access_token: token, issued_at: goTime(Date.now()) };
  }
  if (bearer === undefined || !isOwn(secret, bearer)) return undefined;
  const workload = await zot.bearer?.authenticate(secret);
  return workload === undefined ? undefined : describeToken(secret, workload.claims);
}

function describeToken(token: string, { exp, iat }: Claims): object {
  const expiresIn = typeof exp === "number" ? Math.max(Math.floor(exp - Date.now() / 1000), 0) : 0;
  return {
    token,
    access_token: token,
    ...(expiresIn === 0 ? {} : { expires_in: expiresIn }),
    ...(typeof iat === "number" ? { issued_at: goTime(iat * 1000) } : {}),
  };
}

/** Whether a token names an issuer and an audience of the configuration. Others belong to an upstream endpoint, which the stand-in does not have. */
function isOwn(token: string, { oidc }: BearerConfig): boolean {
  const [, payload = "", signature] = token.split(".");
  if (signature === undefined) return false;
  const claims = decode(payload);
  const audiences = [claims["aud"]].flat();
  return oidc.some(({ issuer, audiences: own }) => {
    return issuer === claims["iss"] && own.some((audience) => audiences.includes(audience));
  });
}

function decode(payload: string): Claims {
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString());
    return typeof claims === "object" && claims !== null ? (claims as Claims) : {};
  } catch {
    return {};
  }
}

function goTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z");
}

function refuse(exchange: Exchange, status: number, reason: string): Answered {
  return sendJson(exchange, status, ociError("UNSUPPORTED", { reason }));
}
