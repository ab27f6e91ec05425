import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { cpuSeconds, ofChildren } from "./cpuTime.ts";

test("the CPU time of ended programs is read after a name with spaces and parentheses", () => {
  const stat = "42 (a (b) 7) S 1 42 42 0 -1 4194304 100 200 0 0 11 12 250 50 20 0 7 0 8371 1 2";
  assert.equal(ofChildren(stat), 3);
});

test("a program that was busy counts", { skip: process.platform !== "linux" && "only on Linux" }, () => {
  const before = cpuSeconds();
  const busy = "const start = process.cpuUsage(); while (process.cpuUsage(start).user < 300_000);";
  execFileSync(process.execPath, ["-e", busy]);
  assert.ok(cpuSeconds() - before >= 0.3, String(cpuSeconds() - before));
});
