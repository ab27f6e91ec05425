// Stands in for zot: sign-in through an identity provider, and logout.
import { randomUUID } from "node:crypto";
import type { OidcProviderConfig } from "../config/config.ts";
import type { Answered, Exchange } from "../server/http.ts";
import {
  cookie,
  redirect,
  sendEmpty,
  sendError,
  sendJson,
  sendNotFound,
  setCookie,
  setCorsHeaders,
} from "../server/http.ts";
import type { Claims } from "./idToken.ts";
import { SignInError } from "./relyingParty.ts";
import { sessionLifetime } from "./sessions.ts";
import type { ZotState } from "../server/state.ts";
import { ownOrigin, usesSecureCookies } from "../server/state.ts";

export const callbackPath = "/zot/auth/callback";
const stateLifetime = 120;

/** `GET /zot/auth/login`: redirects to the identity provider, and sets two cookies that bind the callback to this browser. */
export function login(zot: ZotState, exchange: Exchange): Answered {
  const party = zot.relyingParties.get(exchange.query.get("provider") ?? "");
  if (party === undefined) return sendEmpty(exchange, 400);
  const state = randomUUID();
  const callback = safeCallback(zot, exchange.query.get("callback_ui") ?? "");
  setCookie(exchange, "statecookie", zot.sessions.sign("statecookie", JSON.stringify({ state, callback })), {
    path: callbackPath,
    ...lifetime(),
    httpOnly: true,
    secure: usesSecureCookies(zot.config),
  });
  setCookie(exchange, "state", zot.sessions.sign("state", state), {
    path: "/",
    maxAge: stateLifetime,
    httpOnly: true,
    secure: true,
    sameSite: "Lax",
  });
  return redirect(exchange, party.authorizationUrl(state));
}

/** `GET /zot/auth/callback/<provider>`: exchanges the code and starts a session. */
export async function loginCallback(zot: ZotState, exchange: Exchange, provider: string): Promise<Answered> {
  const party = zot.relyingParties.get(provider);
  if (party === undefined) return sendNotFound(exchange);
  const { query } = exchange;
  const state = query.get("state") ?? "";
  const problem = stateProblem(zot, exchange, state);
  if (problem !== undefined) return sendError(exchange, 401, `failed to get state: ${problem}`);
  setCookie(exchange, "state", "", { path: "/", maxAge: 0, httpOnly: true, secure: true, sameSite: "Lax" });
  const error = query.get("error");
  if (error !== null) return sendError(exchange, 500, `${error}: ${query.get("error_description") ?? ""}`);
  try {
    const { idToken, userInfo } = await party.signIn(query.get("code") ?? "");
    const settings = zot.config.http.auth?.openid?.providers[provider];
    const user = userName(zot, settings, userInfo);
    const origin = readStateCookie(zot, exchange);
    if (user === "" || origin?.state !== state) return sendEmpty(exchange, 401);
    zot.users.setGroups(user, groupsOf(zot, settings, [userInfo, idToken]));
    startSession(zot, exchange, user, provider);
    return origin.callback === "" ? sendEmpty(exchange, 201) : redirect(exchange, origin.callback);
  } catch (failure) {
    if (!(failure instanceof SignInError)) throw failure;
    return sendError(exchange, 401, failure.message);
  }
}

/** `POST /zot/auth/logout`: ends the session and returns the URL that ends the provider's session. */
export function logout(zot: ZotState, exchange: Exchange): Answered {
  setCorsHeaders(exchange, "POST,OPTIONS", zot.startConfig.http.allowOrigin);
  if (exchange.method === "OPTIONS") return sendEmpty(exchange, 200);
  if (exchange.method !== "POST") return sendEmpty(exchange, 405);
  const value = cookie(exchange.request, "session");
  const session = zot.sessions.find(value);
  zot.sessions.end(value);
  setCookie(exchange, "session", "", { path: "/", expires: new Date(1000), maxAge: 0 });
  if (!zot.version.logoutEndsProviderSession) return sendEmpty(exchange, 200);
  const party = zot.relyingParties.get(session?.provider ?? "");
  const endSessionUrl = party?.endSessionUrl(`${ownOrigin(zot.startConfig)}/login`) ?? "";
  return sendJson(exchange, 200, endSessionUrl === "" ? {} : { endSessionUrl });
}

