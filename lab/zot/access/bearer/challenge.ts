// Stands in for zot: the `WWW-Authenticate` header.
import { challengesBearer } from "../../config/bearer.ts";
import type { Exchange } from "../../server/http.ts";
import { comesFromUi } from "../../server/http.ts";
import type { ZotState } from "../../server/state.ts";

const defaultRealm = "Authorization Required";

/** For a request without permission: how to authenticate, unless it comes from the web UI. */
export function setChallenge(zot: ZotState, exchange: Exchange): void {
  if (comesFromUi(exchange)) return;
  if (zot.version.bearerCombined && challengesBearer(zot.startConfig.http.auth?.bearer)) {
    setBearerChallenge(zot, exchange);
    return;
  }
  const { realm } = zot.startConfig.http;
  exchange.response.setHeader("WWW-Authenticate", `Basic realm="${realm === "" ? defaultRealm : realm}"`);
}

/** Where to get a token. Without a realm and a service, zot does not say. */
export function setBearerChallenge(zot: ZotState, exchange: Exchange): void {
  const bearer = zot.startConfig.http.auth?.bearer;
  if (comesFromUi(exchange) || !challengesBearer(bearer)) return;
  const { realm, service } = bearer;
  const scope = requestedScope(zot, exchange);
  exchange.response.setHeader("WWW-Authenticate", `Bearer realm="${realm}",service="${service}",scope="${scope}"`);
}

/** For the answer to `GET /v2/`, which tells clients that they can authenticate. */
export function setPingChallenge(zot: ZotState, exchange: Exchange): void {
  const { auth, realm } = zot.startConfig.http;
  const { bearer } = auth ?? {};
  if (comesFromUi(exchange)) return;
  if (bearer === undefined) exchange.response.setHeader("WWW-Authenticate", `basic realm=${realm}`);
  else if (zot.version.bearerCombined) setChallenge(zot, exchange);
  else exchange.response.setHeader("WWW-Authenticate", `bearer realm=${bearer.realm}`);
}

function requestedScope(zot: ZotState, { path, method }: Exchange): string {
  const repository = /^\/v2\/(.+)\/(?:manifests|blobs|tags|referrers)\//.exec(path)?.[1] ?? "";
  const combined = zot.version.bearerCombined;
  if (path === "/v2/" || (combined && repository === "")) return "";
  if (method === "GET" || method === "HEAD") return `repository:${repository}:pull`;
  return `repository:${repository}:${method === "DELETE" ? "delete" : "push"}`;
}
