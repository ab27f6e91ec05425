import { realpathSync, statSync } from "node:fs";
import { basename, delimiter, join, resolve } from "node:path";
import { run } from "./child.js";
import { isExecutable, readJson, writeJson } from "./files.js";
import { isInside } from "./place.js";
import { versionIn } from "../setup/versions.js";

/**
 * The user's PATH, without the folders that npm or a surrounding `toolchain/main.js run` added.
 * @param {import("./place.js").Place} place
 */
export function userPath(place) {
  const ours = [join(place.root, "node_modules"), join(place.root, "toolchain"), place.cache];
  return (place.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "" && !ours.some((own) => isInside(own, folder)));
}

/**
 * All executables of that name on the user's PATH, in its order.
 * @param {import("./place.js").Place} place
 * @param {string} name
 */
export function findOnPath(place, name) {
  return userPath(place)
    .map((folder) => resolve(folder, name))
    .filter(isExecutable);
}

/** @typedef {{ mtimeMs: number, size: number, version?: string | undefined }} Seen */

/**
 * The version that an executable prints. Cached with the file's mtime and size, so that an unchanged executable is not run again.
 * @param {import("./place.js").Place} place
 * @param {string} file
 * @param {string} argument `--version` or `version`
 * @returns {Promise<string | undefined>} undefined if it fails or prints none
 */
export async function versionOf(place, file, argument) {
  const real = realpathSync(file);
  if (real === realpathSync(process.execPath)) return process.versions.node;
  const { mtimeMs, size } = statSync(real);
  const memory = join(place.own, "versions.json");
  const known = /** @type {Record<string, Seen>} */ (readJson(memory) ?? {});
  const before = known[real];
  if (before?.mtimeMs === mtimeMs && before.size === size) return before.version;
  const asked = await run(file, [argument], {
    cwd: place.root,
    env: { ...place.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
    patience: 10_000,
  });
  const version = asked.code === 0 ? versionIn(asked.stdout) : undefined;
  // Not cached for a symlink with another name: a version manager's shim stays the same while the version behind it changes.
  if (basename(real) === basename(file)) writeJson(memory, { ...known, [real]: { mtimeMs, size, version } });
  return version;
}
