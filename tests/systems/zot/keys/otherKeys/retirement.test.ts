import assert from "node:assert/strict";
import test from "node:test";
import {
  dueKeys,
  newlySuperseded,
  retirement,
  withFound,
} from "../../../../../systems/zot/keys/otherKeys/retirement.ts";

const HOUR = 3600;
const OLD = { uuid: "old", label: "zot-auth/test/1" };
const NEXT = { uuid: "next", label: "zot-auth/test/2" };
const IN_FORCE = { uuid: "in force", label: "zot-auth/test/3" };
const uuids = (keys: readonly { readonly uuid: string }[]): readonly string[] => keys.map(({ uuid }) => uuid);

test("the grace period begins when CI has the newer key, however long ago that one was made", () => {
  const before = Date.now();
  const { pending, due } = retirement(withFound(IN_FORCE.uuid, [OLD], []), HOUR);
  assert.deepEqual(uuids(pending), ["old"]);
  assert.ok(Date.parse(due) >= before - 1000 + HOUR * 1000, due);
});

test("another superseded key does not restart the first one's grace period", () => {
  const since = new Date(Date.now() - 60_000).toISOString();
  const pending = withFound(IN_FORCE.uuid, [OLD, NEXT], [{ ...OLD, since }]);
  assert.deepEqual(uuids(pending), ["old", "next"]);
  assert.equal(pending[0]?.since, since);
});

test("a key that is found is pending once, and never the one in force", () => {
  const listed = [NEXT, NEXT, IN_FORCE];
  assert.deepEqual(uuids(newlySuperseded(IN_FORCE.uuid, listed, [])), ["next"]);
  const pending = withFound(IN_FORCE.uuid, listed, []);
  assert.deepEqual(uuids(pending), ["next"]);
  assert.deepEqual(newlySuperseded(IN_FORCE.uuid, listed, pending), []);
});

test("the key in force is not pending, even where a refresh found it before the state knew it", () => {
  const since = "2026-01-01T00:00:00Z";
  const pending = withFound(IN_FORCE.uuid, [], [{ ...IN_FORCE, since }]);
  assert.deepEqual(retirement(pending, HOUR), { pending: [], due: "" });
});

test("a key is due from the second on in which its grace period ends", () => {
  const pending = [{ ...OLD, since: "2026-01-01T00:00:00Z" }];
  assert.deepEqual(dueKeys(pending, HOUR, new Date("2026-01-01T00:59:59Z")), []);
  assert.deepEqual(uuids(dueKeys(pending, HOUR, new Date("2026-01-01T01:00:00Z"))), ["old"]);
  assert.equal(retirement(pending, HOUR).due, "2026-01-01T01:00:00Z");
});
