import assert from "node:assert/strict";
import test from "node:test";
import { copiedSecret } from "../../../../systems/forgejo/resources/copiedSecret.ts";
import { secretCleanup } from "../../../../systems/forgejo/resources/secretCleanup.ts";
import type { SecretCleanupInputs, SecretCleanupState } from "../../../../systems/forgejo/resources/secretCleanup.ts";
import { Bench } from "../support/between.ts";

// What an interrupted run left behind without an entry in the state.

process.env["T_VALUE"] = "the-value";
const NAME = "FORGE_TOKEN";
const MARKER = `${NAME}_INFO`;

/** A create interrupted after a number of requests: the state has no entry for it. */
async function interrupted(bench: Bench, target: string, label: string, requests: number): Promise<void> {
  bench.requests = 0;
  bench.fate = ({ number }) => (number === requests ? { when: "after", then: "cut" } : undefined);
  const inputs = { ...bench.connection(), target, secretName: NAME, source: "env:T_VALUE" as const, label };
  await assert.rejects(copiedSecret.create(inputs, bench.context()));
  bench.fate = () => undefined;
}

const cleanup = (bench: Bench, ...targets: readonly string[]): SecretCleanupInputs => ({
  ...bench.connection(),
  secrets: targets.map((target) => ({ target, secretName: NAME, owner: `zot-auth/test/${NAME}` })),
});

for (const [target, where] of [
  ["own/app", "own/app"],
  ["org1", "org1"],
  ["user:own", "own"],
] as const) {
  test(`${target}: the cleanup deletes marker and secret of an interrupted create, others stay`, async (t) => {
    const bench = await Bench.start(t);
    const before = bench.held(where);
    const { state } = await secretCleanup.create(cleanup(bench, target), bench.context());
    assert.deepEqual(bench.held(where), before, "making it changes nothing");
    let left = 0;
    for (let requests = 1; requests <= 6; requests += 1) {
      await interrupted(bench, target, `zot-auth/test/${NAME}`, requests);
      if (MARKER in bench.held(where).variables) left += 1;
      await secretCleanup.delete?.(state, bench.context());
      assert.deepEqual(bench.held(where), before, `after ${requests} requests`);
    }
    assert.ok(left >= 2, `${left} of them left something`);
  });
}

test("another stack's secret stays, and a target that does not exist is passed over", async (t) => {
  const bench = await Bench.start(t);
  await interrupted(bench, "own/app", `zot-auth/other/${NAME}`, 6);
  const theirs = bench.held("own/app");
  assert.ok(MARKER in theirs.variables);
  const { state } = await secretCleanup.create(cleanup(bench, "own/app", "own/gone"), bench.context());
  await secretCleanup.delete?.(state, bench.context());
  assert.deepEqual(bench.held("own/app"), theirs);
});

test("a secret without a marker stays, since its owner is unknown, and is reported", async (t) => {
  const bench = await Bench.start(t);
  await interrupted(bench, "own/app", `zot-auth/test/${NAME}`, 6);
  await bench.ask("DELETE", `/repos/own/app/actions/variables/${MARKER}`);
  const { state } = await secretCleanup.create(cleanup(bench, "own/app"), bench.context());
  await secretCleanup.delete?.(state, bench.context());
  assert.equal(bench.held("own/app").secrets[NAME], "the-value");
  assert.match(
    bench.said.join(),
    /own\/app has a secret FORGE_TOKEN but no marker that shows who manages it, so it stays/,
  );
});

for (const [target, token, why] of [
  ["own/site", "T_BOB", /The user of the token of forgejo\.token \(env:T_BOB\) has insufficient permissions/],
  ["org1", "T_REPOSITORY", /it must have the scope write:organization/],
  ["user:own", "T_BOB", /belongs to the user bob, so it cannot write the secrets of user:own/],
] as const) {
  test(`${target}: destroy ends with a warning where the token has lost its rights`, async (t) => {
    const bench = await Bench.start(t);
    await interrupted(bench, target, `zot-auth/test/${NAME}`, 6);
    const inputs = { ...cleanup(bench, target), ...bench.connection(token) };
    const { state } = await secretCleanup.create(inputs, bench.context());
    await secretCleanup.delete?.(state, bench.context());
    const [said = "", ...more] = bench.said;
    assert.equal(more.length, 0);
    assert.ok(said.startsWith(`The secret ${NAME} of ${target} at ${bench.url} was not deleted: `), said);
    assert.match(said, why);
    assert.match(said, /Whoever runs workflows there can use it: delete it there/);
  });
}

test("what left the settings stays as it is in the state, until it comes back", async (t) => {
  const bench = await Bench.start(t);
  const { state } = await secretCleanup.create(cleanup(bench, "own/app", "org1"), bench.context());
  const left = await secretCleanup.update?.(state, cleanup(bench, "org1"), bench.context());
  assert.equal(left?.former?.length, 1);
  const former = (inputs: SecretCleanupInputs) => secretCleanup.foresees?.({ inputs, state: left }).former;
  assert.deepEqual(former(cleanup(bench, "org1")), left.former);
  assert.deepEqual(
    former(cleanup(bench))?.map(({ target, generation }) => ({ target, generation })),
    [
      { target: "own/app", generation: 2 },
      { target: "org1", generation: 3 },
    ],
  );
  assert.deepEqual(former(cleanup(bench, "org1", "own/app")), []);
});

