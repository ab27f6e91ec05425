import { createHash } from "node:crypto";
import type * as z from "zod";
import { isObject, present } from "../../../core/json.ts";
import { valueAt } from "./syntax/anyCase.ts";
import type { JsonObject } from "../../../core/json.ts";
import type { SettingsProblem } from "../../../core/settings/problem.ts";
import { renderAccessControl } from "../access/accessControl.ts";
import { FIRST_WITH_JOB_TOKENS, NEWEST_KNOWN, atLeast, formatZotVersion, parseZotVersion } from "../version.ts";
import type { ZotVersion } from "../version.ts";
import type { ZotConfigArgs } from "./render/args.ts";
import { configProblems } from "./checks/checks.ts";
import { tooNewFor } from "./checks/since.ts";
import type { TooNew } from "./checks/since.ts";
import { mergeExtra, twinsIn } from "./extra.ts";
import { renderExtensions } from "./render/extensions.ts";
import { renderHttp } from "./render/http.ts";
import { renderStorage } from "./render/storage.ts";
import { schemaProblems } from "./schema/known.ts";

/** zot's config file. The names are zot's own. */
export type ZotConfig = JsonObject;

/** Files and folders as zot on its host sees them. */
export interface HostPaths {
  readonly credentialsFile: string;
  readonly dataDirectory: string;
  /** Converts the path in a setting to the path on the host. Default: unchanged. */
  readonly locate?: (path: string) => string;
}

/** A config and its problems. */
export interface AssembledConfig {
  readonly config: ZotConfig;
  readonly problems: readonly SettingsProblem[];
}

/**
 * Renders zot's config for a version of zot, merges `zot.extra` into it and checks the result.
 *
 * @param schema what `zot.extra` may say. Default: anything, as long as the zot that decides is not known
 */
export function assembleZotConfig(
  args: ZotConfigArgs,
  version: ZotVersion,
  paths: HostPaths,
  schema?: z.ZodType,
): AssembledConfig {
  const { extra } = args.zot;
  const { config, conflicts } = mergeExtra(renderSettings(args, version, paths), extra);
  const problems = [
    ...conflicts.map(({ path }) => ({
      path: `zot.extra.${path.join(".")}`,
      message: "cannot override another setting (see docs/reference/settings.md). Remove it here.",
    })),
    ...twinsIn(extra).map(({ path, first }) => ({
      path: `zot.extra.${path.join(".")}`,
      message: `is the same key as "${first}" to zot, which takes either at random. Remove one of the two.`,
    })),
  ];
  const tooNew = jobTokensTooNewFor(version, args) ?? tooNewFor(version, config);
  // A key that came with a later release is not only unknown.
  const isTooNew = ({ path }: SettingsProblem) => tooNew.some(({ setting }) => lastOf(setting) === lastOf(path));
  if (schema !== undefined) problems.push(...schemaProblems(extra, schema).filter((problem) => !isTooNew(problem)));
  // An unknown key or a wrong type would only be reported twice.
  if (problems.length === 0) {
    for (const { path, message } of configProblems(config, {
      registryUrl: args.url,
      issuer: args.issuer,
      bearer: args.jobTokens !== undefined,
    })) {
      problems.push({ path: settingOf(path, extra), message });
    }
  }
  for (const { setting, message } of tooNew) problems.push({ path: setting, message });
  return { config, problems };
}

/** The settings of job tokens, if the release cannot have them; then nothing else of its config need be judged. */
function jobTokensTooNewFor(version: ZotVersion, { jobTokens }: ZotConfigArgs): readonly TooNew[] | undefined {
  if (jobTokens === undefined || atLeast(version, FIRST_WITH_JOB_TOKENS)) return undefined;
  return [
    {
      setting: "ci.accounts",
      message: `an account has auth: jobToken or both, which requires zot ${FIRST_WITH_JOB_TOKENS} or later; the host has ${formatZotVersion(version)}, which would accept the config, and then reject every sign-in, API key and anonymous pull. Upgrade zot on the host, or use auth: apiKey.`,
    },
  ];
}

/** The release that a config is rendered for as long as the one on the host is not known. */
export function assumedVersion({ jobTokens }: ZotConfigArgs): ZotVersion {
  const first = parseZotVersion(FIRST_WITH_JOB_TOKENS);
  return jobTokens === undefined || first === undefined ? NEWEST_KNOWN : first;
}

/** The config alone, for settings that {@link assembleZotConfig} found no problem in. */
export function renderZotConfig(args: ZotConfigArgs, version: ZotVersion, paths: HostPaths): ZotConfig {
  return assembleZotConfig(args, version, paths).config;
}

