// Programs of the attached runs, one after the other in one process: to load the SDK and our files takes two thirds of a program's CPU time. A process
// serves as long as its programs succeed; after a failed or interrupted one, the next begins in a new process.
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Launch, Program } from "../../../toolchain/language-host/run.ts";

/** To the process. */
export type Job = Pick<Program, "launcher" | "args" | "environment">;

/** From the process, when a program has succeeded. */
export const SUCCEEDED = "succeeded";

let idle: { readonly of: string; readonly child: ChildProcess } | undefined;

export const inWarmProcess: Launch = async ({ nodeArgs, launcher, args, environment, output, signal }) => {
  const of = JSON.stringify([nodeArgs, launcher, environment["PATH"]]);
  const child = takeIdle(of) ?? start(nodeArgs);
  holdOpen(child, true);
  const pass = (chunk: Buffer): void => output?.(chunk);
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", pass);
  const interrupt = (): void => void child.kill("SIGKILL");
  signal.addEventListener("abort", interrupt);
  try {
    const ended = new AbortController();
    const end = { signal: ended.signal };
    const closed = once(child, "close", end) as Promise<[number | null, NodeJS.Signals | null]>;
    const succeeded = once(child, "message", end).then(() => undefined);
    const job: Job = { launcher, args, environment };
    child.send(job);
    if (signal.aborted) interrupt();
    const first = await Promise.race([closed, succeeded]);
    if (first !== undefined) return first;
    for (const rest of [closed, succeeded]) rest.catch(() => undefined);
    ended.abort();
    // What it wrote is in the pipes.
    await new Promise(setImmediate);
    idle = { of, child };
    holdOpen(child, false);
    return [0, null];
  } finally {
    signal.removeEventListener("abort", interrupt);
    for (const stream of [child.stdout, child.stderr]) stream?.off("data", pass);
  }
};

/** The one that waits for a program, if it is of this kind and has not failed since: a call that the end of the engine breaks off may reject late. */
function takeIdle(of: string): ChildProcess | undefined {
  const last = idle;
  idle = undefined;
  if (last?.child.connected !== true) return undefined;
  if (last.of === of) return last.child;
  last.child.disconnect();
  return undefined;
}

function start(nodeArgs: readonly string[]): ChildProcess {
  return fork(join(import.meta.dirname, "process.ts"), {
    execArgv: [...nodeArgs],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
}

/** Whether the process keeps this one from ending. It ends with this one. */
function holdOpen(child: ChildProcess, open: boolean): void {
  const handles = [child, child.channel, child.stdout, child.stderr] as unknown as readonly NodeJS.RefCounted[];
  for (const handle of handles) {
    if (open) handle.ref();
    else handle.unref();
  }
}
