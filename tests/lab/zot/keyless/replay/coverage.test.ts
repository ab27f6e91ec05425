// Every recorded exchange, client, case of verify and start with zot is replayed by a test.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";
import { serveChanges, verifyChanges } from "../mistakes/mistakes.ts";
import { recording } from "./recording.ts";

test("each part of the recording is replayed, and a script that leaves an exchange out fails", () => {
  const folder = new URL("..", import.meta.url);
  const scripts = readdirSync(folder)
    .filter((name) => name.endsWith(".test.ts"))
    .flatMap((name) => [...readFileSync(new URL(name, folder), "utf8").matchAll(/new Script\("([^"]+)"\)/g)]);
  // combined.test.ts replays these two from the first to the last.
  const replayed = ["plain", "realm", ...scripts.map(([, part]) => part)];
  assert.deepEqual(replayed.sort(), Object.keys(recording.exchanges).sort());
});

test("each case of verify and of the start has a configuration, and no configuration is left over", () => {
  assert.deepEqual(Object.keys(verifyChanges).sort(), recording.verify.map((run) => run.case).sort());
  assert.deepEqual(Object.keys(serveChanges).sort(), recording.serve.map((run) => run.case).sort());
  assert.deepEqual(Object.keys(recording.clients), ["plain", "realm"]);
});
