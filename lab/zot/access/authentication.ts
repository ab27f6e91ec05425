// Stands in for zot: authenticates requests by API key or session, or as anonymous.
import { setTimeout as delay } from "node:timers/promises";
import type { Subject } from "./accessControl.ts";
import { anonymous, hasAnonymousPolicy } from "./accessControl.ts";
import { hasOnlyAnonymousPolicies } from "../config/checks.ts";
import type { Answered, Exchange } from "../server/http.ts";
import { cookie, sendJson, setCookie, splitOnce } from "../server/http.ts";
import { ociError, sendOciError } from "../distribution/errors.ts";
import type { ZotState } from "../server/state.ts";
import { authenticatesUsers } from "../server/state.ts";

const managementPath = "/v2/_zot/ext/mgmt";

/** The authenticated user, or `answered` if the request was rejected. */
export async function authenticate(zot: ZotState, exchange: Exchange): Promise<Subject | Answered> {
  const subject = zot.startConfig.http.auth?.bearer === undefined ? identify(zot, exchange) : undefined;
  return subject ?? (await refuseUnknown(zot, exchange));
}

function identify(zot: ZotState, exchange: Exchange): Subject | undefined {
  const { request } = exchange;
  const { authorization } = request.headers;
  const withBasic = authenticatesUsers(zot.config);
  if ((request.headersDistinct["authorization"] ?? []).length > 1) return undefined;
  if (!isEmptyAuthorization(authorization) && withBasic) return byApiKey(zot, authorization ?? "");
  if (comesFromUi(exchange))
    return bySession(zot, exchange) ?? (allowsAnonymous(zot, exchange) ? anonymous : undefined);
  if (!withBasic && zot.config.http.auth?.mtls !== true) return anonymous;
  if (!allowsAnonymous(zot, exchange)) return undefined;
  return challengesDocker(zot, exchange) ? undefined : anonymous;
}

/** An empty name with an empty password counts as no credentials. */
function isEmptyAuthorization(header: string | undefined): boolean {
  return header === undefined || header === "" || header.toLowerCase() === "basic og==";
}

/** zot's web UI sends this header; without it, zot ignores the session cookie. */
export function comesFromUi({ request }: Exchange): boolean {
  return request.headers["x-zot-api-client"] === "zot-ui";
}

function byApiKey(zot: ZotState, header: string): Subject | undefined {
  const [scheme = "", encoded] = splitOnce(header, " ");
  if (scheme.toLowerCase() !== "basic" || encoded === undefined) return undefined;
  const [name = "", secret] = splitOnce(Buffer.from(encoded, "base64").toString(), ":");
  if (secret === undefined || zot.config.http.auth?.apiKey !== true) return undefined;
  if (!zot.users.useApiKey(name, secret)) {
    zot.log("info", "failed to find any user info for the presented API key, or it has expired");
    return undefined;
  }
  return { name, groups: zot.users.groups(name) ?? [] };
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
  const { metricsPath } = zot.startConfig.extensions;
  const anonymousMetrics =
    zot.version.metricsAnonymousPolicy &&
    metricsPath !== undefined &&
    path.startsWith(metricsPath) &&
    isEmptyAuthorization(request.headers.authorization) &&
    accessControl?.metrics.anonymousPolicy.includes("read") === true;
  return hasAnonymousPolicy(accessControl) || request.url === managementPath || anonymousMetrics;
}

/** docker sends credentials only if the registry asks for them on the first request. */
function challengesDocker(zot: ZotState, { request, path }: Exchange): boolean {
  const agent = request.headers["user-agent"] ?? "";
  const { accessControl, auth } = zot.config.http;
  return (
    zot.version.dockerPingChallenged &&
    path === "/v2/" &&
    (agent.includes("Docker-Client") || agent.startsWith("docker/")) &&
    accessControl !== undefined &&
    hasAnonymousPolicy(accessControl) &&
    !hasOnlyAnonymousPolicies(accessControl) &&
    (auth?.apiKey === true || auth?.passwords === true)
  );
}

/** 401: missing or invalid credentials. Unlike the distribution specification's errors, this one is not in a list. */
async function refuseUnknown(zot: ZotState, exchange: Exchange): Promise<Answered> {
  const hasCredentials = !isEmptyAuthorization(exchange.request.headers.authorization) || comesFromUi(exchange);
  if (hasCredentials) await delay((zot.startConfig.http.auth?.failDelay ?? 0) * 1000);
  setChallenge(zot, exchange);
  return sendJson(exchange, 401, ociError("UNAUTHORIZED"));
}

/** Insufficient permissions: 401 for anonymous users, 403 for others. */
export async function refuseForbidden(zot: ZotState, exchange: Exchange, subject: Subject): Promise<Answered> {
  await delay((zot.startConfig.http.auth?.failDelay ?? 0) * 1000);
  setChallenge(zot, exchange);
  return subject.name === "" ? sendOciError(exchange, 401, "UNAUTHORIZED") : sendOciError(exchange, 403, "DENIED");
}

function setChallenge(zot: ZotState, exchange: Exchange): void {
  if (comesFromUi(exchange)) return;
  const { auth, realm } = zot.startConfig.http;
  const bearer = auth?.bearer;
  const challenge =
    bearer === undefined
      ? `Basic realm="${realm === "" ? "Authorization Required" : realm}"`
      : `Bearer realm="${bearer.realm}",service="${bearer.service}",scope="${bearerScope(exchange)}"`;
  exchange.response.setHeader("WWW-Authenticate", challenge);
}

function bearerScope({ path, method }: Exchange): string {
  if (path === "/v2/") return "";
  const repository = /^\/v2\/(.+)\/(?:manifests|blobs|tags|referrers)\//.exec(path)?.[1] ?? "";
  return `repository:${repository}:${method === "GET" || method === "HEAD" ? "pull" : "push"}`;
}
