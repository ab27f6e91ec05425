import { createHash } from "node:crypto";
import { atLeast } from "./zotVersion.ts";
import type { ZotVersion } from "./zotVersion.ts";
import type { Settings } from "./settings/schema.ts";

/** zot's config file, as far as this program writes it. The names are zot's own. */
export interface ZotConfig {
  readonly distSpecVersion: "1.1.0";
  readonly storage: Readonly<Record<string, unknown>>;
  readonly http: {
    readonly address: string;
    readonly port: string;
    readonly externalUrl: string;
    readonly auth: Readonly<Record<string, unknown>>;
    readonly accessControl: AccessControl;
  };
  readonly log: { readonly level: string };
  readonly extensions: Readonly<Record<string, unknown>>;
}

export type Action = "read" | "create" | "update" | "delete";

/** zot's `accessControl`: the longest glob that matches a repository decides, and nothing falls through. */
export interface AccessControl {
  readonly metrics?: { readonly users: readonly string[] } | { readonly anonymousPolicy: readonly Action[] };
  readonly repositories: Readonly<
    Record<
      string,
      {
        readonly policies: readonly { readonly groups: readonly string[]; readonly actions: readonly Action[] }[];
        readonly anonymousPolicy: readonly Action[];
        readonly defaultPolicy: readonly Action[];
      }
    >
  >;
}

/** What the renderer needs besides the settings: files and folders as zot on its host sees them. */
export interface HostPaths {
  readonly credentialsFile: string;
  readonly dataDirectory: string;
}

/**
 * Renders zot's config for a version of zot.
 *
 * Anonymous access to `/metrics` is written as `metrics.users: [""]` up to 2.1.17 and as `metrics.anonymousPolicy` from 2.1.18: neither
 * version takes the other's form.
 */
export function renderZotConfig(settings: Settings, version: ZotVersion, paths: HostPaths): ZotConfig {
  const { registry, access, authentik } = settings;
  return {
    distSpecVersion: "1.1.0",
    storage: { rootDirectory: paths.dataDirectory, gc: true, gcDelay: "1h", gcInterval: "24h" },
    http: {
      address: registry.address,
      port: String(registry.port),
      externalUrl: registry.url,
      auth: {
        openid: {
          providers: {
            oidc: {
              credentialsFile: paths.credentialsFile,
              issuer: issuerOf(authentik),
              scopes: ["openid", "email", "profile"],
              claimMapping: { username: "preferred_username" },
            },
          },
        },
        apikey: true,
      },
      accessControl: accessControl(access, version),
    },
    log: { level: registry.logLevel },
    extensions: {
      metrics: { enable: true, prometheus: { path: "/metrics" } },
      ...(registry.pullThrough.length === 0
        ? {}
        : { sync: { enable: true, registries: registry.pullThrough.map(syncedRegistry) } }),
      search: { enable: true, cve: { updateInterval: "24h" } },
      ui: { enable: true },
    },
  };
}

/** The config as the file's text. */
export function formatZotConfig(config: ZotConfig): string {
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** The issuer as Authentik writes it: zot compares it byte by byte, with its trailing slash. */
export function issuerOf(authentik: { readonly url: string; readonly application: string }): string {
  return `${authentik.url}/application/o/${authentik.application}/`;
}

/** The OIDC credentials file's text. Its keys are zot's: one word, lower case. */
export function formatCredentials(clientId: string, clientSecret: string): string {
  return `${JSON.stringify({ clientid: clientId, clientsecret: clientSecret }, null, 2)}\n`;
}

/**
 * A digest of what zot reads at its start only (facts: section g). While it stays the same, a changed file is taken over by the running
 * zot; when it changes, zot has to be restarted.
 */
export function startDigest(config: ZotConfig): string {
  const { accessControl: _reloaded, auth, ...http } = config.http;
  const { sync: _sync, ...extensions } = config.extensions as Record<string, unknown>;
  const atStart = { root: config.storage["rootDirectory"], http, auth: auth["openid"], log: config.log, extensions };
  return createHash("sha256").update(JSON.stringify(atStart)).digest("hex");
}

function accessControl(access: Settings["access"], version: ZotVersion): AccessControl {
  const everyone: Action[] = access.anonymousRead ? ["read"] : [];
  return {
    ...(access.anonymousMetrics
      ? { metrics: atLeast(version, "2.1.18") ? { anonymousPolicy: ["read"] } : { users: [""] } }
      : {}),
    repositories: {
      "**": {
        policies: [
          { groups: [access.ciGroup], actions: ["read", "create"] },
          { groups: [access.adminGroup], actions: ["read", "create", "update", "delete"] },
        ],
        anonymousPolicy: everyone,
        defaultPolicy: ["read"],
      },
    },
  };
}

function syncedRegistry(registry: { readonly name: string; readonly url: string }): Readonly<Record<string, unknown>> {
  return {
    urls: [registry.url],
    content: [{ prefix: "**", destination: `/${registry.name}` }],
    onDemand: true,
    tlsVerify: true,
  };
}
