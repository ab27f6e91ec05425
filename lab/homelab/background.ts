// Part of the lab: starts, finds and stops the lab that runs in the background.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isAlive } from "../../toolchain/system/processes.js";
import type { DaemonMessage } from "./daemon.ts";
import { pathsOf } from "./layout.ts";
import type { Layout } from "./layout.ts";

export interface BackgroundLab {
  readonly pid: number;
  readonly urls: Readonly<Record<string, string>>;
}

/** The running lab, if any. */
export function runningLab(layout: Layout): BackgroundLab | undefined {
  const { state } = pathsOf(layout);
  if (!existsSync(state)) return undefined;
  const lab = JSON.parse(readFileSync(state, "utf8")) as BackgroundLab;
  return isAlive(lab.pid) ? lab : undefined;
}

/** Starts the lab in the background and waits until all its servers are ready. */
export async function startInBackground(layout: Layout): Promise<BackgroundLab> {
  const { log } = pathsOf(layout);
  mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  const output = openSync(log, "a", 0o600);
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "daemon.ts"), layout.settingsFile, layout.directory],
    {
      detached: true,
      stdio: ["ignore", output, output, "ipc"],
    },
  );
  const message = await new Promise<DaemonMessage>((resolve, reject) => {
    child.once("message", (told) => resolve(told as DaemonMessage));
    child.once("error", reject);
    child.once("exit", (code) =>
      resolve({ error: `The lab exited with ${code === null ? "a signal" : `code ${code}`}. See ${log}.` }),
    );
  });
  if ("error" in message) throw new Error(message.error);
  try {
    await readyZot(layout);
  } catch (error) {
    await stopLab(layout);
    throw error;
  }
  child.unref();
  return { pid: child.pid ?? 0, urls: message.urls };
}

/** Stops the lab and waits until it has exited. Returns whether it was running. */
export async function stopLab(layout: Layout): Promise<boolean> {
  const lab = runningLab(layout);
  if (lab === undefined) return false;
  process.kill(lab.pid, "SIGTERM");
  const end = Date.now() + 10_000;
  while (runningLab(layout) !== undefined) {
    if (Date.now() > end)
      throw new Error(
        `The lab (process ${lab.pid}) did not stop within 10 s. See ${pathsOf(layout).log}, or kill it with \`kill -9 ${lab.pid}\`.`,
      );
    await delay(20);
  }
  rmSync(pathsOf(layout).state, { force: true });
  return true;
}

/** Waits for zot, which is a separate process: without authentication in a new lab, later with the deployed configuration. */
async function readyZot(layout: Layout): Promise<void> {
  const url = `${layout.settings.registry.url}/readyz`;
  const end = Date.now() + 20_000;
  while (!(await answers(url))) {
    if (Date.now() > end)
      throw new Error(`Timed out after 20 s waiting for the lab's zot at ${url}. See ${pathsOf(layout).zotLog}.`);
    await delay(50);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false; // not ready yet
  }
}
