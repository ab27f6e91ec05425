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
  const closing = new AbortController();
  let child: ChildProcess | undefined;

  async function run(): Promise<void> {
    let failures = 0;
    while (!closing.signal.aborted) {
      const process = spawn(options.binary, options.arguments, { stdio: ["ignore", log, log] });
      child = process;
      const ended = new Promise<boolean>((resolve) => {
        process.once("error", () => resolve(false));
        process.once("exit", (code, signal) => resolve(code === 0 || signal !== null));
      });
      if (process.pid !== undefined) writeFileSync(options.pidFile, String(process.pid));
      failures = (await ended) ? 0 : failures + 1;
      // Like launchd and systemd, waits before it restarts a program that fails; launchd up to 10 s.
      if (failures > 0) await delay(Math.min(100 * 2 ** failures, 2000), undefined, closing).catch(() => undefined);
    }
  }
  const done = run();
  return {
    async close() {
      closing.abort();
      child?.kill("SIGTERM");
      await done;
    },
  };
}
