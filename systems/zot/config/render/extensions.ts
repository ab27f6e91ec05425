import type { PullThrough } from "../mirrors/settings.ts";
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
    sync: renderSync(sync, pullThrough, locate),
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

/** Without `registry.pullThrough`, `zot.extra` may add registries to the rest. */
function renderSync(
  { credentialsFile, downloadDir }: ZotSettings["sync"],
  pullThrough: readonly PullThrough[],
  locate: (path: string) => string,
): JsonObject | undefined {
  const [enable, registries] =
    pullThrough.length === 0 ? [] : [true, pullThrough.map((entry) => pulledThrough(entry, locate))];
  const rendered = present({
    enable,
    credentialsFile: credentialsFile === undefined ? undefined : locate(credentialsFile),
    downloadDir: downloadDir === undefined ? undefined : locate(downloadDir),
    registries,
  });
  return Object.keys(rendered).length === 0 ? undefined : rendered;
}

type Part = PullThrough["contents"][number];

function renderPart(
  { prefix, stripPrefix, tagsRegex, excludeTagsRegex, semver }: Part,
  destination: string,
): JsonObject {
  const tags = present({ regex: tagsRegex, excludeRegex: excludeTagsRegex, semver });
  return present({
    prefix,
    destination,
    stripPrefix,
    tags: Object.keys(tags).length === 0 ? undefined : tags,
  });
}

function pulledThrough(entry: PullThrough, locate: (path: string) => string): JsonObject {
  const parts = entry.contents.length > 0 ? entry.contents : [{ ...entry, prefix: entry.prefix ?? "**" }];
  return present({
    urls: [entry.url, ...entry.fallbackUrls],
    content: parts.map((part) => renderPart(part, `/${entry.name}`)),
    onDemand: entry.onDemand,
    tlsVerify: entry.tlsVerify,
    pollInterval: optionalGoDuration(entry.pollInterval),
    onlySigned: entry.onlySigned,
    preserveDigest: entry.preserveDigest,
    certDir: entry.certDir === undefined ? undefined : locate(entry.certDir),
    maxRetries: entry.maxRetries,
    retryDelay: optionalGoDuration(entry.retryDelay),
    syncTimeout: optionalGoDuration(entry.syncTimeout),
  });
}
