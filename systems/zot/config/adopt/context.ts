import type { ZotVersion } from "../../version.ts";

/** What cannot be kept of a config that was made by hand. Never quotes a secret value. */
export interface NotKept {
  /** Where in zot's config: `http.auth.bearer`. */
  readonly path: string;
  readonly reason: string;
}

/** What zot's config does not tell. */
export interface AdoptContext {
  /** The zot on the host. Default: the newest that this program knows. */
  readonly version?: ZotVersion | undefined;
  /** The output of its `zot schema`. Default: the built-in one decides. */
  readonly schema?: string | undefined;
  /** The setting registry.url, where `externalUrl` is missing. */
  readonly url?: string | undefined;
  /** The path of the config on the host. */
  readonly configFile?: string | undefined;
  /** The client ID in the provider's credentials file. */
  readonly clientId?: string | undefined;
  /** Authentik's address, where the issuer does not tell it. */
  readonly authentikUrl?: string | undefined;
  /** The setting access.adminGroup. Default: found in the policies. */
  readonly adminGroup?: string | undefined;
  /** The setting access.ciGroup. Default: found in the policies. */
  readonly ciGroup?: string | undefined;
  /** The setting ci.user. Default: no account in the policies is CI's. */
  readonly ciUser?: string | undefined;
  /** The setting ci.imagePrefix. Default: a folder that CI may push to, if that is not everywhere. */
  readonly imagePrefix?: string | undefined;
}
