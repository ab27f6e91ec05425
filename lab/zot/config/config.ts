// Stands in for zot: the parts of its configuration that the stand-in uses.
import type { BearerConfig } from "./bearer.ts";
import { toBearer, toConditions } from "./bearer.ts";
import type { Section } from "./schema.ts";
import { flag, list, number, section, sections, text } from "./values.ts";

export interface Condition {
  readonly expression: string;
  /** The message to clients that do not meet it. */
  readonly message: string;
}

export interface Policy {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly actions: readonly string[];
  /** CEL expressions on the request. The policy grants nothing unless all of them hold. */
  readonly conditions: readonly Condition[];
}

export interface RepositoryPolicies {
  readonly policies: readonly Policy[];
  readonly defaultPolicy: readonly string[];
  readonly anonymousPolicy: readonly string[];
}

export interface AccessControlConfig {
  /** By glob pattern. */
  readonly repositories: Readonly<Record<string, RepositoryPolicies>>;
  readonly adminPolicy: Policy;
  readonly metrics: { readonly users: readonly string[]; readonly anonymousPolicy: readonly string[] };
}

export interface OidcProviderConfig {
  /** The display name. */
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly credentialsFile: string;
  readonly scopes: readonly string[];
  readonly usernameClaim: string;
  readonly groupsClaim: string;
}

export interface OpenIdConfig {
  readonly providers: Readonly<Record<string, OidcProviderConfig>>;
  readonly callbackAllowOrigins: readonly string[];
}

export interface AuthConfig {
  readonly apiKey: boolean;
  readonly openid?: OpenIdConfig;
  readonly bearer?: BearerConfig;
  readonly secureSession: boolean;
  readonly sessionKeysFile: string;
  /** htpasswd or LDAP is configured. The stand-in has no such users, but like zot it counts this as an authentication method. */
  readonly passwords: boolean;
  readonly mtls: boolean;
  /** Delay after a failed authentication, in seconds. */
  readonly failDelay: number;
}

export interface ZotConfig {
  readonly distSpecVersion: string;
  readonly storage: {
    readonly rootDirectory: string;
    readonly gc: boolean;
    /** A blob in one repository can be used in all others. */
    readonly dedupe: boolean;
    readonly gcDelay: number | undefined;
    readonly gcInterval: number | undefined;
  };
  readonly http: {
    readonly address: string;
    readonly port: string;
    readonly realm: string;
    readonly externalUrl: string;
    readonly allowOrigin: string;
    readonly tls: boolean;
    readonly auth?: AuthConfig;
    readonly accessControl?: AccessControlConfig;
  };
  readonly log: {
    readonly level: string;
    readonly output: string;
    /** The file of the audit log. Empty for none. */
    readonly audit: string;
  };
  readonly extensions: {
    readonly search: boolean;
    readonly ui: boolean;
    /** The path of the metrics. Undefined if they are disabled. */
    readonly metricsPath: string | undefined;
    /** Sections that zot accepts and ignores: `apikey`, `mgmt`. */
    readonly ignored: readonly string[];
  };
}

/** Converts the decoded file. Absent values get zot's defaults. */
export function toConfig(root: Section): ZotConfig {
  const http = section(root, "http") ?? {};
  const storage = section(root, "storage") ?? {};
  const log = section(root, "log") ?? {};
  const extensions = section(root, "extensions") ?? {};
  const metrics = section(extensions, "metrics");
  const auth = section(http, "auth");
  const accessControl = section(http, "accesscontrol");
  return {
    distSpecVersion: text(root, "distspecversion"),
    storage: {
      rootDirectory: text(storage, "rootdirectory"),
      gc: flag(storage, "gc", true),
      dedupe: flag(storage, "dedupe", true),
      gcDelay: number(storage, "gcdelay"),
      gcInterval: number(storage, "gcinterval"),
    },
    http: {
      address: text(http, "address"),
      port: text(http, "port"),
      realm: text(http, "realm"),
      externalUrl: text(http, "externalurl"),
      allowOrigin: text(http, "alloworigin"),
      tls: section(http, "tls") !== undefined,
      ...(auth === undefined ? {} : { auth: toAuth(auth) }),
      ...(accessControl === undefined ? {} : { accessControl: toAccessControl(accessControl) }),
    },
    log: { level: text(log, "level") || "debug", output: text(log, "output"), audit: text(log, "audit") },
    extensions: {
      search: enabled(extensions, "search"),
      ui: enabled(extensions, "ui"),
      metricsPath: enabled(extensions, "metrics")
        ? text(section(metrics ?? {}, "prometheus") ?? {}, "path") || "/metrics"
        : undefined,
      ignored: ["apikey", "mgmt"].filter((name) => section(extensions, name) !== undefined),
    },
  };
}

function toAuth(auth: Section): AuthConfig {
  const openid = section(auth, "openid");
  const bearer = section(auth, "bearer");
  const providers = Object.entries(section(openid ?? {}, "providers") ?? {}).map(
    ([name, provider]) => [name, toProvider(provider as Section)] as const,
  );
  return {
    // zot enables API keys if an OpenID provider is configured.
    apiKey: flag(auth, "apikey", false) || providers.length > 0,
    ...(openid === undefined
      ? {}
      : {
          openid: {
            providers: Object.fromEntries(providers),
            callbackAllowOrigins: list(openid, "callbackalloworigins"),
          },
        }),
    ...(bearer === undefined ? {} : { bearer: toBearer(bearer) }),
    secureSession: flag(auth, "securesession", false),
    sessionKeysFile: text(auth, "sessionkeysfile"),
    passwords: text(section(auth, "htpasswd") ?? {}, "path") !== "" || section(auth, "ldap") !== undefined,
    mtls: section(auth, "mtls") !== undefined,
    failDelay: number(auth, "faildelay") ?? 0,
  };
}

function toProvider(provider: Section): OidcProviderConfig {
  const claims = section(provider, "claimmapping") ?? {};
  return {
    name: text(provider, "name"),
    issuer: text(provider, "issuer"),
    clientId: text(provider, "clientid"),
    clientSecret: text(provider, "clientsecret"),
    credentialsFile: text(provider, "credentialsfile"),
    scopes: list(provider, "scopes"),
    usernameClaim: text(claims, "username"),
    groupsClaim: text(claims, "groups"),
  };
}

function toAccessControl(accessControl: Section): AccessControlConfig {
  const metrics = section(accessControl, "metrics") ?? {};
  const repositories = Object.entries(section(accessControl, "repositories") ?? {}).map(([pattern, value]) => {
    const group = (value ?? {}) as Section;
    const policies = sections(group, "policies").map(toPolicy);
    return [
      pattern,
      { policies, defaultPolicy: list(group, "defaultpolicy"), anonymousPolicy: list(group, "anonymouspolicy") },
    ] as const;
  });
  return {
    repositories: Object.fromEntries(repositories),
    adminPolicy: toPolicy(section(accessControl, "adminpolicy") ?? {}),
    metrics: { users: list(metrics, "users"), anonymousPolicy: list(metrics, "anonymouspolicy") },
  };
}

function toPolicy(policy: Section): Policy {
  return {
    users: list(policy, "users"),
    groups: list(policy, "groups"),
    actions: list(policy, "actions"),
    conditions: toConditions(policy, "conditions"),
  };
}

/** An extension is enabled if its section exists and does not set `enable` to false. */
function enabled(extensions: Section, name: string): boolean {
  const extension = section(extensions, name);
  return extension !== undefined && flag(extension, "enable", true);
}
