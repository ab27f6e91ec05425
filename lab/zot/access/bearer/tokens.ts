// Stands in for zot: identifies the sender of a request by a bearer token, which is a workload's ID token or a wrapped API key.
import type { Exchange } from "../../server/http.ts";
import { splitOnce } from "../../server/http.ts";
import type { ZotState } from "../../server/state.ts";
import type { Subject } from "../accessControl.ts";
import type { KeyCredential } from "./wrappedKey.ts";
import { isWrappedKey, unwrapKey } from "./wrappedKey.ts";

/** The token in the `Authorization` header. Undefined if the header has another scheme, or is sent twice. */
export function bearerToken({ request }: Exchange): string | undefined {
  const [scheme = "", token] = splitOnce(request.headers.authorization ?? "", " ");
  const isOne = (request.headersDistinct["authorization"] ?? []).length === 1;
  return isOne && scheme.toLowerCase() === "bearer" ? token : undefined;
}

/** The user of a bearer token. Undefined if zot refuses it. */
export async function identifyWorkload(zot: ZotState, exchange: Exchange): Promise<Subject | undefined> {
  const token = bearerToken(exchange);
  if (token === undefined) return undefined;
  if (zot.version.bearerCombined && isWrappedKey(token)) {
    const credential = unwrapKey(token);
    return credential === undefined ? undefined : authenticateKey(zot, credential);
  }
  const workload = await zot.bearer?.authenticate(token);
  if (workload === undefined) return undefined;
  const { name, groups, claims } = workload;
  zot.log("debug", "the OIDC bearer authentication was successful", { identity: name });
  // A workload and a person of the same name share one record: its groups, and its API keys.
  zot.users.setGroups(name, groups);
  return { name, groups, claims };
}

/** The user of an API key. Undefined if it is wrong or has expired. */
export function authenticateKey(zot: ZotState, { username, secret }: KeyCredential): Subject | undefined {
  if (zot.config.http.auth?.apiKey !== true) return undefined;
  if (!zot.users.useApiKey(username, secret)) {
    zot.log("info", "failed to find any user info for the presented API key, or it has expired");
    return undefined;
  }
  return { name: username, groups: zot.users.groups(username) ?? [] };
}
