import assert from "node:assert/strict";
import { test } from "node:test";
import { change, lab } from "./stack.ts";

// A zot that up rejects. The tests depend on their order.

test("up rejects a zot on which CI could overwrite tags, and says what to do", async () => {
  const { code, output } = await lab.up();
  assert.notEqual(code, 0);
  assert.match(
    output,
    /runs zot 2\.1\.17, where an account with only the action create can still overwrite .*registry\.acceptCiOverwrite/,
  );
});

test("up rejects a setting that the host's zot does not support before it changes anything", async () => {
  change("registry", { acceptCiOverwrite: true });
  change("zot", { storage: { fastRestart: true } });
  const { code, output, events } = await lab.up();
  assert.notEqual(code, 0);
  assert.match(output, /zot\.storage\.fastRestart: requires zot 2\.1\.18 or later; the host has 2\.1\.17/);
  const touched = events.flatMap(({ resOutputsEvent }) => resOutputsEvent?.metadata.type ?? []);
  assert.deepEqual(
    touched.filter((type) => !/^pulumi:(pulumi:Stack|providers:)|:Preflight$/.test(type)),
    [],
  );
  change("zot", { storage: {} });
});
