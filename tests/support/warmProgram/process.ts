// The process in which programs run one after the other, each by the SDK's own launcher, loaded anew. Each finds an SDK that has seen no other program, and its
// main module is evaluated again; what it imports stays. A program ends as its own process would: with the launcher's exit code.
import { createRequire, registerHooks } from "node:module";
import { dirname, join } from "node:path";
import type { FromProcess, Job, ToProcess } from "./launch.ts";

interface Run {
  run: (...given: readonly unknown[]) => Promise<unknown>;
}
interface Settings {
  readonly waitForRPCs: () => Promise<void>;
  readonly signalAndWaitForShutdown: () => Promise<void>;
  readonly disconnectSync: () => void;
}
interface Store {
  readonly leakCandidates: ReadonlySet<unknown>;
}

const EVENTS = ["uncaughtException", "unhandledRejection", "exit", "beforeExit"] as const;

/** What `process.exit` throws, since what follows it must not run. */
const EXITED = new Error("the program has exited");

const OUTPUTS = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write.bind(stream) }));

let programs = 0;
/** `failed`: it ends when there is nothing left to do. `over`: it has ended, and what it still had to do ends without it. */
let program: "running" | "failed" | "over" = "over";
const isRunning = (): boolean => program === "running";
let settings: Settings | undefined;

const exit = process.exit.bind(process);
process.exit = (code) => {
  end(Number(code ?? process.exitCode ?? 0));
  throw EXITED;
};

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    // The launcher alone imports a module by its address.
    return specifier.startsWith("file:") ? { ...resolved, url: `${resolved.url}?program=${programs}` } : resolved;
  },
});

function start({ launcher, args, environment }: Job): void {
  programs += 1;
  program = "running";
  for (const { stream, write } of OUTPUTS) stream.write = write;
  const require = createRequire(launcher);
  for (const event of EVENTS) process.removeAllListeners(event);
  for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, environment);
  process.argv = [process.execPath, launcher, ...args];
  process.exitCode = undefined;
  // The SDK makes a new one.
  Reflect.deleteProperty(globalThis, "globalStore");
  const runFile = join(dirname(launcher), "run.js");
  for (const file of [launcher, runFile]) Reflect.deleteProperty(require.cache, file);
  require(launcher);
  settings = require("../../runtime/settings") as Settings;
  const module = require(runFile) as Run;
  const { run } = module;
  module.run = async (...given) => {
    const ended = run(...given);
    ended.then(
      () => void finish(require),
      () => undefined,
    );
    return ended;
  };
  // Without the channel there comes a moment when there is nothing left to do, at which a program's own process ends.
  const fail = (): void => {
    if (!isRunning()) return;
    program = "failed";
    process.channel?.unref();
  };
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  process.on("beforeExit", () => {
    if (program === "failed") end(0);
  });
}

/** What the launcher does when there is nothing left to do. */
async function finish(require: NodeJS.Require): Promise<void> {
  if (settings === undefined) return;
  const { waitForRPCs, signalAndWaitForShutdown, disconnectSync } = settings;
  const { getStore } = require("../../runtime/state") as { readonly getStore: () => Store };
  await waitForRPCs();
  while (getStore().leakCandidates.size > 0 && isRunning()) {
    await new Promise((done) => setTimeout(done, 1));
    await waitForRPCs();
  }
  if (!isRunning()) return;
  await signalAndWaitForShutdown();
  disconnectSync();
  await new Promise(setImmediate);
  if (isRunning()) end(0);
}

/** Says how the program ended, by its listeners for it, and waits until nothing of it is left. */
function end(code: number): void {
  if (program === "over") return;
  program = "over";
  process.exitCode = code;
  process.emit("exit", code);
  send({ ended: process.exitCode });
  release();
}

function stop(): void {
  // It ended just then.
  if (program === "over") return;
  program = "over";
  settings?.disconnectSync();
  release();
}

/** In its own process nothing of the program would run any more: what it prints now and its errors are nobody's. */
function release(): void {
  for (const { stream } of OUTPUTS) stream.write = () => true;
  for (const event of EVENTS) process.removeAllListeners(event);
  for (const event of ["uncaughtException", "unhandledRejection"] as const) process.on(event, () => undefined);
  process.exitCode = undefined;
  process.channel?.unref();
  // When the event loop is empty.
  process.once("beforeExit", () => {
    process.channel?.ref();
    send("ready");
  });
  // If it is empty already, it is so once more.
  setImmediate(() => undefined);
}

function send(message: FromProcess): void {
  process.send?.(message);
}

process.on("message", (message: ToProcess) => {
  if (message === "stop") stop();
  else start(message);
});
process.on("disconnect", () => exit());
