import type { PullThrough } from "../../host/settings.ts";
import type { ZotSettings } from "../settings.ts";
import { goDuration, optionalGoDuration } from "./duration.ts";
import { present } from "../../../../core/json.ts";
import type { JsonObject } from "../../../../core/json.ts";

/** zot's `extensions`: metrics, pull-through, search, the web page, scrub and lint. `locate` converts the path in a setting to the path on the host. */
export function renderExtensions(
  zot: ZotSettings,
  pullThrough: readonly PullThrough[],
  locate: (path: string) => string,
): JsonObject {
  const { metrics, search, sync, scrubInterval, mandatoryAnnotations } = zot;
  return present({
    metrics: metrics.enable ? { enable: true, prometheus: { path: metrics.path } } : undefined,
    sync:
      pullThrough.length === 0
        ? undefined
        : present({
            enable: true,
            credentialsFile: sync.credentialsFile === undefined ? undefined : locate(sync.credentialsFile),
            downloadDir: sync.downloadDir === undefined ? undefined : locate(sync.downloadDir),
            registries: pullThrough.map((entry) => pulledThrough(entry, locate)),
          }),
    search: search.enable
      ? present({ enable: true, cve: search.cve ? vulnerabilities(search) : undefined })
      : undefined,
    ui: zot.ui ? { enable: true } : undefined,
    scrub: scrubInterval === undefined ? undefined : { enable: true, interval: goDuration(scrubInterval) },
    lint: mandatoryAnnotations.length === 0 ? undefined : { enable: true, mandatoryAnnotations },
  });
}

function vulnerabilities(search: ZotSettings["search"]): JsonObject {
  const trivy = present({ dbRepository: search.trivyDatabase, javaDBRepository: search.trivyJavaDatabase });
  return present({
    updateInterval: goDuration(search.cveUpdateInterval),
    trivy: Object.keys(trivy).length === 0 ? undefined : trivy,
  });
}

function pulledThrough(entry: PullThrough, locate: (path: string) => string): JsonObject {
  const tags = present({ regex: entry.tagsRegex, semver: entry.semver });
  return present({
    urls: [entry.url, ...entry.fallbackUrls],
    content: [
      present({
        prefix: entry.prefix,
        destination: `/${entry.name}`,
        tags: Object.keys(tags).length === 0 ? undefined : tags,
      }),
    ],
    onDemand: entry.onDemand,
    tlsVerify: entry.tlsVerify,
    pollInterval: optionalGoDuration(entry.pollInterval),
    onlySigned: entry.onlySigned,
    preserveDigest: entry.preserveDigest,
    certDir: entry.certDir === undefined ? undefined : locate(entry.certDir),
    maxRetries: entry.maxRetries,
    retryDelay: optionalGoDuration(entry.retryDelay),
  });
}
