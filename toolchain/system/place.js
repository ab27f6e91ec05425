import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { isAbsolute, join, relative, resolve } from "node:path";

/**
 * Folders and environment of the setup.
 * @typedef {object} Place
 * @property {string} root the project folder
 * @property {string} cache shared by all copies of the project: the CLI, the record of failed downloads
 * @property {string} own removed with node_modules: the setup's result, the compile cache
 * @property {string} pulumiHome the user's PULUMI_HOME, with its plugins
 * @property {string} standInHome the project's own PULUMI_HOME, where stand-ins are installed as plugins
 * @property {NodeJS.ProcessEnv} env
 */

/**
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @returns {Place}
 */
export function placeOf(root, env) {
  const home = env["HOME"] ?? homedir();
  const xdg = env["XDG_CACHE_HOME"];
  // The XDG specification says to ignore relative paths.
  const cache = join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, ".cache"), "zot-auth");
  const standInHome = join(cache, `home-${shortHash(root)}`);
  // Inside `toolchain/main.js run`, PULUMI_HOME is the project's own.
  const isOurs = env["PULUMI_HOME"] === standInHome;
  return {
    root,
    cache,
    own: join(root, "node_modules", ".cache", "zot-auth"),
    pulumiHome: env[isOurs ? "PULUMI_CREDENTIALS_PATH" : "PULUMI_HOME"] ?? join(home, ".pulumi"),
    standInHome,
    env,
  };
}

/**
 * A project's id in the names of files in a shared folder.
 * @param {string} root
 */
export function shortHash(root) {
  return createHash("sha256").update(root).digest("hex").slice(0, 12);
}

/**
 * A path for display: relative inside the project, with `~` inside the home folder.
 * @param {Place} place
 * @param {string} path
 */
export function shown(place, path) {
  if (isInside(place.root, path)) return relative(place.root, path);
  const home = place.env["HOME"] ?? homedir();
  return isInside(home, path) ? join("~", relative(home, path)) : path;
}

/**
 * @param {string} folder
 * @param {string} path
 */
export function isInside(folder, path) {
  const way = relative(folder, resolve(path));
  return way !== "" && way !== ".." && !way.startsWith("../") && !isAbsolute(way);
}
