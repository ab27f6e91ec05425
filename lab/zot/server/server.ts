// Stands in for the zot registry: the server, which reads zot's configuration file and enforces it.
import { mkdirSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { posix } from "node:path";
import type { RunningServer } from "../../shared/listen.ts";
import { listen } from "../../shared/listen.ts";
import { apiKeyRoutes } from "../access/apiKeys.ts";
import { BearerAuthorizer } from "../access/bearer/authorizer.ts";
import { exchangesTokens, tokenPath, tokenRoute } from "../access/bearer/exchange.ts";
import { enablesBearer } from "../config/bearer.ts";
import type { ZotConfig } from "../config/config.ts";
import { readSessionKeys } from "../config/checks.ts";
import { distributionRoutes } from "../distribution/routes.ts";
import { healthRoute, isUiPath, metricsRoute, uiRoute } from "../extensions.ts";
import type { Answered, Exchange } from "./http.ts";
import { exchange, redirectPermanently, sendEmpty, sendNotFound } from "./http.ts";
import { loadConfig } from "../config/load.ts";
import type { Log } from "./log.ts";
import { jsonLog, lineWriter } from "./log.ts";
import { callbackPath, login, loginCallback, logout } from "../signIn/oidcLogin.ts";
import { RelyingParty } from "../signIn/relyingParty.ts";
import { watchConfig } from "../config/reload.ts";
import { logRequest, logWrite } from "./requestLog.ts";
import { Sessions } from "../signIn/sessions.ts";
import type { ZotState } from "./state.ts";
import { authenticatesUsers, ownOrigin } from "./state.ts";
import { Storage } from "../storage/storage.ts";
import { Users } from "../access/users.ts";
import type { ZotVersion } from "../version.ts";
import { zotVersion } from "../version.ts";

export interface ZotOptions {
  /** Path of zot's configuration file, which sets the port, the storage and the access control. */
  readonly config: string;
  /** The release to emulate. Default `v2.1.20`. */
  readonly version?: string;
  /** Receives the log lines, which are JSON. Default: they are dropped. */
  readonly log?: (line: string) => void;
}

/** Starts the registry. Throws a `ConfigError` for an invalid configuration, a `RelyingPartyError` if discovery fails, and a `BearerError` for an invalid issuer of bearer tokens. */
export async function startZot(options: ZotOptions): Promise<RunningServer> {
  const version = zotVersion(options.version);
  const write = options.log ?? (() => undefined);
  const config = await loadConfig(options.config, version, jsonLog(write, "info"));
  const log = jsonLog(write, config.log.level);
  const { rootDirectory } = config.storage;
  mkdirSync(rootDirectory, { recursive: true, mode: 0o700 });
  const keysFile = config.http.auth?.sessionKeysFile ?? "";
  const zot: ZotState = {
    config,
    startConfig: config,
    version,
    log,
    audit: config.log.audit === "" ? undefined : jsonLog(lineWriter(config.log.audit), config.log.level),
    users: new Users(rootDirectory),
    sessions: new Sessions(rootDirectory, keysFile === "" ? undefined : readSessionKeys(keysFile).hashKey),
    storage: new Storage(rootDirectory),
    bearer: BearerAuthorizer.create(config.http.auth?.bearer, log),
    relyingParties: await discoverProviders(config, version, log),
  };
  warnOfUnsupported(config, log);
  const unwatch = watchConfig(zot, options.config);
  try {
    const server = await listen((request, response) => void answer(zot, request, response), {
      name: "zot",
      port: Number(config.http.port === "" ? "8080" : config.http.port),
      setting: "http.port of zot's configuration",
    });
    return {
      url: server.url,
      close: async () => {
        unwatch();
        await server.close();
      },
    };
  } catch (error) {
    unwatch();
    throw error;
  }
}

function warnOfUnsupported({ http }: ZotConfig, log: Log): void {
  if (http.auth?.passwords === true) {
    log("warn", "the lab's zot does not support htpasswd and LDAP, so it rejects all passwords");
  }
  if (http.auth?.bearer?.upstreamTokenEndpoint !== undefined) {
    log("warn", "the lab's zot does not support upstreamTokenEndpoint and ignores it");
  }
  if (http.auth?.bearer !== undefined && http.auth.bearer.cert !== "") {
    log("warn", "the lab's zot does not support bearer tokens with an access claim, so it rejects them");
  }
}

async function discoverProviders(
  config: ZotConfig,
  version: ZotVersion,
  log: Log,
): Promise<ReadonlyMap<string, RelyingParty>> {
  const parties = new Map<string, RelyingParty>();
  const { auth } = config.http;
  if (enablesBearer(auth?.bearer) && !version.bearerCombined) return parties;
  for (const [name, provider] of Object.entries(auth?.openid?.providers ?? {})) {
    if (name === "github") {
      log("warn", "the lab's zot does not support sign-in with GitHub, so it ignores this provider");
      continue;
    }
    const redirectUri = `${ownOrigin(config)}${callbackPath}/${name}`;
    parties.set(name, await RelyingParty.discover(provider, redirectUri));
  }
  return parties;
}

async function answer(zot: ZotState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const current = exchange(request, response);
  try {
    await route(zot, current);
  } catch (error) {
    zot.log("error", "unexpected error", { error: error instanceof Error ? error.message : String(error) });
    if (response.headersSent) response.destroy();
    else sendEmpty(current, 500);
  }
  logRequest(zot, current);
  logWrite(zot, current);
}

async function route(zot: ZotState, current: Exchange): Promise<Answered> {
  const { path } = current;
  const clean = posix.normalize(path);
  if (clean !== path) return redirectPermanently(current, clean);
  const { auth } = zot.startConfig.http;
  const { metricsPath, ui } = zot.startConfig.extensions;
  const signsIn = Object.keys(auth?.openid?.providers ?? {}).length > 0;
  if (/^\/(?:livez|readyz|startupz)$/.test(path)) return healthRoute(current);
  if (path === tokenPath && exchangesTokens(zot)) return tokenRoute(zot, current);
  if (signsIn && path === "/zot/auth/login") return login(zot, current);
  if (signsIn && path.startsWith(`${callbackPath}/`)) {
    return loginCallback(zot, current, path.slice(callbackPath.length + 1));
  }
  if (auth?.apiKey === true && path.startsWith("/zot/auth/apikey")) return apiKeyRoutes(zot, current);
  if (authenticatesUsers(zot.startConfig) && path === "/zot/auth/logout") return logout(zot, current);
  if (path.startsWith("/v2/")) return distributionRoutes(zot, current);
  if (metricsPath !== undefined && path.startsWith(metricsPath)) return metricsRoute(zot, current);
  if (ui && isUiPath(path)) return uiRoute(current);
  return sendNotFound(current);
}
