import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { inWarmProcess } from "./launch.ts";

/** The SDK's files that a process of programs uses, with a program that says in which process it runs, and then does what its environment says. */
const FILES = {
  "cmd/run/index.js": `
    let errors = 0;
    for (const event of ["uncaughtException", "unhandledRejection"]) process.on(event, () => (errors += 1));
    process.on("exit", (code) => {
      if (code === 0 && errors > 0) process.exitCode = 32;
    });
    setImmediate(() => require("./run.js").run().catch((error) => void Promise.reject(error)));`,
  "cmd/run/run.js": `
    const later = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
    const endings = {
      succeed: () => undefined,
      fail: () => Promise.reject(new Error("failed")),
      exit: () => {
        setTimeout(() => process.stdout.write("after its end"), 1);
        process.exit(7);
      },
      failLate: () => void later(10).then(() => Promise.reject(new Error("late"))),
      goOn: () => void later(60_000),
      exitBeforeItReadsStop: () => {
        process.stdout.write("runs\\n");
        while (!require("node:fs").existsSync(process.env.STOPPED));
        process.exit(7);
      },
      neverEnd: () => {
        process.stdout.write("runs\\n");
        return new Promise((_, fail) => require("../../runtime/settings.js").disconnected = () => fail(new Error("stopped")));
      },
      hang: () => {
        process.stdout.write("runs\\n");
        for (;;);
      },
    };
    exports.run = async () => {
      process.stdout.write(process.pid + "\\n");
      return endings[process.env.ENDING]();
    };`,
  "runtime/settings.js": `
    exports.waitForRPCs = exports.signalAndWaitForShutdown = async () => {};
    exports.disconnectSync = () => exports.disconnected?.();`,
  "runtime/state.js": "exports.getStore = () => ({ leakCandidates: new Set() });",
};

let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "zot-auth-warm-"));
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
});
after(() => rmSync(folder, { recursive: true }));

/** There since that program was stopped. */
const stopped = (): string => join(folder, "stopped");

interface Played {
  readonly how: Awaited<ReturnType<typeof inWarmProcess>>;
  readonly process: number;
  readonly printed: string;
}

/** Plays a program. One that runs for ever is aborted. */
async function play(ending: string): Promise<Played> {
  const abort = new AbortController();
  let printed = "";
  const how = await inWarmProcess({
    nodeArgs: [],
    launcher: join(folder, "cmd/run/index.js"),
    args: [],
    environment: { PATH: process.env["PATH"], ENDING: ending, STOPPED: stopped() },
    output: (chunk) => {
      printed += chunk.toString();
      if (printed.includes("runs")) abort.abort();
    },
    signal: abort.signal,
  });
  return { how, process: Number(printed.split("\n")[0]), printed };
}

test("one process runs a program after the other, however they end", async () => {
  const { how, process } = await play("succeed");
  assert.deepEqual(how, [0, null]);
  for (const [ending, code] of [
    ["fail", 32],
    ["exit", 7],
    ["failLate", 0],
    ["succeed", 0],
    ["fail", 32],
  ] as const) {
    const next = await play(ending);
    assert.deepEqual([ending, next.how, next.process], [ending, [code, null], process]);
    assert.equal(next.printed, `${process}\n`, "nothing runs after the end of a program");
  }
  const aborted = await play("neverEnd");
  assert.deepEqual([aborted.how, aborted.process], [[null, "SIGKILL"], process]);
  assert.equal((await play("succeed")).process, process);
  const exited = await play("exitBeforeItReadsStop");
  assert.deepEqual([exited.how, exited.process], [[null, "SIGKILL"], process]);
  writeFileSync(stopped(), "");
  for (const ending of ["fail", "succeed"]) assert.equal((await play(ending)).process, process);
});

for (const ending of ["goOn", "hang"])
  test(`after a program of which something is left (${ending}), the next runs in a new process, and the old one is gone`, async () => {
    const left = await play(ending);
    const next = await play("succeed");
    assert.deepEqual(next.how, [0, null]);
    assert.notEqual(next.process, left.process);
    while (isThere(left.process)) await delay(5);
    assert.equal((await play("succeed")).process, next.process);
  });

function isThere(process_: number): boolean {
  try {
    process.kill(process_, 0);
    return true;
  } catch {
    return false;
  }
}
