// Settings that only change zot's config.
import { at, to } from "./row.ts";
import type { Table } from "./row.ts";

const TLS = {
  elsewhere:
    "the model's zot speaks no TLS: tests/systems/zot/config renders it, tests/systems/zot/host restarts for it",
};

const keeping = (path: string, kept: string): Table => ({
  [`${path}.pulledWithin`]: to("12 hours"),
  [`${path}.pushedWithin`]: to("48 hours"),
  [`${path}.mostRecentlyPulledCount`]: to(3, { given: () => ({ [kept]: "1 hour" }) }),
  [`${path}.mostRecentlyPushedCount`]: to(4),
});

const retention = (path: string): Table => ({
  [`${path}.dryRun`]: to(true),
  [`${path}.delay`]: to("48 hours"),
  [`${path}.policies[].repositories`]: to(["own/**"]),
  [`${path}.policies[].deleteReferrers`]: to(true),
  [`${path}.policies[].deleteUntagged`]: to(false, {
    also: () => ({ [`${path}.policies[].keepUntagged`]: undefined }),
  }),
  ...keeping(`${path}.policies[].keepUntagged`, `${path}.policies[].keepUntagged.pulledWithin`),
  [`${path}.policies[].keepTags[].patterns`]: to(["v.*"]),
  ...keeping(`${path}.policies[].keepTags[]`, `${path}.policies[].keepTags[].pulledWithin`),
});

const cleaning = (path: string): Table => ({
  [`${path}.dedupe`]: to(false),
  [`${path}.gc`]: to(false, { also: () => ({ [`${path}.retention`]: undefined }) }),
  [`${path}.gcDelay`]: to("2 hours"),
  [`${path}.gcInterval`]: to("12 hours"),
  ...retention(`${path}.retention`),
});

const parts = (path: string): Table => {
  const given = () => ({ [path]: [{ prefix: "bitnami/**" }] });
  return {
    [`${path}[].prefix`]: to("library/**", { given }),
    [`${path}[].stripPrefix`]: to(true, { given }),
    [`${path}[].tagsRegex`]: to("^v", { given }),
    [`${path}[].excludeTagsRegex`]: to("-rc", { given }),
    [`${path}[].semver`]: to(true, { given }),
  };
};

export const ZOT: Table = {
  "registry.pullThrough[].name": to("quay.io"),
  "registry.pullThrough[].url": to("https://quay.io"),
  "registry.pullThrough[].fallbackUrls": to(["https://mirror.gcr.io"]),
  "registry.pullThrough[].onDemand": to(false, { also: () => ({ "registry.pullThrough[].pollInterval": "6 hours" }) }),
  "registry.pullThrough[].pollInterval": to("6 hours"),
  "registry.pullThrough[].prefix": to("library/**"),
  "registry.pullThrough[].tagsRegex": to("^v"),
  "registry.pullThrough[].excludeTagsRegex": to("-rc"),
  "registry.pullThrough[].semver": to(true),
  "registry.pullThrough[].stripPrefix": to(true),
  ...parts("registry.pullThrough[].contents"),
  "registry.pullThrough[].syncTimeout": to("30 minutes"),
  "registry.pullThrough[].onlySigned": to(true),
  "registry.pullThrough[].preserveDigest": to(true),
  "registry.pullThrough[].tlsVerify": to(false),
  "registry.pullThrough[].certDir": to("/etc/zot/certificates"),
  "registry.pullThrough[].maxRetries": to(3, { given: () => ({ "registry.pullThrough[].retryDelay": "1 minute" }) }),
  "registry.pullThrough[].retryDelay": to("5 minutes"),
  "registry.acceptCiOverwrite": to(true),
  "registry.acceptRemoved": to(["http.auth.htpasswd"]),
  ...cleaning("zot.storage"),
  "zot.storage.commit": to(true),
  "zot.storage.maxRepos": to(100),
  "zot.storage.fastRestart": to(true),
  "zot.storage.subPaths.*.dataDirectory": at(({ data }) => data("big2")),
  ...cleaning("zot.storage.subPaths.*"),
  "zot.http.tls.cert": TLS,
  "zot.http.tls.key": TLS,
  "zot.http.tls.caCert": TLS,
  "zot.http.realm": to("registry"),
  "zot.http.allowOrigin": to("https://ui.example.test"),
  "zot.http.readTimeout": to("90 seconds"),
  "zot.http.writeTimeout": to("90 seconds"),
  "zot.http.compat": to([]),
  "zot.auth.secureSession": to(true),
  "zot.auth.sessionKeysFile": at(({ path }) => path("sessions.json")),
  "zot.auth.failDelay": to("2 seconds"),
  "zot.auth.scopes": to(["openid", "email", "profile", "offline_access"]),
  "zot.auth.usernameClaim": to("nickname"),
  // Authentik has the groups in no other claim.
  "zot.auth.groupsClaim": to("groups"),
  "zot.auth.providerName": to("Authentik"),
  "zot.auth.callbackAllowOrigins": to(["https://ui.example.test"]),
  "zot.log.level": to("warn"),
  "zot.log.output": to("/var/log/zot.log"),
  "zot.log.audit": to("/var/log/zot-audit.log"),
  "zot.metrics.enable": to(false),
  "zot.metrics.path": to("/prometheus"),
  "zot.search.enable": to(false, { also: () => ({ "zot.ui": false }) }),
  "zot.search.cve": to(false),
  "zot.search.cveUpdateInterval": to("12 hours"),
  "zot.search.trivyDatabase": to("registry.example.test/trivy-db"),
  "zot.search.trivyJavaDatabase": to("registry.example.test/trivy-java-db"),
  "zot.ui": to(false),
  "zot.sync.credentialsFile": to("/etc/zot/sync.json"),
  "zot.sync.downloadDir": to("/var/tmp/zot"),
  "zot.scrubInterval": to("24 hours"),
  "zot.mandatoryAnnotations": to(["org.opencontainers.image.source"]),
  "zot.extra": to({ http: { ratelimit: { rate: 1000 } } }),
};
