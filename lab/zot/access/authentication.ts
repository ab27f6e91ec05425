// Stands in for zot: authenticates requests by API key or session, or as anonymous.
import { setTimeout as delay } from "node:timers/promises";
import type { Subject } from "./accessControl.ts";
import { anonymous, hasAnonymousPolicy } from "./accessControl.ts";
import { setBearerChallenge, setChallenge } from "./bearer/challenge.ts";
import { authenticateKey, bearerToken, identifyWorkload } from "./bearer/tokens.ts";
import { challengesBearer, enablesBearer } from "../config/bearer.ts";
import { hasOnlyAnonymousPolicies } from "../config/checks.ts";
import type { Answered, Exchange } from "../server/http.ts";
import { comesFromUi, cookie, isEmptyAuthorization, sendJson, setCookie, splitOnce } from "../server/http.ts";
import { ociError, sendOciError } from "../distribution/errors.ts";
import type { ZotState } from "../server/state.ts";
import { authenticatesUsers } from "../server/state.ts";

const managementPath = "/v2/_zot/ext/mgmt";

/** The authenticated user, or `answered` if the request was rejected. */
export async function authenticate(zot: ZotState, exchange: Exchange): Promise<Subject | Answered> {
  const bearer = zot.startConfig.http.auth?.bearer;
  const exclusive = !zot.version.bearerCombined && enablesBearer(bearer);
  const byToken =
    exclusive || (zot.version.bearerCombined && bearer !== undefined && bearerToken(exchange) !== undefined);
  if (!byToken) return recorded(exchange, identify(zot, exchange)) ?? (await refuseUnknown(zot, exchange));
  const subject = exclusive && needsNoToken(zot, exchange) ? anonymous : await identifyWorkload(zot, exchange);
  return recorded(exchange, subject) ?? refuseToken(zot, exchange);
}

/** Notes the user for the audit log. */
function recorded(exchange: Exchange, subject: Subject | undefined): Subject | undefined {
  exchange.user = subject?.name ?? "";
  return subject;
}

/** If tokens are the only way to authenticate, these requests need none. */
function needsNoToken(zot: ZotState, { request, path }: Exchange): boolean {
  if (!isEmptyAuthorization(request.headers.authorization)) return false;
  return request.url === managementPath || readsMetrics(zot, path);
}

function identify(zot: ZotState, exchange: Exchange): Subject | undefined {
  const { request } = exchange;
  const { authorization } = request.headers;
  const withBasic = authenticatesUsers(zot.config);
  const { bearer, mtls } = zot.startConfig.http.auth ?? {};
  if ((request.headersDistinct["authorization"] ?? []).length > 1) return undefined;
  if (!isEmptyAuthorization(authorization) && withBasic) return byApiKey(zot, authorization ?? "");
  if (comesFromUi(exchange))
    return bySession(zot, exchange) ?? (allowsAnonymous(zot, exchange) ? anonymous : undefined);
  if (!withBasic && mtls !== true && !enablesBearer(bearer)) return anonymous;
  if (!allowsAnonymous(zot, exchange)) return undefined;
  return challengesPing(zot, exchange) ? undefined : anonymous;
}

function byApiKey(zot: ZotState, header: string): Subject | undefined {
  const [scheme = "", encoded] = splitOnce(header, " ");
  if (scheme.toLowerCase() !== "basic" || encoded === undefined) return undefined;
  const [username = "", secret] = splitOnce(Buffer.from(encoded, "base64").toString(), ":");
  return secret === undefined ? undefined : authenticateKey(zot, { username, secret });
}

function bySession(zot: ZotState, exchange: Exchange): Subject | undefined {
  const session = zot.sessions.find(cookie(exchange.request, "session"));
  const groups = session === undefined ? undefined : zot.users.groups(session.user);
  if (session !== undefined && groups !== undefined) return { name: session.user, groups };
  setCookie(exchange, "session", "", { path: "/", expires: new Date(0), httpOnly: true });
  return undefined;
}

function allowsAnonymous(zot: ZotState, { request, path }: Exchange): boolean {
  const { accessControl } = zot.config.http;
  const anonymousMetrics = isEmptyAuthorization(request.headers.authorization) && readsMetrics(zot, path);
  return hasAnonymousPolicy(accessControl) || request.url === managementPath || anonymousMetrics;
}

/** Whether the path is the metrics', and anonymous users may read these. */
function readsMetrics(zot: ZotState, path: string): boolean {
  const { metricsPath } = zot.startConfig.extensions;
  return (
    zot.version.metricsAnonymousPolicy &&
    metricsPath !== undefined &&
    path.startsWith(metricsPath) &&
    zot.config.http.accessControl?.metrics.anonymousPolicy.includes("read") === true
  );
}

/** docker sends credentials only if the registry asks for them on the first request, and a client asks for a token only where a challenge names the address. */
function challengesPing(zot: ZotState, { request, path }: Exchange): boolean {
  const agent = request.headers["user-agent"] ?? "";
  const { accessControl, auth } = zot.config.http;
  const isDocker = agent.includes("Docker-Client") || agent.startsWith("docker/");
  const challengesDocker =
    zot.version.dockerPingChallenged && isDocker && (auth?.apiKey === true || auth?.passwords === true);
  return (
    path === "/v2/" &&
    (challengesDocker || challengesBearer(zot.startConfig.http.auth?.bearer)) &&
    accessControl !== undefined &&
    hasAnonymousPolicy(accessControl) &&
    !hasOnlyAnonymousPolicies(accessControl)
  );
}

/** 401: missing or invalid credentials. Unlike the distribution specification's errors, this one is not in a list. */
async function refuseUnknown(zot: ZotState, exchange: Exchange): Promise<Answered> {
  const hasCredentials = !isEmptyAuthorization(exchange.request.headers.authorization) || comesFromUi(exchange);
  if (hasCredentials) await delay((zot.startConfig.http.auth?.failDelay ?? 0) * 1000);
  setChallenge(zot, exchange);
  return sendJson(exchange, 401, ociError("UNAUTHORIZED"));
}

/** 401: a token that zot does not accept, even where anonymous users may do the same. */
function refuseToken(zot: ZotState, exchange: Exchange): Answered {
  const absent = isEmptyAuthorization(exchange.request.headers.authorization);
  if (absent) zot.log("debug", "no bearer token provided");
  else zot.log("error", "failed to authenticate with bearer token");
  setBearerChallenge(zot, exchange);
  return sendJson(exchange, 401, ociError("UNAUTHORIZED"));
}

/** Insufficient permissions: 401 for anonymous users, 403 for others, with the message of the condition that did not hold. */
export async function refuseForbidden(
  zot: ZotState,
  exchange: Exchange,
  subject: Subject,
  reason = "",
): Promise<Answered> {
  await delay((zot.startConfig.http.auth?.failDelay ?? 0) * 1000);
  setChallenge(zot, exchange);
  if (subject.name === "") return sendOciError(exchange, 401, "UNAUTHORIZED");
  return sendOciError(exchange, 403, "DENIED", reason === "" ? {} : { reason });
}
