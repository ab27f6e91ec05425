import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fingerprint } from "../../../../core/secrets/fingerprint.ts";
import { Unfinished } from "../../../../provider/resource.ts";
import { actionsSecret, actionsSecrets } from "../../../../systems/forgejo/resources/actionsSecret.ts";
import type { ActionsSecretsInputs, ActionsSecretsState } from "../../../../systems/forgejo/resources/actionsSecret.ts";
import { formerSecrets } from "../../../../systems/forgejo/resources/formerSecrets.ts";
import { Bench } from "../support/between.ts";

// Many recipients in one row, of which an `up` that changes all reaches only some: the others keep what they had, and the row knows it.

const KEY = "zak_0001-changed";
process.env["T_CHANGED"] = KEY;
const REPOSITORIES = ["one", "two", "three", "four"];
const ROWS = REPOSITORIES.map((name) => `own/${name}`);

const start = async (t: test.TestContext): Promise<Bench> =>
  Bench.start(t, { repositories: REPOSITORIES.map((name) => ({ owner: "own", name })) });

function inputs(bench: Bench, secretName: string, targets: readonly string[] = ROWS): ActionsSecretsInputs {
  return {
    ...bench.connection(),
    secretName,
    source: "env:T_CHANGED",
    fingerprint: fingerprint(KEY),
    label: "zot-auth/test/1",
    expires: "2026-04-01T00:00:00Z",
    recipients: Object.fromEntries(targets.map((target) => [target, 0])),
  };
}

/** What an update that fails keeps. */
async function failed(bench: Bench, from: ActionsSecretsState, to: ActionsSecretsInputs): Promise<ActionsSecretsState> {
  try {
    await actionsSecrets.update?.(from, to, bench.context());
  } catch (error) {
    assert.ok(error instanceof Unfinished, String(error));
    return error.state as ActionsSecretsState;
  }
  assert.fail("it did not fail");
}

test("after a new name that one of them could not get, a deletion takes back the old one there, and not what somebody else has under the new name", async (t) => {
  const bench = await start(t);
  const { state } = await actionsSecrets.create(inputs(bench, "OLD"), bench.context());
  await bench.ask("POST", "/repos/own/two/actions/variables/NEW_INFO", { value: "somebody's" });
  await bench.ask("PUT", "/repos/own/two/actions/secrets/NEW", { data: "somebody's" });
  const half = await failed(bench, state, inputs(bench, "NEW"));
  assert.deepEqual(Object.keys(half.failed), ["own/two"]);
  assert.deepEqual(half.former, { "own/two": { secretName: "OLD" } });
  // Once more, since a failure must not forget it.
  const still = await failed(bench, half, inputs(bench, "NEW"));
  assert.equal((await actionsSecrets.read?.(still, bench.context()))?.drift, "");
  await actionsSecrets.delete?.(still, bench.context());
  assert.deepEqual(bench.held("own/two").secrets, { NEW: "somebody's" });
  assert.deepEqual(bench.held("own/one").secrets["NEW"], undefined);
});

test("at another Forgejo, a repository that was missing there is no replacement of the one at the old address", async (t) => {
  const [bench, other] = [await start(t), await start(t)];
  const { state } = await actionsSecrets.create(inputs(bench, "KEY"), bench.context());
  await other.ask("DELETE", "/repos/own/three");
  const half = await failed(other, state, inputs(other, "KEY"));
  assert.deepEqual(half.former?.["own/three"], { forgejoUrl: bench.connection().forgejoUrl });
  await other.ask("POST", "/user/repos", { name: "three", private: true });
  const moved = await actionsSecrets.update?.(half, inputs(other, "KEY"), other.context());
  assert.ok(moved);
  assert.deepEqual([moved.failed, moved.former], [{}, {}]);
  assert.equal(other.held("own/three").secrets["KEY"], KEY);
});

