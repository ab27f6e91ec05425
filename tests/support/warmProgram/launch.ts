// Programs of the attached runs, one after the other in one process: to load the SDK and our files takes two thirds of a program's CPU time. The next program
// begins in a new process if something of the last one is left: it would see the next one's engine.
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Launch, Program } from "../../../toolchain/language-host/run.ts";

export type Job = Pick<Program, "launcher" | "args" | "environment">;

/** `stop`: the program ends as if it was killed. */
export type ToProcess = Job | "stop";

/** `ready`: nothing of the last program is left. */
export type FromProcess = { readonly ended: number } | "ready";

interface Idle {
  readonly of: string;
  readonly child: ChildProcess;
  readonly isReady: Promise<boolean>;
}

/** How long the next program waits for what is left of the last one, in milliseconds. It is nothing, or what takes much longer. */
const PATIENCE = 1000;

const STREAMS = ["stdout", "stderr"] as const;
const KILLED = [null, "SIGKILL"] as const;

let idle: Idle | undefined;

export const inWarmProcess: Launch = async ({ nodeArgs, launcher, args, environment, output, signal }) => {
  if (signal.aborted) return KILLED;
  const of = JSON.stringify([nodeArgs, launcher, environment["PATH"]]);
  const child = (await takeIdle(of)) ?? start(nodeArgs);
  holdOpen(child, true);
  const pass = {
    stdout: (chunk: Buffer): void => output?.(chunk, "stdout"),
    stderr: (chunk: Buffer): void => output?.(chunk, "stderr"),
  };
  for (const stream of STREAMS) child[stream]?.on("data", pass[stream]);
  try {
    const over = new AbortController();
    const end = { signal: over.signal };
    const exited = once(child, "close", end) as Promise<[number | null, NodeJS.Signals | null]>;
    const message = once(child, "message", end) as Promise<[{ readonly ended: number }]>;
    const ended = message.then(([{ ended: code }]) => [code, null] as const);
    const aborted = once(signal, "abort", end).then(() => KILLED);
    child.send({ launcher, args, environment } satisfies ToProcess);
    const how = await Promise.race([exited, ended, aborted]);
    for (const rest of [exited, ended, aborted]) rest.catch(() => undefined);
    over.abort();
    if (how === KILLED) child.send("stop" satisfies ToProcess);
    // What it wrote is in the pipes.
    await new Promise(setImmediate);
    keep(of, child);
    return how;
  } finally {
    for (const stream of STREAMS) child[stream]?.off("data", pass[stream]);
  }
};

/** For the next program. */
function keep(of: string, child: ChildProcess): void {
  if (!child.connected) return;
  idle?.child.kill("SIGKILL");
  // The last program may have ended just when it was stopped, and say so first.
  const isReady = new Promise<boolean>((done) => {
    child.on("message", function ready(message: FromProcess) {
      if (message !== "ready") return;
      child.off("message", ready);
      done(true);
    });
    child.once("close", () => done(false));
  });
  idle = { of, child, isReady };
  holdOpen(child, false);
}

/** The one that waits for a program, if it is of this kind and nothing of its last one is left. */
async function takeIdle(of: string): Promise<ChildProcess | undefined> {
  const last = idle;
  idle = undefined;
  if (last === undefined) return undefined;
  const isReady = last.of === of && (await Promise.race([last.isReady, delay(PATIENCE, false)]));
  if (isReady && last.child.connected) return last.child;
  last.child.kill("SIGKILL");
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
