import assert from "node:assert/strict";
import { test } from "node:test";
import { accepts, rotateUnderPushes, senders } from "./rotateUnderPushes.ts";
import { lab } from "./stack.ts";

// Rotations without a grace period. The tests depend on their order.

test("without a grace period every push succeeds, and the old key is revoked after the run", async () => {
  // For the next test, the new key is due at once.
  const change = { rotationTrigger: "without a grace period", gracePeriod: "0 seconds", rotateAfter: "1 second" };
  lab.changeSettings((config) => {
    config["zot-auth:ci"] = { ...(config["zot-auth:ci"] as object), ...change };
  });
  const { old, key } = await rotateUnderPushes("none", async () => lab.up());
  assert.deepEqual([await accepts(old), await accepts(key)], [false, true]);
  assert.deepEqual(await senders().api(old, "dead-key"), ["POST 401"], "the client notices a revoked key");
  assert.match(
    (await senders().skopeo(old, "dead-key")).join(""),
    /^skopeo 1: .*(authentication required|unauthorized)/is,
  );
});

test("every push succeeds when the key rotates by age", async () => {
  const { old, key } = await rotateUnderPushes("clock", async () => lab.up());
  assert.deepEqual([await accepts(old), await accepts(key)], [false, true]);
});
