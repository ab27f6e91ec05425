import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { inWarmProcess } from "./launch.ts";

/** The SDK's files that a process of programs uses, with programs that say in which process they ran. */
const FILES = {
  "cmd/run/index.js": 'setImmediate(() => require("./run.js").run());',
  "cmd/run/run.js": `exports.run = async () => {
    process.stdout.write(process.pid + "\\n");
    if (process.env.LATE === "1") setTimeout(() => Promise.reject(new Error("late")), 20);
  };`,
  "runtime/settings.js":
    "exports.waitForRPCs = exports.signalAndWaitForShutdown = async () => {}; exports.disconnectSync = () => {};",
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

/** The process of a program that succeeds. With `late` it fails soon after. */
async function play(late = false): Promise<number> {
  let printed = "";
  const ended = await inWarmProcess({
    nodeArgs: [],
    launcher: join(folder, "cmd/run/index.js"),
    args: [],
    environment: { PATH: process.env["PATH"], LATE: late ? "1" : "" },
    output: (chunk) => (printed += chunk.toString()),
    signal: new AbortController().signal,
  });
  assert.deepEqual(ended, [0, null], printed);
  return Number(printed);
}

const isGone = (process_: number): boolean => {
  try {
    process.kill(process_, 0);
    return false;
  } catch {
    return true;
  }
};

test("one process runs a program after the other; after one that fails late, the next runs in a new process", async () => {
  const first = await play();
  assert.equal(await play(true), first);
  while (!isGone(first)) await new Promise((done) => setTimeout(done, 5));
  const second = await play();
  assert.notEqual(second, first);
  assert.equal(await play(), second);
});
