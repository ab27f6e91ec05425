import type { AccessRules } from "../../access/rules.ts";
import type { PullThrough } from "../mirrors/settings.ts";
import type { JobTokens } from "./bearer.ts";
import type { ZotSettings } from "../settings.ts";

/** What zot's config is rendered from. */
export interface ZotConfigArgs {
  /** The address that users and CI connect to: zot's `externalUrl`. */
  readonly url: string;
  /** The IP address that zot listens on. */
  readonly address: string;
  /** The port that zot listens on. */
  readonly port: number;
  /** Registries that zot mirrors on demand. */
  readonly pullThrough: readonly PullThrough[];
  /** Authentik's issuer URL. zot compares it byte by byte, including the trailing slash. */
  readonly issuer: string;
  /** Who may do what. */
  readonly rules: AccessRules;
  /** CI's jobs that push with tokens of their own. Default: none. */
  readonly jobTokens?: JobTokens | undefined;
  /** The rest of the config, as in the group `zot` of the settings. */
  readonly zot: ZotSettings;
}