function renderSettings(args: ZotConfigArgs, version: ZotVersion, paths: HostPaths): JsonObject {
  const { zot, pullThrough } = args;
  const locate = paths.locate ?? ((path: string) => path);
  const { level, output, audit } = zot.log;
  return {
    distSpecVersion: "1.1.0",
    storage: renderStorage(zot.storage, paths.dataDirectory, locate),
    http: renderHttp(args, version, {
      credentialsFile: paths.credentialsFile,
      accessControl: renderAccessControl(args.rules, version),
      locate,
    }),
    log: present({
      level,
      output: output === undefined ? undefined : locate(output),
      audit: audit === undefined ? undefined : locate(audit),
    }),
    extensions: renderExtensions(zot, pullThrough, locate),
  };
}

/** The text of the config file. */
export function formatZotConfig(config: ZotConfig): string {
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** The text of the OIDC credentials file. Its keys are zot's: one word, lower case. */
export function formatCredentials(clientId: string, clientSecret: string): string {
  return `${JSON.stringify({ clientid: clientId, clientsecret: clientSecret }, null, 2)}\n`;
}

/** Whether a running zot reloads a change of the key, such as `storage.subPaths.<name>.gc`, or of all that is below it. */
export function isReloaded(key: string): boolean {
  const names = key.toLowerCase().split(".");
  return names.some((_, index) => RELOADED.some((pattern) => matches(pattern, names.slice(0, index + 1))));
}

/** Keys that a running zot reloads, in lower case (zot's `UpdateReloadableConfig`). `*` is any key. */
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

/** The version of the specification. zot replaces it with its own. */
const VERSION = "distspecversion";

/**
 * What zot reads only when it starts, one line for each value: `/http/port=5000`, with keys in lower case. Two configs with the same lines need no restart. The host finds the
 * same lines with awk (host/deploy/functions/adopting.ts).
 */
export function startLines(config: unknown): readonly string[] {
  return linesOf(config, "")
    .filter((line) => !IS_RELOADED.test(line))
    .toSorted();
}

function linesOf(value: unknown, path: string): readonly string[] {
  const entries = Array.isArray(value)
    ? value.map((entry: unknown, index) => [String(index), entry] as const)
    : isObject(value)
      ? Object.entries(value)
      : undefined;
  if (entries === undefined) return [`${path}=${String(value)}`];
  if (entries.length === 0) return [`${path}=${Array.isArray(value) ? "[]" : "{}"}`];
  return entries.flatMap(([key, inner]) => linesOf(inner, `${path}/${key.toLowerCase().replaceAll("/", "~1")}`));
}

/** An extended regular expression for the lines of what a running zot reloads or replaces. */
export const RELOADED_LINES = `^/(${[...RELOADED, VERSION]
  .map((key) => key.replaceAll(".", "/").replaceAll("*", "[^/]*"))
  .join("|")})(/|=)`;

const IS_RELOADED = new RegExp(RELOADED_LINES);

/**
 * A digest of zot's version and of everything that zot reads only when it starts. While the digest stays the same, a running zot reloads
 * a changed file; when it changes, zot must be restarted.
 */
export function startDigest(config: ZotConfig, version: ZotVersion): string {
  return createHash("sha256")
    .update(JSON.stringify([version, startPart(config, [])]))
    .digest("hex");
}

/** The paths of keys that zot reads only when it starts and that differ, in lower case. */
export function startDifferences(before: unknown, after: unknown): readonly string[] {
  return differences(startPart(before, []), startPart(after, []), [])
    .filter((key) => key !== VERSION)
    .toSorted();
}

function differences(before: unknown, after: unknown, path: readonly string[]): readonly string[] {
  if (!isObject(before) || !isObject(after)) {
    const isSame =
      JSON.stringify(before) === JSON.stringify(after) || (isScalar(before) && String(before) === String(after));
    return isSame ? [] : [path.join(".")];
  }
  const [old, now] = [lowerCase(before), lowerCase(after)];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((key) =>
    differences(old[key], now[key], [...path, key]),
  );
}

/** zot reads `5000` and `"5000"` alike. */
function isScalar(value: unknown): boolean {
  return value !== undefined && typeof value !== "object";
}

function lowerCase(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key.toLowerCase(), value]));
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

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1).toLowerCase();
}

function settingOf(path: string, extra: JsonObject): string {
  // Repository names contain dots too, so only the first parts of the path are looked up.
  const [first = "", second = ""] = path.split(".");
  return valueAt(extra, first, second) === undefined ? `zot's config, ${path}` : `zot.extra.${path}`;
}
