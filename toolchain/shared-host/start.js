import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { sharedVariables } from "./address.js";

/**
 * Starts the host, in a session of its own: the CLI interrupts the process group of each stand-in, one by one, and the host must outlast the first.
 * @param {string} address
 * @param {number} cli the CLI's process
 * @returns {Promise<boolean>} whether one listens there, this one or that of a stand-in that started at the same time
 */
export async function startHost(address, cli) {
  const host = spawn(process.execPath, [join(import.meta.dirname, "host.ts"), address, String(cli)], {
    env: sharedVariables(process.env),
    detached: true,
    // It ends with its standard input unless a stand-in has connected: this process may be killed at any time.
    stdio: ["pipe", "pipe", "pipe"],
  });
  // Its errors, as long as this process lives: the CLI reads them.
  host.stderr.pipe(process.stderr);
  return Promise.race([
    once(host.stdout, "data").then(() => true),
    once(host, "exit").then(() => false),
    once(host, "error").then(() => false),
  ]);
}
