// Stands in for zot: the extensions for management, search, metrics and the web UI.
import type { Subject } from "./access/accessControl.ts";
import { mayReadMetrics } from "./access/accessControl.ts";
import type { BearerConfig } from "./config/bearer.ts";
import { authenticate, refuseForbidden } from "./access/authentication.ts";
import type { Answered, Exchange } from "./server/http.ts";
import {
  answered,
  goJson,
  readBody,
  send,
  sendEmpty,
  sendJson,
  sendText,
  setCorsHeaders,
  setNoSniff,
} from "./server/http.ts";
import type { ZotState } from "./server/state.ts";
import { builtWith } from "./version.ts";

const queryLimit = 1024 * 1024;

/** `/v2/_zot/ext/mgmt`: what a client needs to know to sign in. Requires no authentication. */
export function managementRoute(zot: ZotState, exchange: Exchange): Answered {
  setNoSniff(exchange);
  setCorsHeaders(exchange, "GET,OPTIONS", zot.startConfig.http.allowOrigin);
  if (exchange.method === "OPTIONS") return sendEmpty(exchange, 204);
  const { auth } = zot.config.http;
  const providers = Object.entries(auth?.openid?.providers ?? {}).map(
    ([name, provider]) => [name, provider.name === "" ? {} : { name: provider.name }] as const,
  );
  const description = {
    distSpecVersion: "1.1.1",
    commit: zot.version.commit,
    releaseTag: zot.version.release,
    binaryType: builtWith(),
    http:
      auth === undefined
        ? {}
        : {
            auth: {
              ...(auth.passwords ? { htpasswd: {} } : {}),
              ...(auth.bearer === undefined ? {} : { bearer: describeBearer(auth.bearer) }),
              ...(providers.length === 0 ? {} : { openid: { providers: Object.fromEntries(providers) } }),
              ...(auth.apiKey ? { apikey: true } : {}),
            },
          },
  };
  return sendText(exchange, 200, goJson(description));
}

/** zot does not show the issuers. */
function describeBearer({ realm, service }: BearerConfig): object {
  return { ...(realm === "" ? {} : { realm }), ...(service === "" ? {} : { service }) };
}

/** `/v2/_oci/ext/discover`: the enabled extensions. */
export function discoverRoute(zot: ZotState, exchange: Exchange): Answered {
  setCorsHeaders(exchange, "GET,OPTIONS", zot.startConfig.http.allowOrigin);
  if (exchange.method === "OPTIONS") return sendEmpty(exchange, 204);
  const { search, ui } = zot.startConfig.extensions;
  const endpoints = [
    ...(search ? ["/v2/_zot/ext/search"] : []),
    ...(ui ? ["/v2/_zot/ext/userprefs"] : []),
    ...(search ? ["/v2/_zot/ext/mgmt"] : []),
  ];
  const url = `https://github.com/project-zot/zot/blob/${zot.version.release}/pkg/extensions/_zot.md`;
  const extension = { name: "_zot", url, description: "zot registry extensions", endpoints };
  return sendJson(exchange, 200, { extensions: endpoints.length === 0 ? [] : [extension] });
}

/** `/v2/_zot/ext/search`: answers only one of zot's GraphQL queries, the search for repositories by part of their name. */
export async function searchRoute(
  zot: ZotState,
  exchange: Exchange,
  mayRead: (repository: string) => boolean,
): Promise<Answered> {
  setCorsHeaders(exchange, "GET,POST,OPTIONS", zot.startConfig.http.allowOrigin);
  if (exchange.method === "OPTIONS") return sendEmpty(exchange, 204);
  setNoSniff(exchange);
  const graph = exchange.method === "POST" ? await postedQuery(exchange) : (exchange.query.get("query") ?? "");
  const wanted = /GlobalSearch\s*\(\s*query\s*:\s*"([^"]*)"/.exec(graph)?.[1];
  if (graph === "") {
    const extensions = { code: "GRAPHQL_VALIDATION_FAILED" };
    return sendJson(exchange, 422, { errors: [{ message: "no operation provided", extensions }], data: null });
  }
  if (wanted === undefined) {
    const message = 'the lab\'s zot answers the query GlobalSearch(query:"…"){Repos{Name}} only';
    return sendJson(exchange, 422, { errors: [{ message }], data: null });
  }
  const names = zot.storage.repositories
    .names()
    .filter((name) => name.includes(wanted) && mayRead(name) && (zot.storage.tags(name) ?? []).length > 0);
  return sendJson(exchange, 200, { data: { GlobalSearch: { Repos: names.map((Name) => ({ Name })) } } });
}

async function postedQuery({ request }: Exchange): Promise<string> {
  const body = await readBody(request, queryLimit);
  try {
    const { query } = JSON.parse(body?.toString() ?? "") as { query?: unknown };
    return typeof query === "string" ? query : "";
  } catch {
    return "";
  }
}

/** `/v2/_zot/ext/userprefs`: bookmarks and stars, which anonymous users cannot have. */
export function userPreferencesRoute(zot: ZotState, exchange: Exchange, subject: Subject): Answered {
  setNoSniff(exchange);
  setCorsHeaders(exchange, "PUT,OPTIONS", zot.startConfig.http.allowOrigin);
  if (exchange.method === "OPTIONS") return sendEmpty(exchange, 204);
  return sendEmpty(exchange, subject.name === "" ? 403 : 200);
}

/** The metrics, for users with permission to read them. */
export async function metricsRoute(zot: ZotState, exchange: Exchange): Promise<Answered> {
  if (exchange.method !== "GET") return sendEmpty(exchange, 405);
  const subject = await authenticate(zot, exchange);
  if (subject === answered) return answered;
  const { accessControl } = zot.config.http;
  if (accessControl !== undefined && !mayReadMetrics(accessControl, subject, zot.version)) {
    return refuseForbidden(zot, exchange, subject);
  }
  const { commit, release } = zot.version;
  const contentType = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";
  const labels = `binaryType="${builtWith()}",commit="${commit}",goVersion="",version="${release}"`;
  const metrics = `# HELP zot_info Zot general information\n# TYPE zot_info gauge\nzot_info{${labels}} 0\n`;
  return send(exchange, 200, contentType, metrics);
}

/** `/livez`, `/readyz`, `/startupz` */
export function healthRoute(exchange: Exchange): Answered {
  return sendText(exchange, 200, "ok");
}

/** A placeholder for the web UI, which says that this is the lab's registry. */
export function uiRoute(exchange: Exchange): Answered {
  const page = "<!doctype html><title>zot</title><p>The lab's container registry.</p>\n";
  return send(exchange, 200, "text/html; charset=utf-8", page);
}

/** Whether the web UI has this path. */
export function isUiPath(path: string): boolean {
  return path === "/" || /^\/(?:login|home|explore|image|user)(?:\/|$)/.test(path);
}
