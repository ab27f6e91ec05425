// Part of the lab: keeps zot running, as launchd or systemd does.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { openSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

export interface SupervisorOptions {
  readonly binary: string;
  readonly arguments: readonly string[];
  /** File for the process id of the running program. */
  readonly pidFile: string;
  readonly logFile: string;
}

/** Starts a program and restarts it whenever it exits, until `close`. */
export function supervise(options: SupervisorOptions): { close(): Promise<void> } {
  const log = openSync(options.logFile, "a", 0o600);
  let child: ChildProcess | undefined;
  let closing = false;

  async function run(): Promise<void> {
    while (!closing) {
      const started = Date.now();
      const process = spawn(options.binary, options.arguments, { stdio: ["ignore", log, log] });
      child = process;
      const ended = new Promise<void>((resolve) => {
        process.once("error", () => resolve());
        process.once("exit", () => resolve());
      });
      if (process.pid !== undefined) writeFileSync(options.pidFile, String(process.pid));
      await ended;
      // Like launchd and systemd, wait before restarting a program that exits immediately.
      if (Date.now() - started < 500) await delay(200);
    }
  }
  const done = run();
  return {
    async close() {
      closing = true;
      child?.kill("SIGTERM");
      await done;
    },
  };
}
