// node toolchain/main.js setup [--quiet] [--retry-plugins]   finds or installs what the project needs
// node toolchain/main.js run <command> [args…]               runs a command with the tools that the setup found
//
// Plain JavaScript for Node 18 and later, without dependencies: it runs before they are installed.
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { endOnSignals } from "./system/atExit.js";
import { SetupError } from "./setup/errors.js";
import { placeOf } from "./system/place.js";
import { Reporter } from "./setup/progress.js";
import { runCommand } from "./run/runCommand.js";
import { setUp } from "./setup/setup.js";

const USAGE = `usage: node toolchain/main.js setup [--quiet] [--retry-plugins]
       node toolchain/main.js run <command> [args…]
--quiet          prints only slow steps, changes and errors, on stderr
--retry-plugins  retries plugin downloads that failed within the last 24 hours; ZOT_AUTH_RETRY_PLUGINS=1 in the
                 environment does the same
`;

/** A job of a workflow: every runner sets it. */
const IN_JOB = Boolean(process.env["CI"]);

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit code
 */
async function main([task, ...args]) {
  const place = placeOf(dirname(dirname(fileURLToPath(import.meta.url))), process.env);
  const [command, ...more] = args;
  if (task === "run" && command !== undefined) return runCommand(place, command, more);

  if (task !== "setup" || args.some((arg) => arg !== "--quiet" && arg !== "--retry-plugins")) {
    process.stderr.write(USAGE);
    return 2;
  }
  endOnSignals();
  const quiet = args.includes("--quiet");
  const retryPlugins = args.includes("--retry-plugins") || Boolean(process.env["ZOT_AUTH_RETRY_PLUGINS"]);
  try {
    // A quiet setup runs before another command and must not write into that command's output.
    await setUp(place, new Reporter(quiet ? process.stderr : process.stdout, quiet, !IN_JOB), { retryPlugins });
    return 0;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`✗ ${error.message}\n`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
// A runner that runs jobs on its host gives a step a terminal, and stops reading it as soon as the step fails: the last lines would be missing in the log.
if (IN_JOB && process.exitCode !== 0 && (process.stdout.isTTY || process.stderr.isTTY)) await delay(1000);