test("a secret that is declared again, or otherwise than before, has the generation of that change; all others keep theirs", async (t) => {
  const bench = await Bench.start(t);
  const kept = { target: "own/app", secretName: "KEPT", owner: "zot-auth/test/KEPT", source: "env:T_VALUE" } as const;
  const key = { target: "own/app", secretName: "KEY", owner: "zot-auth/test", source: "op://v/i/f" } as const;
  let { state } = await secretCleanup.create({ ...bench.connection(), secrets: [kept, key] }, bench.context());
  const after = async (...secrets: SecretCleanupInputs["secrets"]): Promise<unknown> => {
    const inputs = { ...bench.connection(), secrets };
    assert.deepEqual(
      secretCleanup.foresees?.({ inputs, state }).generations,
      (await secretCleanup.update?.(state, inputs, bench.context()))?.generations,
      "a preview shows it",
    );
    state = (await secretCleanup.update?.(state, inputs, bench.context())) ?? state;
    return state.generations;
  };
  assert.deepEqual(state.generations, {});
  assert.deepEqual(await after(kept), {});
  assert.deepEqual(await after(kept, key), { "own/app KEY": 3 }, "it came back");
  const login = { user: "ci", registry: "https://r.example", prefix: "own" };
  assert.deepEqual(await after(kept, { ...key, login }), { "own/app KEY": 4 });
  assert.deepEqual(await after(kept, { ...key, login }), { "own/app KEY": 4 });
  assert.deepEqual(await after({ ...kept, source: "env:T_OTHER" }, { ...key, login }), {
    "own/app KEPT": 6,
    "own/app KEY": 4,
  });
  assert.deepEqual(
    await after({ ...kept, owner: "zot-auth/other" }, { ...key, login }),
    { "own/app KEPT": 7, "own/app KEY": 4 },
    "the names of two secrets are exchanged",
  );

  // As an earlier version has it.
  const { generations: _missing, ...earlier } = state;
  state = { ...earlier, generation: 1, secrets: [kept, key].map(({ source: _absent, ...secret }) => secret) };
  assert.deepEqual(secretCleanup.diff?.({ inputs: state, oldInputs: state, state, now: new Date() }).due, [
    "generations",
  ]);
  assert.deepEqual(await after(kept, { ...key, login }), {}, "nothing is written again");
});

test("targets that each have a row again are written again: the row of all may have been killed while it wrote", async (t) => {
  const bench = await Bench.start(t);
  const [secretName, owner, targets] = [NAME, `zot-auth/test/${NAME}`, ["own/app", "own/site", "org1"]];
  const each: SecretCleanupInputs = {
    ...bench.connection(),
    secrets: targets.slice(1).map((target) => ({ target, secretName, owner })),
  };
  const all: SecretCleanupInputs = { ...bench.connection(), secrets: [{ targets, secretName, owner }] };
  const after = async (state: SecretCleanupState, inputs: SecretCleanupInputs) => {
    const updated = await secretCleanup.update?.(state, inputs, bench.context());
    assert.ok(updated);
    return updated;
  };
  const together = await after((await secretCleanup.create(each, bench.context())).state, all);
  assert.deepEqual(together.generations, { [`own/app ${NAME}`]: 2 }, "the row of all writes all anyway");
  const apart = await after(together, each);
  const again = { [`own/site ${NAME}`]: 3, [`org1 ${NAME}`]: 3 };
  assert.deepEqual(apart.generations, again);
  // The row of all is in the state if it was not created anew.
  assert.deepEqual((await after(apart, all)).generations, { ...again, [`own/app ${NAME}`]: 4 });
});

test("a variable whose text changes is written again when it changes back", async (t) => {
  const bench = await Bench.start(t);
  const jobs = { target: "own/app", secretName: "JOBS", owner: "zot-auth/test/JOBS", isVariable: true } as const;
  const login = { user: "ci", registry: "https://r.example", prefix: "own" };
  const earlier = (await secretCleanup.create({ ...bench.connection(), secrets: [jobs] }, bench.context())).state;
  const changed = async (state: SecretCleanupState, prefix: string) =>
    secretCleanup.update?.(
      state,
      { ...bench.connection(), secrets: [{ ...jobs, login: { ...login, prefix } }] },
      bench.context(),
    );
  const first = await changed(earlier, "own");
  assert.deepEqual(first?.generations, {}, "an earlier version does not say what its text is");
  const second = await changed(first, "other");
  assert.deepEqual(second?.generations, { "own/app JOBS": 3 });
  assert.deepEqual((await changed(second, "own"))?.generations, { "own/app JOBS": 4 });
});

test("targets that are named together are the same as each on its own: a change of the form is no change", async (t) => {
  const bench = await Bench.start(t);
  const owner = `zot-auth/test/${NAME}`;
  const together = (...targets: readonly string[]): SecretCleanupInputs => ({
    ...bench.connection(),
    secrets: [{ targets, secretName: NAME, owner }],
  });
  const { state } = await secretCleanup.create(cleanup(bench, "own/app", "own/site"), bench.context());
  const next = await secretCleanup.update?.(state, together("own/app", "own/site"), bench.context());
  assert.ok(next);
  assert.deepEqual([next.former, next.generations], [[], {}]);
  const less = await secretCleanup.update?.(next, together("own/site", "org1"), bench.context());
  assert.ok(less);
  assert.deepEqual(
    less.former?.map(({ target }) => target),
    ["own/app"],
  );
  assert.deepEqual(less.generations, { [`org1 ${NAME}`]: 3 });
  for (const target of ["own/app", "own/site"]) await interrupted(bench, target, owner, 6);
  await secretCleanup.delete?.(less, bench.context());
  for (const target of ["own/app", "own/site"]) assert.equal(bench.held(target).secrets[NAME], undefined, target);
});
