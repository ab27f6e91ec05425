// Loaded before the tests. node:test follows every promise of its process, to know which test an uncaught error belongs to: a quarter of the time of a test that
// plays the model. Here it does so only until all tests are declared, to know the suite of each; and an uncaught error ends the process.
import hooks from "node:async_hooks";
import { isMainThread } from "node:worker_threads";

const createHook = hooks.createHook.bind(hooks);
hooks.createHook = (callbacks) => {
  const hook = createHook(callbacks);
  if (Object.values(callbacks).some((callback) => String(callback).includes("testResources"))) testRunners = hook;
  return hook;
};
let testRunners: hooks.AsyncHook | undefined;

// A thread's uncaught error goes to the thread that started it.
if (isMainThread) {
  for (const event of ["uncaughtException", "unhandledRejection"] as const) process.on(event, fail);
  if (!process.argv[1]?.endsWith("oneProcess.ts")) {
    // It takes `createHook` when it is loaded.
    const { before } = await import("node:test");
    // The first test starts while the file is still being evaluated.
    before(() => void setImmediate(allDeclared));
  }
}

/** Call it when each test of the process has been declared. */
export function allDeclared(): void {
  testRunners?.disable();
}

function fail(error: unknown): void {
  console.error("Uncaught, by the test that runs now or one before it:", error);
  process.exitCode = 1;
  // The reporters first write what they have.
  setTimeout(() => process.exit(), 100);
}
