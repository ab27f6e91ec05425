import { rmSync, mkdirSync, existsSync } from "node:fs";
import { basename, join } from "node:path";
import { atExit } from "../../system/atExit.js";
import { run } from "../../system/child.js";
import { reasonIn, SetupError } from "../errors.js";
import { entriesOf, isExecutable, readJson, writeJson } from "../../system/files.js";
import { shown } from "../../system/place.js";
import { findOnPath } from "../../system/search.js";

/** The npm packages whose plugins the program needs; each names its plugin in package.json. */
const PACKAGES = ["@pulumi/command", "@pulumi/kubernetes", "@1password/pulumi-onepassword"];

/** Milliseconds without new data after which a download is cancelled. */
const PATIENCE = 10_000;

/** Milliseconds before a failed download is retried. */
const FAILURE_LASTS = 24 * 3600_000;

/** Errors that mean that the server cannot be reached. Without this check Pulumi would try five times. */
const UNREACHABLE = /no such host|network is unreachable|connection refused|no route to host|i\/o timeout/;

/** @typedef {{ name: string, version: string, server?: string | undefined }} Plugin */
/**
 * @typedef {object} Source where a plugin comes from; `undefined` for a plugin on PATH, which the CLI prefers anyway
 * @property {string} folder its name in Pulumi's plugins folder
 * @property {readonly string[]} files the folder's files
 * @property {string} [whyStandIn] if this is the stand-in: why the official plugin is missing
 */
/** @typedef {import("../progress.js").Finding & { source?: Source }} Found */
/** @typedef {Record<string, { at: number, why: string } | undefined>} Failures by `name version` */

/**
 * The plugins that the program needs, as named by their npm packages.
 * @param {import("../../system/place.js").Place} place
 * @returns {Plugin[]}
 */
export function neededPlugins(place) {
  return PACKAGES.map((npmPackage) => {
    const file = join(place.root, "node_modules", npmPackage, "package.json");
    const { version = "", pulumi = {} } =
      /** @type {{ version?: string, pulumi?: { name?: string, version?: string, server?: string } }} */ (
        readJson(file) ?? {}
      );
    const plugin = {
      name: pulumi.name ?? "",
      version: (pulumi.version ?? version).replace(/^v/, ""),
      server: pulumi.server,
    };
    if (plugin.name !== "" && plugin.version !== "") return plugin;
    throw new SetupError(
      "Plugins",
      `${shown(place, file)} does not name a plugin and its version.`,
      "Remove node_modules and run this again.",
    );
  });
}

/**
 * Finds one plugin: installed, else on PATH, else downloaded now, else the stand-in.
 * @param {import("../../system/place.js").Place} place
 * @param {string} pulumi the CLI, which downloads
 * @param {Plugin} plugin
 * @param {boolean} retry retries a download that failed within the last 24 hours
 * @param {import("../progress.js").Progress} progress
 * @returns {Promise<Found>}
 */
export async function findPlugin(place, pulumi, plugin, retry, progress) {
  const what = `Plugin ${plugin.name} ${plugin.version}`;
  const executable = `pulumi-resource-${plugin.name}`;
  const folder = join(place.pulumiHome, "plugins", `resource-${plugin.name}-v${plugin.version}`);
  // Pulumi removes the `.partial` mark when the plugin is complete.
  const isInstalled = () => isExecutable(join(folder, executable)) && !existsSync(`${folder}.partial`);
  const official = () => ({ folder: basename(folder), files: entriesOf(folder).map((name) => join(folder, name)) });
  if (isInstalled()) return { what, where: shown(place, folder), source: official() };
  const onPath = findOnPath(place, executable)[0];
  if (onPath !== undefined) return { what: `Plugin ${plugin.name}`, where: `${shown(place, onPath)} (on PATH)` };

  const memory = join(place.cache, "plugin-downloads.json");
  const failures = () => /** @type {Failures} */ (readJson(memory) ?? {});
  const key = `${plugin.name} ${plugin.version}`;
  let failure = failures()[key];
  let news = false;
  if (retry || failure === undefined || Date.now() - failure.at > FAILURE_LASTS) {
    progress.say(`downloading ${what}`);
    const why = await download(place, pulumi, plugin, folder);
    if (why === undefined && isInstalled())
      return { what, where: `${shown(place, folder)} (downloaded)`, source: official(), news: true };
    failure = { at: Date.now(), why: why ?? `not found in ${shown(place, folder)} after the installation` };
    writeJson(memory, { ...failures(), [key]: failure });
    news = true;
  }
  const standIn = join(place.root, "toolchain", "plugins", plugin.name, executable);
  if (!isExecutable(standIn)) {
    throw new SetupError(
      what,
      `the download failed (${failure.why}), and there is no stand-in.`,
      `Install it by hand: ${["pulumi", ...installArguments(plugin)].join(" ")}`,
    );
  }
  const source = { folder: basename(folder), files: [standIn], whyStandIn: failure.why };
  return { what, where: "stand-in", source, news };
}

/** @param {Plugin} plugin */
function installArguments({ name, version, server }) {
  return ["plugin", "install", "resource", name, version, ...(server === undefined ? [] : ["--server", server])];
}

/**
 * @param {import("../../system/place.js").Place} place
 * @param {string} pulumi
 * @param {Plugin} plugin
 * @param {string} folder where Pulumi unpacks it
 * @returns {Promise<string | undefined>} why the download failed, or undefined on success
 */
async function download(place, pulumi, plugin, folder) {
  const scratch = join(place.cache, `plugin-${plugin.name}.${process.pid}`);
  mkdirSync(scratch, { recursive: true });
  const clean = () => rmSync(scratch, { recursive: true, force: true });
  const forget = atExit(clean);
  let unreachable = "";
  const done = await run(pulumi, [...installArguments(plugin), "--exact", "--non-interactive", "--color", "never"], {
    cwd: scratch,
    env: { ...place.env, TMPDIR: scratch, PULUMI_SKIP_UPDATE_CHECK: "true", PULUMI_HOME: place.pulumiHome },
    patience: PATIENCE,
    growing: [scratch, folder],
    onLine: (line) => {
      if (!UNREACHABLE.test(line)) return undefined;
      unreachable = line.replace(/^.*(dial tcp|lookup) /, "").replace(/ on \S+:53:/, ":");
      return "stop";
    },
  });
  clean();
  forget();
  if (unreachable !== "") return unreachable;
  if (done.late) return `no data for ${PATIENCE / 1000} s`;
  return done.code === 0 ? undefined : reasonIn(done.output);
}
