import { mkdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { entriesOf, readJson, writeJson } from "./files.js";

/**
 * What the setup found, for `toolchain/main.js run`.
 * @typedef {object} Result
 * @property {string} root the project that it is for: a copied folder has to be set up again
 * @property {string} node the executable
 * @property {string} pulumi the executable
 * @property {string[]} standIns folders to put at the end of PATH: none, or one with links to the stand-ins that are needed
 * @property {boolean} standInPlugins whether plugins are among them, so that Pulumi need not try to download those
 */

/** @param {import("./place.js").Place} place */
const fileOf = (place) => join(place.own, "setup.json");

/**
 * @param {import("./place.js").Place} place
 * @returns {Result | undefined} undefined when the setup has not been run for this folder
 */
export function readResult(place) {
  const result = /** @type {Result | undefined} */ (readJson(fileOf(place)));
  return result?.root === place.root ? result : undefined;
}

/**
 * @param {import("./place.js").Place} place
 * @param {{ node: string, pulumi: string, languageHost?: string | undefined, plugins: string[] }} found the stand-ins are executables
 */
export function writeResult(place, { node, pulumi, languageHost, plugins }) {
  const standIns = [...(languageHost === undefined ? [] : [languageHost]), ...plugins];
  const folder = join(place.own, "stand-ins");
  link(folder, standIns);
  /** @type {Result} */
  const result = {
    root: place.root,
    node,
    pulumi,
    standIns: standIns.length > 0 ? [folder] : [],
    standInPlugins: plugins.length > 0,
  };
  if (JSON.stringify(readResult(place)) !== JSON.stringify(result)) writeJson(fileOf(place), result);
}

/**
 * Makes the folder hold links to these executables and nothing else. Links that are right stay: a program may be running through them.
 * @param {string} folder
 * @param {readonly string[]} executables
 */
function link(folder, executables) {
  mkdirSync(folder, { recursive: true });
  const wanted = new Map(executables.map((file) => [basename(file), file]));
  for (const name of entriesOf(folder)) {
    if (readlinkSync(join(folder, name)) === wanted.get(name)) wanted.delete(name);
    else rmSync(join(folder, name));
  }
  for (const [name, file] of wanted) symlinkSync(file, join(folder, name));
}
