// Stands in for zot: the state that its parts share.
import type { BearerAuthorizer } from "../access/bearer/authorizer.ts";
import type { ZotConfig } from "../config/config.ts";
import type { Log } from "./log.ts";
import type { RelyingParty } from "../signIn/relyingParty.ts";
import type { Sessions } from "../signIn/sessions.ts";
import type { Storage } from "../storage/storage.ts";
import type { Users } from "../access/users.ts";
import type { ZotVersion } from "../version.ts";

export interface ZotState {
  /** The current configuration; a reload replaces it. */
  config: ZotConfig;
  /** The configuration at startup, which decides which routes exist. */
  readonly startConfig: ZotConfig;
  readonly version: ZotVersion;
  readonly log: Log;
  /** Undefined without an audit log. */
  readonly audit: Log | undefined;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly storage: Storage;
  /** By provider name; created at startup and never reloaded. */
  readonly relyingParties: ReadonlyMap<string, RelyingParty>;
  /** Created at startup and never reloaded. Undefined if no issuer of bearer tokens is configured. */
  readonly bearer: BearerAuthorizer | undefined;
}

/** The server's own base URL, as browsers see it. */
export function ownOrigin({ http }: ZotConfig): string {
  const external = http.externalUrl.replace(/\/$/, "");
  return external !== "" ? external : `${http.tls ? "https" : "http"}://${http.address}:${http.port}`;
}

/** Whether cookies must travel over TLS only. */
export function usesSecureCookies({ http }: ZotConfig): boolean {
  return http.tls || http.auth?.secureSession === true;
}

/** Whether any authentication with HTTP Basic or a session is configured. */
export function authenticatesUsers({ http }: ZotConfig): boolean {
  const { auth } = http;
  return auth !== undefined && (auth.passwords || auth.apiKey || Object.keys(auth.openid?.providers ?? {}).length > 0);
}