test("a secret that could not be taken back is taken back by the next up, which writes nothing again", async (t) => {
  const bench = await start(t);
  const { state } = await actionsSecrets.create(inputs(bench, "OLD"), bench.context());
  const [one = "", two = ""] = ROWS;
  bench.fate = ({ method, path }) =>
    method === "DELETE" && path.includes(`${two}/actions/secrets/`) ? { when: "before", then: 400 } : undefined;
  const half = await failed(bench, state, inputs(bench, "NEW", [one]));
  assert.deepEqual(Object.keys(half.written).includes(two), true);
  const change = { inputs: inputs(bench, "NEW", [one]), oldInputs: half, state: half, now: new Date() };
  assert.deepEqual(actionsSecrets.diff?.(change), { due: ["written"] });

  let puts = 0;
  bench.fate = ({ method, path }) => {
    if (method === "PUT" && path.includes("/secrets/")) puts += 1;
    return undefined;
  };
  const done = await actionsSecrets.update?.(half, inputs(bench, "NEW", [one]), bench.context());
  assert.ok(done);
  assert.equal(puts, 0);
  assert.deepEqual(
    ROWS.filter((row) => "OLD" in bench.held(row).secrets),
    [one],
    "FormerSecrets deletes this one",
  );
  assert.deepEqual(Object.keys(done.written), [one]);
  assert.deepEqual(actionsSecrets.diff({ ...change, state: done }), { due: [] });
});

test("a preview says once that secrets of this stack are written again", async (t) => {
  const bench = await Bench.start(t, {
    repositories: Array.from({ length: 9 }, (_, index) => ({ owner: "own", name: `again-${index}` })),
  });
  const rows = Array.from({ length: 9 }, (_, index) => `own/again-${index}`);
  await actionsSecrets.create(inputs(bench, "KEY", rows), bench.context());
  bench.said.length = 0;
  await actionsSecrets.lookAhead?.look({ inputs: inputs(bench, "KEY", rows), state: undefined }, bench.context());
  assert.equal(bench.said.length, 2, bench.said.join("\n"));
  assert.match(bench.said[1] ?? "", /own\/again-\d, which is this stack's[^]* and 4 more$/);
});

test("what a row takes back while another account's row writes the same secret stays that one's", async (t) => {
  const bench = await start(t);
  const [target = ""] = ROWS;
  const { recipients: _all, ...shared } = inputs(bench, "KEY");
  const before = await actionsSecret.create({ ...shared, target }, bench.context());
  const context = bench.context();
  const next = { ...shared, target, label: "zot-auth/test/other/1" };
  // The deletion has looked whose it is, and is about to change it.
  let written: Promise<unknown> | undefined;
  bench.before = async ({ method }) => {
    if (method === "GET" || written !== undefined) return;
    written = actionsSecret.create(next, context);
    await Promise.race([written, delay(200)]);
  };
  await actionsSecret.delete?.(before.state, context);
  await written;
  assert.equal(bench.held(target).secrets["KEY"], KEY);
  assert.match(bench.held(target).variables["KEY_INFO"] ?? "", /^label=zot-auth\/test\/other\/1 /);
});

test("a repository that moves to another account keeps the secret until that one writes its own, or gives it up", async (t) => {
  const bench = await start(t);
  const [one = "", ...others] = ROWS;
  const owner = "zot-auth/test/other";
  const { state } = await actionsSecrets.create(inputs(bench, "KEY"), bench.context());
  const during = {
    ...bench.context(),
    type: "zot-auth:forgejo:ActionsSecrets",
    declared: (type: string) =>
      type === "zot-auth:forgejo:SecretCleanup"
        ? [{ ...bench.connection(), secrets: [{ targets: [one, "own/app"], secretName: "KEY", owner }] }]
        : [],
  };
  const left = await actionsSecrets.update?.(state, inputs(bench, "KEY", others), during);
  assert.deepEqual(Object.keys(left?.written ?? {}).sort(), others.toSorted());
  assert.equal(bench.held(one).secrets["KEY"], KEY);
  assert.match(bench.held(one).variables["KEY_INFO"] ?? "", /^label=zot-auth\/test\/other\/0 fingerprint=/);
  // FormerSecrets of the account that loses it comes later, and finds that it is not its own.
  const lost = { target: one, secretName: "KEY", owner: "zot-auth/test", generation: 2, ...bench.connection() };
  await formerSecrets.create({ ...bench.connection(), former: [lost] }, during);
  assert.equal(bench.held(one).secrets["KEY"], KEY);
  // The other account leaves the settings without having written it.
  await formerSecrets.create({ ...bench.connection(), former: [{ ...lost, owner }] }, bench.context());
  assert.deepEqual([bench.held(one).secrets, bench.held(one).variables], [{}, {}]);
});
