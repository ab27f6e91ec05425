import { spawn } from "node:child_process";
import { constants } from "node:os";
import { environmentOf, pulumiHomeOf } from "./environment.js";
import { readResult } from "./result.js";
import { reportedRun } from "./report.js";
import { stackOf } from "./stack.js";

/**
 * Runs a command in the project's environment. It inherits stdin, stdout and stderr and receives this process's signals.
 * @param {import("../system/place.js").Place} place
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit code; 128 plus the signal's number if a signal terminated the command, as in a shell
 */
export function runCommand(place, command, args) {
  const result = readResult(place);
  if (result === undefined) {
    process.stderr.write("This folder is not set up. Run `node toolchain/main.js setup` first.\n");
    return Promise.resolve(1);
  }
  return new Promise((resolve) => {
    const stack = stackOf(place, pulumiHomeOf(place, result), command, args);
    const env = environmentOf(place, result, stack);
    const reported = command === "pulumi" ? reportedRun(place, env, stack, args) : undefined;
    const child = spawn(command, reported?.args ?? args, { env: reported?.env ?? env, stdio: "inherit" });
    for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
      process.on(signal, () => {
        // On a terminal, Ctrl-C also reaches the command directly. A second SIGINT would make Pulumi terminate immediately.
        if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
      });
    }
    child.once("error", (/** @type {NodeJS.ErrnoException} */ error) => {
      const why = error.code === "ENOENT" ? "it is not on PATH" : error.message;
      process.stderr.write(
        `${command} could not be started: ${why}. Run \`node toolchain/main.js setup\` and try again.\n`,
      );
      resolve(error.code === "ENOENT" ? 127 : 126);
    });
    child.once("exit", (code, signal) => {
      const ended = code ?? 128 + constants.signals[signal ?? "SIGKILL"];
      reported?.write(ended);
      resolve(ended);
    });
  });
}
