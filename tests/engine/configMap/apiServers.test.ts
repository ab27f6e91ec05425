import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { stopInTurn } from "./apiServers.ts";

test("stops servers one after another, even those that ignore SIGTERM", async () => {
  const programs = ["trap '' TERM; echo ready; exec sleep 600", "echo ready; exec sleep 600"].map((script) =>
    spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore"] }),
  );
  const order: (number | undefined)[] = [];
  for (const child of programs) {
    child.once("exit", () => order.push(child.pid));
    await once(child.stdout, "data");
  }
  await stopInTurn(programs, 200);
  assert.deepEqual(
    programs.map(({ signalCode }) => signalCode),
    ["SIGKILL", "SIGTERM"],
  );
  assert.deepEqual(
    order,
    programs.map(({ pid }) => pid),
  );
});
