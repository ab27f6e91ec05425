import { isObject, list, present } from "../../../../../core/json.ts";
import type { JsonObject } from "../../../../../core/json.ts";
import { objectAt, valueAt } from "../../syntax/anyCase.ts";
import { effectiveConfig } from "../../compared/effective.ts";
import { absoluteAt, durationAt, flagAt, numberAt, someTextsAt, textAt, textsAt } from "./read.ts";

/** The settings of the group `zot` that the extensions of a config tell. */
export function adoptExtensions(config: JsonObject): JsonObject {
  // Of a part that is off, the other keys are kept for the day that it is on.
  const extensions = objectAt(config, "extensions");
  const running = objectAt(effectiveConfig(config), "extensions");
  const search = objectAt(extensions, "search");
  const effectiveSearch = objectAt(running, "search");
  return present({
    metrics: present({
      enable: isObject(valueAt(running, "metrics")),
      path: textAt(extensions, "metrics", "prometheus", "path"),
    }),
    search: present({
      enable: isObject(valueAt(running, "search")),
      cve: isObject(valueAt(running, "search")) ? isObject(valueAt(search, "cve")) : undefined,
      cveUpdateInterval: durationAt(effectiveSearch, "cve", "updateInterval"),
      trivyDatabase: textAt(search, "cve", "trivy", "dbRepository"),
      trivyJavaDatabase: textAt(search, "cve", "trivy", "javaDBRepository"),
    }),
    ui: isObject(valueAt(running, "ui")) && isObject(valueAt(running, "search")),
    sync: present({
      credentialsFile: absoluteAt(extensions, "sync", "credentialsFile"),
      downloadDir: absoluteAt(extensions, "sync", "downloadDir"),
    }),
    scrubInterval: durationAt(running, "scrub", "interval"),
    mandatoryAnnotations: someTextsAt(running, "lint", "mandatoryAnnotations"),
  });
}

/** The setting `registry.pullThrough` of a config: all its registries, or none, because one list has one setting. */
export function adoptMirrors(config: JsonObject): readonly JsonObject[] {
  const sync = objectAt(config, "extensions", "sync");
  const mirrors = list(valueAt(sync, "registries")).map(mirror);
  return flagAt(sync, "enable") !== false && mirrors.every((one) => one !== undefined) ? mirrors : [];
}

/** The registry as a setting; `undefined` if its images are not in one folder of their own. */
function mirror(registry: unknown): JsonObject | undefined {
  const [url, ...fallbackUrls] = textsAt(registry, "urls");
  const contents = list(valueAt(registry, "content"));
  const folders = new Set(
    contents.map((content) => (textAt(content, "destination") ?? "").replaceAll(/^\/+|\/+$/g, "")),
  );
  const [name] = folders;
  if (url === undefined || folders.size !== 1 || name === undefined || name === "") return undefined;
  const parts = contents.map(part);
  const [first] = parts;
  return present({
    name,
    url,
    fallbackUrls: fallbackUrls.length === 0 ? undefined : fallbackUrls,
    onDemand: flagAt(registry, "onDemand") === true ? undefined : false,
    pollInterval: durationAt(registry, "pollInterval"),
    ...(parts.length > 1
      ? { contents: parts }
      : { ...first, prefix: first?.["prefix"] === "**" ? undefined : first?.["prefix"] }),
    onlySigned: flagAt(registry, "onlySigned"),
    preserveDigest: flagAt(registry, "preserveDigest"),
    tlsVerify: flagAt(registry, "tlsVerify") === false ? false : undefined,
    certDir: absoluteAt(registry, "certDir"),
    maxRetries: numberAt(registry, "maxRetries"),
    retryDelay: durationAt(registry, "retryDelay"),
    syncTimeout: durationAt(registry, "syncTimeout"),
  });
}

function part(content: unknown): JsonObject {
  return present({
    prefix: textAt(content, "prefix"),
    stripPrefix: flagAt(content, "stripPrefix"),
    tagsRegex: textAt(content, "tags", "regex"),
    excludeTagsRegex: textAt(content, "tags", "excludeRegex"),
    semver: flagAt(content, "tags", "semver"),
  });
}
