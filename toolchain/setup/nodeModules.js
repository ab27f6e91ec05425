import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../system/child.js";
import { reasonIn, SetupError } from "./errors.js";
import { readJson, writeJson } from "../system/files.js";
import { withLock } from "../system/lock.js";
import { shortHash } from "../system/place.js";
import { findOnPath } from "../system/search.js";

const STEP = "node_modules";

/** Records what was installed. npm removes node_modules first, so an interrupted installation has no record. */
const RECORD = ".zot-auth.json";

/**
 * Installs the npm packages if they are missing, differ from package-lock.json, or are for another machine.
 * @param {import("../system/place.js").Place} place
 * @param {import("./progress.js").Progress} progress
 * @returns {Promise<import("./progress.js").Finding>}
 */
export async function ensureNodeModules(place, progress) {
  const record = join(place.root, "node_modules", RECORD);
  const wanted = JSON.stringify({
    lock: createHash("sha256").update(lockText(place)).digest("hex"),
    machine: `${process.platform}-${process.arch}`,
  });
  const finding = { what: STEP, where: "as listed in package-lock.json" };
  const isInstalled = () => JSON.stringify(readJson(record)) === wanted;
  if (isInstalled()) return finding;
  if (agreesWithNpm(place)) {
    writeJson(record, JSON.parse(wanted));
    return finding;
  }

  // Not in node_modules, which npm removes.
  const lock = join(place.cache, `npm-${shortHash(place.root)}.lock`);
  const onWait = (/** @type {number} */ pid) =>
    progress.announce(`waiting for another setup (process ${pid}), to install them`);
  return withLock(lock, { onWait }, async () => {
    if (isInstalled()) return finding;
    await install(place, progress);
    writeJson(record, JSON.parse(wanted));
    return { what: STEP, where: "installed with npm ci", news: true };
  });
}

/**
 * @param {import("../system/place.js").Place} place
 * @param {import("./progress.js").Progress} progress
 */
async function install(place, progress) {
  const npm = findOnPath(place, "npm")[0];
  if (npm === undefined) {
    throw new SetupError(STEP, "npm is not on PATH.", "Install Node with npm (https://nodejs.org) and run this again.");
  }
  progress.announce("npm ci");
  // Skips the install scripts of @pulumi/*: they download plugins, which a later step of the setup does.
  const args = [
    "ci",
    "--ignore-scripts",
    "--prefer-offline",
    "--include=dev",
    "--include=optional",
    "--loglevel=error",
  ];
  const done = await run(npm, args, { cwd: place.root, env: place.env });
  if (done.code === 0) return;
  throw new SetupError(
    STEP,
    `npm ci failed: ${reasonIn(done.output)}.`,
    "Run `npm ci --ignore-scripts` to see the whole error. It needs access to a package registry.",
  );
}

/** @param {import("../system/place.js").Place} place */
function lockText(place) {
  try {
    return readFileSync(join(place.root, "package-lock.json"));
  } catch {
    throw new SetupError(STEP, "package-lock.json is missing.", "Restore it with `git checkout package-lock.json`.");
  }
}

/**
 * @typedef {object} Package
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 * @property {string | string[]} [os]
 * @property {string | string[]} [cpu]
 */
/** @typedef {{ packages?: Record<string, Package> }} LockFile */

/**
 * Whether npm's own record of node_modules matches package-lock.json, as after `npm install`. Then `npm ci` is not needed.
 * @param {import("../system/place.js").Place} place
 */
function agreesWithNpm({ root }) {
  const wanted = /** @type {LockFile | undefined} */ (readJson(join(root, "package-lock.json")))?.packages;
  const present = /** @type {LockFile | undefined} */ (readJson(join(root, "node_modules", ".package-lock.json")))
    ?.packages;
  if (wanted === undefined || present === undefined) return false;
  return (
    Object.keys(present).every((path) => path in wanted) &&
    Object.entries(wanted).every(([path, { version, integrity, ...more }]) => {
      if (path === "") return true;
      const there = present[path];
      if (there === undefined) return more.optional === true && !fitsMachine(more);
      return fitsMachine(there) && there.version === version && there.integrity === integrity;
    })
  );
}

/** @param {Package} package_ */
function fitsMachine({ os, cpu }) {
  return (
    (os === undefined || [os].flat().includes(process.platform)) &&
    (cpu === undefined || [cpu].flat().includes(process.arch))
  );
}
