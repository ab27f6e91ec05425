import { spawn } from "node:child_process";
import { atExit } from "./atExit.js";
import { bytesUnder } from "./files.js";

/**
 * @typedef {object} Options
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} env
 * @property {(line: string) => unknown} [onLine] receives every line of stdout and stderr; `"stop"` kills the command
 * @property {number} [patience] milliseconds after which the command is killed unless `growing` has grown
 * @property {readonly string[]} [growing] files and folders that the command writes a download to
 * @property {(bytes: number) => void} [onGrowth]
 */

/**
 * @typedef {object} Outcome
 * @property {number | undefined} code undefined if it did not start or was killed
 * @property {boolean} late whether it was killed because the patience ran out
 * @property {string} stdout
 * @property {string} output stdout and stderr, interleaved
 */

/**
 * Runs a command without input and waits until it exits. It gets its own process group, so that killing it also kills its children.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Options} options
 * @returns {Promise<Outcome>}
 */
export function run(command, args, options) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const end = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has already exited.
      }
    };
    const forget = atExit(end);
    /** @type {Outcome} */
    const outcome = { code: undefined, late: false, stdout: "", output: "" };
    const stopWatching = watch(options, () => {
      outcome.late = true;
      end();
    });
    child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ text) => (outcome.stdout += text));
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      stream.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
        outcome.output += text;
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        if (lines.some((line) => options.onLine?.(line) === "stop")) end();
      });
    }
    const finish = (/** @type {number | undefined} */ code) => {
      forget();
      stopWatching();
      resolve({ ...outcome, code });
    };
    child.once("error", (error) => {
      outcome.output += error.message;
      finish(undefined);
    });
    child.once("close", (code) => finish(code ?? undefined));
  });
}

/**
 * @param {Options} options
 * @param {() => void} tooLate
 */
function watch({ patience, growing = [], onGrowth }, tooLate) {
  if (patience === undefined) return () => undefined;
  let bytes = 0;
  let grew = Date.now();
  const timer = setInterval(
    () => {
      const now = bytesUnder(growing);
      if (now > bytes) {
        bytes = now;
        grew = Date.now();
        onGrowth?.(now);
      } else if (Date.now() - grew > patience) tooLate();
    },
    Math.min(patience, 500),
  );
  return () => clearInterval(timer);
}
