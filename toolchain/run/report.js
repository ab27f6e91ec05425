import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit } from "../system/atExit.js";

/** What commands/report/main.ts needs of the environment. The rest has passphrases and tokens, which are none of its business. */
const FOR_THE_REPORT = ["PATH", "NODE_COMPILE_CACHE", "ZOT_AUTH_REPORTS", "ZOT_AUTH_STAND_INS"];

/**
 * `pulumi up` with a log of the engine's events, from which commands/report/main.ts writes the report of the run. In the log secrets are masked, as on the
 * screen. It is removed afterwards, unless the caller asked for it.
 * @param {import("../system/place.js").Place} place
 * @param {NodeJS.ProcessEnv} env
 * @param {string | undefined} stack
 * @param {readonly string[]} args
 * @returns {{ args: readonly string[], env: NodeJS.ProcessEnv, write: (code: number) => void } | undefined} undefined for other commands
 */
export function reportedRun(place, env, stack, args) {
  if (stack === undefined || env["ZOT_AUTH_REPORTS"] === "" || !isUpdate(args)) return undefined;
  const command = join(place.root, "commands", "report", "main.ts");
  if (!existsSync(command)) return undefined;
  const write = (/** @type {string} */ log) => (/** @type {number} */ code) => {
    // Whoever reads a pipe has had the events already.
    if (existsSync(log) && statSync(log).isFile()) writeReport(place, env, { command, stack, log, code });
  };
  const given = eventLogIn(args);
  if (given !== undefined) return { args, env, write: write(given) };
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-events-"));
  const log = join(folder, "events.json");
  atExit(() => rmSync(folder, { recursive: true, force: true }));
  return {
    args: [...args, "--event-log", log],
    // Without it, the CLI does not know the option.
    env: { ...env, PULUMI_DEBUG_COMMANDS: "true" },
    write: (code) => {
      write(log)(code);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * A report that cannot be written says so itself. It does not change how the update ended.
 * @param {import("../system/place.js").Place} place
 * @param {NodeJS.ProcessEnv} env
 * @param {{ command: string, stack: string, log: string, code: number }} run
 */
function writeReport(place, env, { command, stack, log, code }) {
  // Read here, since the CLI needs the backend's credentials. In the state secrets are encrypted.
  const state = spawnSync("pulumi", ["stack", "export", "--stack", stack], {
    cwd: place.root,
    env,
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: Infinity,
  });
  if (state.status !== 0) {
    process.stderr.write(`✗ ${stack}: no report was written, because its state could not be read, see above.\n`);
    return;
  }
  spawnSync("node", [command, stack, "--events", log, "--code", String(code)], {
    cwd: place.root,
    env: Object.fromEntries(FOR_THE_REPORT.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))),
    input: state.stdout,
    stdio: ["pipe", "inherit", "inherit"],
  });
}

/** Options that may stand before the command, with their value as the next argument. */
const WITH_VALUE = ["-s", "--stack", "-C", "--cwd", "--color", "--config-file", "--event-log"];

/** @param {readonly string[]} args */
function isUpdate(args) {
  const command = args.find((arg, at) => !arg.startsWith("-") && !WITH_VALUE.includes(args[at - 1] ?? ""));
  const asks = ["--help", "-h", "--preview-only"].some((option) => args.includes(option));
  return (command === "up" || command === "update") && !asks;
}

/**
 * The log that the caller asked for.
 * @param {readonly string[]} args
 */
function eventLogIn(args) {
  const at = args.findLastIndex((arg) => arg === "--event-log" || arg.startsWith("--event-log="));
  return at < 0 ? undefined : args[at] === "--event-log" ? args[at + 1] : args[at]?.slice("--event-log=".length);
}
