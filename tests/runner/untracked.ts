// Loaded before the tests. node:test follows every promise of its process, to know which test an uncaught error belongs to: a quarter of the time of a test that
// plays the model. Here it does not, and an uncaught error ends the process.
import hooks from "node:async_hooks";
import { isMainThread } from "node:worker_threads";

const createHook = hooks.createHook.bind(hooks);
hooks.createHook = (callbacks) => createHook(isTestRunners(callbacks) ? {} : callbacks);

function isTestRunners(callbacks: hooks.HookCallbacks): boolean {
  return Object.values(callbacks).some((callback) => String(callback).includes("testResources"));
}

// A thread's uncaught error goes to the thread that started it.
if (isMainThread) for (const event of ["uncaughtException", "unhandledRejection"] as const) process.on(event, fail);

function fail(error: unknown): void {
  console.error("Uncaught, by the test that runs now or one before it:", error);
  process.exitCode = 1;
  // The reporters first write what they have.
  setTimeout(() => process.exit(), 100);
}
