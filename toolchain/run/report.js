import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit } from "../system/atExit.js";

/**
 * `pulumi up` with a log of the engine's events, from which commands/report.ts writes the report of the run. In the log secrets are masked, as on the
 * screen; it is removed afterwards.
 * @param {import("../system/place.js").Place} place
 * @param {NodeJS.ProcessEnv} env
 * @param {string | undefined} stack
 * @param {readonly string[]} args
 * @returns {{ args: readonly string[], env: NodeJS.ProcessEnv, write: (code: number) => void } | undefined} undefined for other commands
 */
export function reportedRun(place, env, stack, args) {
  if (stack === undefined || env["ZOT_AUTH_REPORTS"] === "" || !isUpdate(args)) return undefined;
  const command = join(place.root, "commands", "report.ts");
  if (!existsSync(command)) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-events-"));
  const log = join(folder, "events.json");
  atExit(() => rmSync(folder, { recursive: true, force: true }));
  return {
    args: [...args, "--event-log", log],
    // Without it, the CLI does not know the option.
    env: { ...env, PULUMI_DEBUG_COMMANDS: "true" },
    write: (code) => {
      if (existsSync(log))
        // A report that cannot be written says so itself. It does not change how the update ended.
        spawnSync("node", [command, stack, "--events", log, "--code", String(code)], {
          cwd: place.root,
          env,
          stdio: "inherit",
        });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Options that may stand before the command, with their value as the next argument. */
const WITH_VALUE = ["-s", "--stack", "-C", "--cwd", "--color", "--config-file"];

/** @param {readonly string[]} args */
function isUpdate(args) {
  const command = args.find((arg, at) => !arg.startsWith("-") && !WITH_VALUE.includes(args[at - 1] ?? ""));
  const asks = ["--help", "-h", "--event-log", "--preview-only"].some((option) => args.includes(option));
  return (command === "up" || command === "update") && !asks;
}
