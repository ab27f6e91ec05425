import { realpathSync, statSync } from "node:fs";
import { basename, delimiter, join, resolve } from "node:path";
import { run } from "./child.js";
import { isExecutable, readJson, writeJson } from "./files.js";
import { isInside } from "./place.js";
import { versionIn } from "../setup/versions.js";

/**
 * The user's own PATH: without what npm and a surrounding `toolchain/main.js run` have put on it.
 * @param {import("./place.js").Place} place
 */
export function userPath(place) {
  const ours = [join(place.root, "node_modules"), join(place.root, "toolchain"), place.cache];
  return (place.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "" && !ours.some((own) => isInside(own, folder)));
}

/**
 * All executables of that name on the user's PATH, first things first.
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
 * The version that an executable prints. It is remembered with the file's time and size, so that an unchanged one is not run again.
 * @param {import("./place.js").Place} place
 * @param {string} file
 * @param {string} argument `--version` or `version`
 * @returns {Promise<string | undefined>} undefined when it does not run, or prints none
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
  // A version manager's shim stays the same while what it stands for changes, so it is asked every time.
  if (basename(real) === basename(file)) writeJson(memory, { ...known, [real]: { mtimeMs, size, version } });
  return version;
}
