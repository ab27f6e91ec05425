import { mkdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { entriesOf, readJson, writeJson } from "../system/files.js";

/**
 * The setup's result, for `toolchain/main.js run`.
 * @typedef {object} Result
 * @property {string} root the project folder; a copied or moved folder must be set up again
 * @property {string} node the executable
 * @property {string} pulumi the executable
 * @property {string} [languageHost] the stand-in, if it is needed
 * @property {string[]} [standIns] what is a stand-in: `language host`, `plugin command 1.2.1`
 * @property {string[]} path folders to append to PATH: the language host's, if the CLI does not find it otherwise
 * @property {{ instead: string, folder: string }} [home] `folder`: the PULUMI_HOME with the stand-ins, used instead of the user's
 */

/** @param {import("../system/place.js").Place} place */
const fileOf = (place) => join(place.own, "setup.json");

/**
 * @param {import("../system/place.js").Place} place
 * @returns {Result | undefined} undefined when the setup has not been run for this folder
 */
export function readResult(place) {
  const result = /** @type {Result | undefined} */ (readJson(fileOf(place)));
  return result?.root === place.root ? result : undefined;
}

/**
 * @param {import("../system/place.js").Place} place
 * @param {Omit<Result, "root">} found
 */
export function writeResult(place, found) {
  const result = { root: place.root, ...found };
  if (JSON.stringify(readResult(place)) !== JSON.stringify(result)) writeJson(fileOf(place), result);
}

/**
 * Creates a PULUMI_HOME with links to exactly these plugins. Correct links are left untouched, since a running program may use them.
 * @param {string} home
 * @param {readonly { folder: string, files: readonly string[] }[]} plugins `folder`: its name in Pulumi's plugins folder
 */
export function installLinks(home, plugins) {
  const wanted = new Map(plugins.map(({ folder, files }) => [folder, files]));
  for (const name of entriesOf(join(home, "plugins"))) {
    if (!wanted.has(name)) rmSync(join(home, "plugins", name), { recursive: true, force: true });
  }
  for (const [name, files] of wanted) link(join(home, "plugins", name), files);
}

/**
 * @param {string} folder
 * @param {readonly string[]} files
 */
function link(folder, files) {
  mkdirSync(folder, { recursive: true });
  const wanted = new Map(files.map((file) => [basename(file), file]));
  for (const name of entriesOf(folder)) {
    if (readlinkSync(join(folder, name)) === wanted.get(name)) wanted.delete(name);
    else rmSync(join(folder, name));
  }
  for (const [name, file] of wanted) symlinkSync(file, join(folder, name));
}
