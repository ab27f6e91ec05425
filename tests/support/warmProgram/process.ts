// The process in which programs run one after the other, each by the SDK's own launcher, loaded anew. Each finds an SDK that has seen no other program, and its
// main module is evaluated again; what it imports stays. A program that fails ends the process as it ends its own: with the launcher's exit code.
import { createRequire, registerHooks } from "node:module";
import { dirname, join } from "node:path";
import type { Job } from "./launch.ts";
import { SUCCEEDED } from "./launch.ts";

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

let programs = 0;
let failed = false;
const hasFailed = (): boolean => failed;

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    // The launcher alone imports a module by its address.
    return specifier.startsWith("file:") ? { ...resolved, url: `${resolved.url}?program=${programs}` } : resolved;
  },
});

function start({ launcher, args, environment }: Job): void {
  programs += 1;
  const require = createRequire(launcher);
  for (const event of EVENTS) process.removeAllListeners(event);
  for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, environment);
  process.argv = [process.execPath, launcher, ...args];
  // The SDK makes a new one.
  Reflect.deleteProperty(globalThis, "globalStore");
  const runFile = join(dirname(launcher), "run.js");
  for (const file of [launcher, runFile]) Reflect.deleteProperty(require.cache, file);
  require(launcher);
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
  // Without the channel the process ends when there is nothing left to do, as a program's own does.
  const fail = (): void => {
    failed = true;
    if (process.connected) process.disconnect();
  };
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
}

/** What the launcher does when there is nothing left to do. */
async function finish(require: NodeJS.Require): Promise<void> {
  const settings = require("../../runtime/settings") as Settings;
  const { getStore } = require("../../runtime/state") as { readonly getStore: () => Store };
  await settings.waitForRPCs();
  while (getStore().leakCandidates.size > 0 && !hasFailed()) {
    await new Promise((done) => setTimeout(done, 1));
    await settings.waitForRPCs();
  }
  if (hasFailed()) return;
  await settings.signalAndWaitForShutdown();
  settings.disconnectSync();
  await new Promise(setImmediate);
  if (!hasFailed()) process.send?.(SUCCEEDED);
}

process.on("message", start);
process.on("disconnect", () => {
  if (!hasFailed()) process.exit();
});