function startSession(zot: ZotState, exchange: Exchange, user: string, provider: string): void {
  const secure = usesSecureCookies(zot.config);
  setCookie(exchange, "session", zot.sessions.start(user, provider), {
    path: "/",
    ...lifetime(),
    httpOnly: true,
    secure,
  });
  setCookie(exchange, "user", user, { path: "/", ...lifetime(), secure });
  zot.log("info", "user profile set successfully", { identity: user });
}

function lifetime(): { expires: Date; maxAge: number } {
  return { expires: new Date(Date.now() + sessionLifetime * 1000), maxAge: sessionLifetime };
}

function stateProblem(zot: ZotState, { request }: Exchange, state: string): string | undefined {
  const value = cookie(request, "state");
  if (value === undefined || value === "") return "http: named cookie not present";
  const signed = zot.sessions.verify("state", value, stateLifetime);
  if (signed === undefined) return "securecookie: the value is not valid";
  return signed === state ? undefined : "state does not compare";
}

function readStateCookie(zot: ZotState, { request }: Exchange): { state: string; callback: string } | undefined {
  const signed = zot.sessions.verify("statecookie", cookie(request, "statecookie"), sessionLifetime);
  return signed === undefined ? undefined : (JSON.parse(signed) as { state: string; callback: string });
}

/** The configured claim, or the e-mail address if that claim is missing. */
function userName(zot: ZotState, provider: OidcProviderConfig | undefined, userInfo: Claims): string {
  const claim =
    provider?.usernameClaim === undefined || provider.usernameClaim === "" ? "email" : provider.usernameClaim;
  const name = userInfo[claim];
  if (typeof name === "string" && name !== "") return name;
  if (claim !== "email") {
    zot.log("warn", 'configured username claim missing or empty, falling back to "email" claim', { claim });
  }
  return typeof userInfo["email"] === "string" ? userInfo["email"] : "";
}

/** The union of the groups in UserInfo and in the ID token. */
function groupsOf(zot: ZotState, provider: OidcProviderConfig | undefined, sources: readonly Claims[]): string[] {
  const claim = provider?.groupsClaim === undefined || provider.groupsClaim === "" ? "groups" : provider.groupsClaim;
  const groups = sources.flatMap((claims) => {
    const value = claims[claim];
    if (typeof value === "string") return zot.version.groupsClaimMapping && value !== "" ? [value] : [];
    return Array.isArray(value) ? value.filter((group): group is string => typeof group === "string") : [];
  });
  if (groups.length === 0)
    zot.log("debug", "no groups claim values found in UserInfo or ID token claims", { groupsClaim: claim });
  return [...new Set(groups)].sort();
}

/** Where to redirect after sign-in: a path on this server or a URL of an allowed origin, else `/`. */
function safeCallback(zot: ZotState, callback: string): string {
  if (callback === "" || !zot.version.callbackRestricted) return callback;
  if (/[\r\n\\]|%5c/i.test(callback) || callback.startsWith("//")) return "/";
  if (callback.startsWith("/")) return callback;
  const allowed = [...(zot.config.http.auth?.openid?.callbackAllowOrigins ?? []), zot.startConfig.http.externalUrl];
  const origin = webOrigin(callback);
  return origin !== undefined && allowed.some((other) => webOrigin(other.trim()) === origin) ? callback : "/";
}

function webOrigin(url: string): string | undefined {
  const parsed = URL.parse(url);
  return parsed !== null && /^https?:$/.test(parsed.protocol) ? parsed.origin : undefined;
}
