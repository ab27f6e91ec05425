import { createHash } from "node:crypto";
import { describeIssue } from "../../../core/settings/issues.ts";
import type { SettingsProblem } from "../../../core/settings/problem.ts";
import type { Settings } from "../../../settings/schema.ts";
import { renderAccessControl } from "../access/accessControl.ts";
import { configProblems } from "./checks/checks.ts";
import { renderExtensions } from "./render/extensions.ts";
import { mergeExtra } from "./extra.ts";
import { renderHttp } from "./render/http.ts";
import { isObject, present, valueAt } from "../../../core/json.ts";
import type { JsonObject } from "../../../core/json.ts";
import { zotConfigSchema } from "./schema.ts";
import { tooNewFor } from "./checks/since.ts";
import { renderStorage } from "./render/storage.ts";
import type { ZotVersion } from "../version.ts";

/** zot's config file. The names are zot's own. */
export type ZotConfig = JsonObject;

/** What the renderer needs besides the settings: files and folders as zot on its host sees them. */
export interface HostPaths {
  readonly credentialsFile: string;
  readonly dataDirectory: string;
  /** Makes a setting's path the host's. Default: it is taken as it is. */
  readonly locate?: (path: string) => string;
}

/** A config, and what is wrong with it. */
export interface AssembledConfig {
  readonly config: ZotConfig;
  readonly problems: readonly SettingsProblem[];
}

/** Renders zot's config for a version of zot from the settings, with `zot.extra` merged in and all of it checked. */
export function assembleZotConfig(settings: Settings, version: ZotVersion, paths: HostPaths): AssembledConfig {
  const { zot, registry, authentik } = settings;
  const { config, conflicts } = mergeExtra(renderSettings(settings, version, paths), zot.extra);
  const problems = [
    ...conflicts.map(({ path }) => ({
      path: `zot.extra.${path.join(".")}`,
      message: "is something that a setting says already (docs/settings.md). Leave it out here.",
    })),
    ...schemaProblems(zot.extra),
  ];
  // A key that zot does not know, or of another type, would only be found once more.
  if (problems.length === 0) {
    for (const { path, message } of configProblems(config, {
      registryUrl: registry.url,
      issuer: issuerOf(authentik),
    })) {
      problems.push({ path: settingOf(path, zot.extra), message });
    }
    for (const { setting, message } of tooNewFor(version, config)) problems.push({ path: setting, message });
  }
  return { config, problems };
}

/** zot's config for a version of zot, which {@link assembleZotConfig} found to be right. */
export function renderZotConfig(settings: Settings, version: ZotVersion, paths: HostPaths): ZotConfig {
  return assembleZotConfig(settings, version, paths).config;
}

function renderSettings(settings: Settings, version: ZotVersion, paths: HostPaths): JsonObject {
  const locate = paths.locate ?? ((path: string) => path);
  const { level, output, audit } = settings.zot.log;
  return {
    distSpecVersion: "1.1.0",
    storage: renderStorage(settings.zot.storage, paths.dataDirectory, locate),
    http: renderHttp(settings, {
      credentialsFile: paths.credentialsFile,
      issuer: issuerOf(settings.authentik),
      accessControl: renderAccessControl(settings.access, version),
      locate,
    }),
    log: present({
      level,
      output: output === undefined ? undefined : locate(output),
      audit: audit === undefined ? undefined : locate(audit),
    }),
    extensions: renderExtensions(settings, locate),
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

/** Keys that a running zot takes over, in lower case (facts: section g; zot's `UpdateReloadableConfig`). `*` is any key. */
const RELOADED: readonly string[] = [
  "http.accesscontrol",
  "http.auth.apikey",
  "http.auth.securesession",
  "http.auth.openid.callbackalloworigins",
  "http.auth.openid.providers.*.name",
  "http.auth.openid.providers.*.claimmapping",
  ...["storage", "storage.subpaths.*"].flatMap((storage) =>
    ["gc", "dedupe", "redirectbloburl", "gcdelay", "gcinterval", "gctimewindow"].map((key) => `${storage}.${key}`),
  ),
  "extensions.sync",
  "extensions.search.cve",
  "extensions.scrub",
];

/**
 * A digest of what zot reads at its start only, and of its version: a zot that was replaced on the host has to be started anew. While it
 * stays the same, a changed file is taken over by the running zot; when it changes, zot has to be restarted.
 */
export function startDigest(config: ZotConfig, version: ZotVersion): string {
  return createHash("sha256")
    .update(JSON.stringify([version, startPart(config, [])]))
    .digest("hex");
}

function startPart(value: unknown, path: readonly string[]): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, inner, [...path, key.toLowerCase()]] as const)
      .filter(([, , at]) => !RELOADED.some((pattern) => matches(pattern, at)))
      .map(([key, inner, at]) => [key, startPart(inner, at)]),
  );
}

function matches(pattern: string, path: readonly string[]): boolean {
  const keys = pattern.split(".");
  return keys.length === path.length && keys.every((key, index) => key === "*" || key === path[index]);
}

/** What zot's own schema says against `zot.extra`. It is read only when there is something to check. */
function schemaProblems(extra: JsonObject): readonly SettingsProblem[] {
  if (Object.keys(extra).length === 0) return [];
  const schema = zotConfigSchema();
  const result = schema.safeParse(extra);
  return (result.error?.issues ?? []).flatMap((issue) => describeIssue(issue, extra, schema, { prefix: ["zot", "extra"] }));
}

function settingOf(path: string, extra: JsonObject): string {
  // Names of repositories have dots, too, so that the path is looked up by its first parts only.
  const [first = "", second = ""] = path.split(".");
  return valueAt(extra, first, second) === undefined ? `zot's config, ${path}` : `zot.extra.${path}`;
}
