import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

/**
 * The JSON in a file, or undefined if the file is missing or damaged: everything stored this way can be recomputed.
 * @param {string} file
 * @returns {unknown}
 */
export function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * Writes JSON as {@link writeWhole} does.
 * @param {string} file
 * @param {unknown} value
 */
export function writeJson(file, value) {
  writeWhole(file, `${JSON.stringify(value, undefined, 2)}\n`);
}

/**
 * Writes a file and renames it into place, so that a reader sees either the old or the new file.
 * @param {string} file
 * @param {string} text
 * @param {number} [mode]
 */
export function writeWhole(file, text, mode) {
  mkdirSync(dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}`;
  writeFileSync(partial, text, mode === undefined ? {} : { mode });
  renameSync(partial, file);
}

/** @param {string} file */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * Total size of all files under these paths in bytes, to detect whether a download makes progress.
 * @param {readonly string[]} paths
 * @returns {number}
 */
export function bytesUnder(paths) {
  let bytes = 0;
  for (const path of paths) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory()) bytes += bytesUnder(entriesOf(path).map((name) => join(path, name)));
    else bytes += found?.size ?? 0;
  }
  return bytes;
}

/**
 * The names in a folder; empty if the folder is missing.
 * @param {string} folder
 */
export function entriesOf(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
