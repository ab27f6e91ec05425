import { atLeast, formatZotVersion } from "../../version.ts";
import type { ZotVersion } from "../../version.ts";
import { isObject } from "../../../../core/json.ts";

/** A key of zot's config that prevents older releases from starting. `*` in a path is any key or list entry. */
interface Addition {
  readonly path: string;
  readonly since: string;
  /** The setting that writes it. Default: only `zot.extra` does. */
  readonly setting?: string;
}

/** From the history of zot's config types, v2.1.13 to v2.1.20. Keys that 2.1.13 knows are not listed. */
const ADDITIONS: readonly Addition[] = [
  { path: "http.auth.bearer.oidc", since: "2.1.14" },
  { path: "http.auth.bearer.oidc.*.certificateAuthority", since: "2.1.15" },
  { path: "http.auth.bearer.oidc.*.certificateAuthorityFile", since: "2.1.15" },
  { path: "http.auth.bearer.awsSecretsManager", since: "2.1.15" },
  {
    path: "http.auth.openID.callbackAllowOrigins",
    since: "2.1.15",
    setting: "zot.auth.callbackAllowOrigins",
  },
  { path: "extensions.sync.registries.*.syncLegacyCosignTags", since: "2.1.15" },
  { path: "storage.maxRepos", since: "2.1.16", setting: "zot.storage.maxRepos" },
  { path: "storage.subPaths.*.maxRepos", since: "2.1.16" },
  { path: "extensions.search.cve.trivy.vulnSeveritySources", since: "2.1.16" },
  {
    path: "http.auth.openID.providers.*.claimMapping.groups",
    since: "2.1.17",
    setting: "zot.auth.groupsClaim",
  },
  { path: "http.readTimeout", since: "2.1.17", setting: "zot.http.readTimeout" },
  { path: "http.writeTimeout", since: "2.1.17", setting: "zot.http.writeTimeout" },
  { path: "http.accessControl.adminPolicy.conditions", since: "2.1.17" },
  { path: "http.accessControl.repositories.*.policies.*.conditions", since: "2.1.17" },
  { path: "http.accessControl.metrics.anonymousPolicy", since: "2.1.18" },
  { path: "storage.fastRestart", since: "2.1.18", setting: "zot.storage.fastRestart" },
  { path: "storage.redirectBlobURL", since: "2.1.18" },
  { path: "storage.subPaths.*.redirectBlobURL", since: "2.1.18" },
  { path: "extensions.search.cve.trivy.sbom", since: "2.1.18" },
  { path: "storage.gcTimeWindow", since: "2.1.19" },
  { path: "storage.subPaths.*.gcTimeWindow", since: "2.1.19" },
  {
    path: "storage.retention.policies.*.keepUntagged",
    since: "2.1.19",
    setting: "zot.storage.retention.policies[].keepUntagged",
  },
  {
    path: "storage.subPaths.*.retention.policies.*.keepUntagged",
    since: "2.1.19",
    setting: "zot.storage.subPaths.<path>.retention.policies[].keepUntagged",
  },
  { path: "http.auth.bearer.upstreamTokenEndpoint", since: "2.1.19" },
  { path: "extensions.sync.registries.*.maxRetryDelay", since: "2.1.19" },
  { path: "extensions.sync.registries.*.oauth2CredentialHelper", since: "2.1.19" },
];

/** A key in a config that is too new for a release of zot. */
export interface TooNew {
  /** The setting that wrote it. */
  readonly setting: string;
  readonly message: string;
}

/** The keys in the config that would prevent the release from starting. */
export function tooNewFor(version: ZotVersion, config: unknown): readonly TooNew[] {
  return ADDITIONS.filter(({ path, since }) => !atLeast(version, since) && contains(config, path.split("."))).map(
    ({ path, since, setting = `zot.extra.${path}` }) => ({
      setting,
      message: `requires zot ${since} or later; the host has ${formatZotVersion(version)}, which would not start with it. Upgrade zot on the host, or remove the setting.`,
    }),
  );
}

function contains(value: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return value !== undefined;
  const entries = Array.isArray(value) ? [...value.entries()] : isObject(value) ? Object.entries(value) : [];
  return entries.some(
    ([name, inner]) => (key === "*" || String(name).toLowerCase() === key.toLowerCase()) && contains(inner, rest),
  );
}
