import { createHash } from "node:crypto";
import { lstatSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A socket's path may have 104 bytes on macOS, 108 on Linux, with the zero at its end. */
const LONGEST_PATH = 103;

/**
 * What differs between the stand-ins of a run: the configuration of a plugin's package, which may hold a secret, what the CLI tells plugins and not language
 * hosts, and what a shell sets that starts one of them.
 */
const OWN = /^(?:PULUMI_(?:CONFIG|PROJECT|RUNTIME_.*)|PWD|OLDPWD|SHLVL|_)$/;

/**
 * Where the host of one run of the CLI listens. A run is a process; what else its stand-ins share is their environment, their folder and this code. So a
 * host serves nothing that was started for another run, with other tokens, or from another copy of the project.
 * @param {NodeJS.ProcessEnv} environment
 * @param {string} folder
 * @param {number} cli the CLI's process
 * @returns {string | undefined} undefined if there is no place that only this user can reach
 */
export function addressOf(environment, folder, cli) {
  const place = ownFolder();
  if (place === undefined) return undefined;
  const shared = Object.entries(sharedVariables(environment));
  const hash = createHash("sha256")
    .update(JSON.stringify([import.meta.dirname, folder, shared.toSorted()]))
    .digest("hex");
  const address = join(place, `${cli}-${hash.slice(0, 16)}`);
  return Buffer.byteLength(address) > LONGEST_PATH ? undefined : address;
}

/**
 * The host's variables.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {NodeJS.ProcessEnv}
 */
export function sharedVariables(environment) {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !OWN.test(name)));
}

/**
 * Those that are a stand-in's own.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {NodeJS.ProcessEnv}
 */
export function ownVariables(environment) {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => OWN.test(name)));
}

/** Whoever may connect is served, and others may have made a folder of this name. */
function ownFolder() {
  const user = process.getuid?.();
  const folder = join(tmpdir(), `zot-auth-${user ?? ""}`);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") return undefined;
  }
  const found = lstatSync(folder);
  return found.isDirectory() && found.uid === user && (found.mode & 0o077) === 0 ? folder : undefined;
}
