import assert from "node:assert/strict";
import test from "node:test";
import type { Context } from "../../../../provider/resource.ts";
import { retiredKeys } from "../../../../systems/zot/keys/retiredKeys.ts";
import type { RetiredKeysInputs, RetiredKeysState } from "../../../../systems/zot/keys/retiredKeys.ts";

// No server is there: whatever tried to revoke a key would fail.
const CONTEXT: Context = {
  urn: "",
  type: "",
  name: "",
  preview: false,
  signal: new AbortController().signal,
  secretInputs: new Set(),
  progress: () => undefined,
  info: () => undefined,
  warn: () => undefined,
};
/** One more `up`, with this behind it. */
async function update(state: RetiredKeysState, inputs: RetiredKeysInputs): Promise<RetiredKeysState> {
  const updated = await retiredKeys.update?.(state, inputs, CONTEXT);
  assert.ok(updated);
  return updated;
}
const OLD = { uuid: "old", label: "zot-auth/test/1", since: "2026-01-01T00:00:00Z" };
const INPUTS: RetiredKeysInputs = {
  registryUrl: "http://127.0.0.1:1",
  username: "zot-ci",
  source: "env:ZOT_AUTH_NO_SUCH_VARIABLE",
  owner: "zot-auth/test",
  uuid: "in force",
  superseded: [OLD],
  gracePeriod: 3600,
};

test("the grace period begins when CI has the newer key, however long ago that one was made", async () => {
  const before = Date.now();
  const { state } = await retiredKeys.create(INPUTS, CONTEXT);
  assert.deepEqual(
    state.pending.map(({ uuid }) => uuid),
    ["old"],
  );
  assert.ok(Date.parse(state.due) >= before - 1000 + 3_600_000, state.due);
});

test("another key that is superseded does not begin the first one's grace period anew", async () => {
  const { state } = await retiredKeys.create(INPUTS, CONTEXT);
  const since = new Date(Date.now() - 60_000).toISOString();
  const earlier = { ...state, pending: [{ ...OLD, since }] };
  const next = { uuid: "next", label: "zot-auth/test/2", since: OLD.since };
  const updated = await update(earlier, { ...INPUTS, superseded: [OLD, next] });
  assert.deepEqual(
    updated.pending.map(({ uuid }) => uuid),
    ["old", "next"],
  );
  assert.deepEqual(
    updated.pending.filter((key) => key.uuid === "old").map((key) => key.since),
    [since],
  );
});

test("a key of ours that an up finds is on its way out from then on, once, and never the one in force", async () => {
  const { state } = await retiredKeys.create({ ...INPUTS, superseded: [] }, CONTEXT);
  const left = { uuid: "left", label: "zot-auth/test/2" };
  const seen = [left, left, { uuid: "in force", label: "zot-auth/test/3" }];
  const inputs = { ...INPUTS, superseded: [], seen };
  const due = (before: RetiredKeysState) =>
    retiredKeys.diff?.({ inputs, oldInputs: INPUTS, state: before, now: new Date() }).due;
  assert.deepEqual(due(state), ["pending"]);
  const updated = await update(state, inputs);
  assert.deepEqual(
    updated.pending.map(({ uuid }) => uuid),
    ["left"],
  );
  assert.equal(updated.seen, undefined, "what was seen once is not remembered");
  assert.deepEqual(due(updated), []);
  assert.deepEqual(
    retiredKeys.diff?.({ inputs: INPUTS, oldInputs: inputs, state: updated, now: new Date() }).due,
    [],
    "a preview, which sees nothing, says nothing",
  );
});

test("the key in force stays, also when a refresh saw it before the state told of it", async () => {
  const { state } = await retiredKeys.create({ ...INPUTS, superseded: [] }, CONTEXT);
  const since = "2026-01-01T00:00:00Z";
  const early = { ...state, pending: [{ uuid: "new", label: "zot-auth/test/4", since }], due: since };
  const updated = await update(early, { ...INPUTS, superseded: [], uuid: "new" });
  assert.deepEqual([updated.pending, updated.due], [[], ""]);
});

test("a key that is over its grace period is due, and one that was revoked does not come back", async () => {
  const { state } = await retiredKeys.create(INPUTS, CONTEXT);
  const dueAt = (now: Date) => retiredKeys.diff?.({ inputs: INPUTS, oldInputs: INPUTS, state, now }).due;
  assert.deepEqual(dueAt(new Date()), []);
  assert.deepEqual(dueAt(new Date(Date.now() + 3_700_000)), ["due"]);
  const revoked = { ...state, pending: [], due: "" };
  assert.deepEqual((await update(revoked, INPUTS)).pending, []);
});
