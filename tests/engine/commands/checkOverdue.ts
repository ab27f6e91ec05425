import assert from "node:assert/strict";
import { test } from "node:test";
import { stopLab } from "../../../lab/homelab/background.ts";
import { check } from "./runCheck.ts";
import { lab } from "./stack.ts";

// npm run check for a key that the previous `up` made due, and for a lab that does not respond. The tests depend on their order.

test("for an overdue key, check says since when, how long it stays valid, and what to do", async () => {
  const { keyLabel, keyRotates, keyExpires } = lab.outputs();
  const { code, output } = await check();
  assert.equal(code, 1, output);
  const line = output.split("\n").find((candidate) => candidate.startsWith("✗ The key of zot-ci")) ?? "";
  assert.ok(line.includes(`has been due for rotation since ${String(keyRotates)}, `), output);
  const remedy = "`npm run pulumi -- up --stack lab ";
  assert.ok(line.includes(` ago, and expires in 89 days, on ${String(keyExpires)}. ${remedy}`), output);
  assert.doesNotMatch(output, /has no secret/);
  assert.equal(lab.outputs()["keyLabel"], keyLabel, "a check replaces nothing");
});

test("wrong usage has a separate exit code and checks nothing", async () => {
  for (const args of [[], ["--non-interactive"]]) {
    const { code, output } = await check(args);
    assert.equal(code, 2);
    assert.equal(
      output,
      "usage: npm run check -- <stack> [--full] [--textfile <file>] [--listen <host:port>] [--notify <reference>] [options of pulumi preview]\n",
    );
  }
  const { code, output } = await check(["nowhere", "--config-file", lab.settingsFile]);
  assert.equal(code, 2);
  assert.equal(
    output,
    "error: no stack named 'nowhere' found\nStacks are looked for in the backend that PULUMI_BACKEND_URL names.\n",
  );
});

test("if a server does not respond, check fails", async () => {
  await stopLab(lab.layout);
  const { code, output } = await check();
  assert.equal(code, 1, output);
  assert.match(output, /^✗ lab: zot does not answer at http/m);
});
