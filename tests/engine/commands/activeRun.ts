import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { locks } from "./locks.ts";
import { changeCi, lab } from "./stack.ts";

test("recover does not touch a run that is still active", async () => {
  // This run restores the secret that the previous test deleted, and replaces the key, which the shorter setting makes due. For the next tests, the new
  // key is due within seconds after the run.
  changeCi({ rotateAfter: "1 second" });
  const { keyLabel } = lab.outputs();
  const running = lab.pulumi("up", "--refresh", "--yes", "--skip-preview", "--non-interactive");
  const end = Date.now() + 60_000;
  while (locks().length === 0 && Date.now() < end) await delay(20);
  const { code, output } = await lab.command("recover");
  assert.equal(code, 1, output);
  assert.match(output, /✗ lab is locked by .+, process \d+, since 20\d\d-.+, which is still running on this machine/);
  assert.doesNotMatch(output, /▸ (cancel|up):/);
  assert.equal(locks().length, 1);
  const up = await running;
  assert.equal(up.code, 0, up.output);
  assert.deepEqual(locks(), []);
  assert.notEqual(lab.outputs()["keyLabel"], keyLabel);
});
