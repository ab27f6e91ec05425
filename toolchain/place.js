import { homedir } from "node:os";
import { isAbsolute, join, relative, resolve } from "node:path";

/**
 * Where everything is.
 * @typedef {object} Place
 * @property {string} root the folder of the project
 * @property {string} cache what outlives the project: the built CLI, what could not be downloaded
 * @property {string} own what goes away with node_modules: the result of the setup, the compile cache
 * @property {string} pulumiHome Pulumi's own folder, with the plugins
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
  return {
    root,
    // The XDG specification says that a relative path is to be ignored.
    cache: join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, ".cache"), "zot-auth"),
    own: join(root, "node_modules", ".cache", "zot-auth"),
    pulumiHome: env["PULUMI_HOME"] ?? join(home, ".pulumi"),
    env,
  };
}

/**
 * A path as a person would write it: relative inside the project, with `~` inside the home folder.
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
