import assert from "node:assert/strict";
import test from "node:test";
import { fingerprint } from "../../../../core/secrets/fingerprint.ts";
import { Unfinished } from "../../../../provider/resource.ts";
import { actionsSecret, actionsSecrets } from "../../../../systems/forgejo/resources/actionsSecret.ts";
import type { ActionsSecretsInputs, ActionsSecretsState } from "../../../../systems/forgejo/resources/actionsSecret.ts";
import { Bench } from "../support/between.ts";

// Many recipients of the key in one row, against the lab's Forgejo.

const NAME = "ZOT_CI_API_KEY";
const KEYS = { T_MANY_1: "zak_0001-many", T_MANY_2: "zak_0002-many" } as const;
Object.assign(process.env, KEYS);
const ROWS = Array.from({ length: 60 }, (_, index) => `own/many-${index}`);

async function start(t: test.TestContext): Promise<Bench> {
  return Bench.start(t, { repositories: ROWS.map((row) => ({ owner: "own", name: row.slice("own/".length) })) });
}

function inputs(bench: Bench, targets: readonly string[], key: 1 | 2 = 1, generation = 0): ActionsSecretsInputs {
  const source = `T_MANY_${key}` as const;
  return {
    ...bench.connection(),
    secretName: NAME,
    source: `env:${source}`,
    fingerprint: fingerprint(KEYS[source]),
    label: `zot-auth/test/${key}`,
    expires: "2026-04-01T00:00:00Z",
    recipients: Object.fromEntries(targets.map((target) => [target, generation])),
  };
}

async function update(
  bench: Bench,
  state: ActionsSecretsState,
  to: ActionsSecretsInputs,
): Promise<ActionsSecretsState> {
  const updated = await actionsSecrets.update?.(state, to, bench.context());
  assert.ok(updated);
  return updated;
}

/** What an update that fails keeps, and its message. */
async function unfinished(
  run: Promise<unknown>,
): Promise<{ readonly state: ActionsSecretsState; readonly message: string }> {
  try {
    await run;
  } catch (error) {
    assert.ok(error instanceof Unfinished, String(error));
    return { state: error.state as ActionsSecretsState, message: error.message };
  }
  assert.fail("it did not fail");
}

const valueOf = (bench: Bench, target: string): string | undefined => bench.held(target).secrets[NAME];

/** Targets to which something is written from now on. */
function written(bench: Bench): Set<string> {
  const seen = new Set<string>();
  bench.fate = ({ method, path }) => {
    const target = /\/repos\/(own\/[^/]+)\/actions\/secrets\//.exec(path)?.[1];
    if (method === "PUT" && target !== undefined) seen.add(target);
    return undefined;
  };
  return seen;
}

test("all get it, few at a time; a new key goes to all, a new recipient gets it alone, one that leaves loses it", async (t) => {
  const bench = await start(t);
  const { state } = await actionsSecrets.create(inputs(bench, ROWS), bench.context());
  assert.ok(ROWS.every((row) => valueOf(bench, row) === KEYS.T_MANY_1));
  assert.ok(bench.most <= 12, `${bench.most} requests at a time`);
  assert.deepEqual(Object.keys(state.written).sort(), ROWS.toSorted());

  const rotated = await update(bench, state, inputs(bench, ROWS, 2));
  assert.ok(ROWS.every((row) => valueOf(bench, row) === KEYS.T_MANY_2));

  const seen = written(bench);
  const [first = "", ...others] = ROWS;
  const moved = await update(bench, rotated, inputs(bench, [...others, "own/app"], 2));
  assert.deepEqual([...seen], ["own/app"]);
  assert.equal(valueOf(bench, first), undefined);
  assert.equal(moved.written[first], undefined);

  seen.clear();
  const { recipients, ...rest } = inputs(bench, [...others, "own/app"], 2);
  await update(bench, moved, { ...rest, recipients: { ...recipients, "own/many-7": 3 } });
  assert.deepEqual([...seen], ["own/many-7"], "another generation of SecretCleanup");
});

test("a recipient that fails does not keep the others from it, and is the only one that the next up writes", async (t) => {
  const bench = await start(t);
  const { state, message } = await unfinished(
    actionsSecrets.create(inputs(bench, [...ROWS, "own/gone", "own/away"]), bench.context()),
  );
  assert.match(message, /^2 of 62 recipients do not have the secret ZOT_CI_API_KEY as declared; the others do\. /);
  assert.match(message, /"own\/gone" does not exist[^]*"own\/away" does not exist/);
  assert.deepEqual(Object.keys(state.failed), ["own/gone", "own/away"]);
  const change = { inputs: inputs(bench, ROWS), oldInputs: state, state, now: new Date() };
  assert.deepEqual(actionsSecrets.diff?.(change), { due: ["failed"] });

  const seen = written(bench);
  await bench.ask("POST", "/user/repos", { name: "gone", private: true });
  const again = await unfinished(
    actionsSecrets.update?.(state, inputs(bench, [...ROWS, "own/gone", "own/away"]), bench.context()) ??
      Promise.resolve(),
  );
  assert.deepEqual([...seen], ["own/gone"]);
  const last = await update(bench, again.state, inputs(bench, [...ROWS, "own/gone"]));
  assert.deepEqual(last.failed, {});
  assert.deepEqual([...seen], ["own/gone"]);
});

test("what would fail for all is tried with a few, and not with a thousand", async (t) => {
  const bench = await start(t);
  const wrong = { ...inputs(bench, ROWS), fingerprint: "0123456789abcdef" };
  const { state, message } = await unfinished(actionsSecrets.create(wrong, bench.context()));
  assert.match(message, /^60 of 60 .* env:T_MANY_1 holds a different key/);
  assert.equal(Object.keys(state.failed).length, 60);
  assert.ok(bench.requests <= 24, `${bench.requests} requests`);
});

test("a refresh names what differs, and the next up writes that alone", async (t) => {
  const bench = await start(t);
  const { state } = await actionsSecrets.create(inputs(bench, ROWS), bench.context());
  const gone = ROWS.slice(10, 17);
  for (const row of gone) await bench.ask("DELETE", `/repos/${row}/actions/secrets/${NAME}`);
  const seen = await actionsSecrets.read?.(state, bench.context());
  assert.ok(seen);
  assert.match(seen.drift, /^(?:own\/many-1\d has no secret ZOT_CI_API_KEY; ){5}and 2 more$/);
  assert.deepEqual(Object.keys(seen.drifted).sort(), gone.toSorted());
  const puts = written(bench);
  const repaired = await update(bench, seen, inputs(bench, ROWS));
  assert.deepEqual([...puts].sort(), gone.toSorted());
  assert.equal((await actionsSecrets.read?.(repaired, bench.context()))?.drift, "");
});

test("a repository in the place of another one gets the secret only after a refresh has shown it", async (t) => {
  const bench = await start(t);
  const { state } = await actionsSecrets.create(inputs(bench, ROWS), bench.context());
  await bench.ask("DELETE", "/repos/own/many-3");
  await bench.ask("POST", "/user/repos", { name: "many-3", private: true });
  const { state: failed } = await unfinished(
    actionsSecrets.update?.(state, inputs(bench, ROWS, 2), bench.context()) ?? Promise.resolve(),
  );
  assert.deepEqual(Object.keys(failed.failed), ["own/many-3"]);
  // That an up has failed because of it is no consent.
  const still = await unfinished(
    actionsSecrets.update?.(failed, inputs(bench, ROWS, 2), bench.context()) ?? Promise.resolve(),
  );
  assert.equal(valueOf(bench, "own/many-3"), undefined);
  const seen = await actionsSecrets.read?.(still.state, bench.context());
  assert.ok(seen);
  await update(bench, seen, inputs(bench, ROWS, 2));
  assert.equal(valueOf(bench, "own/many-3"), KEYS.T_MANY_2);
});

test("a preview names who gets the secret and who loses it, and warns of one that exists", async (t) => {
  const bench = await start(t);
  await bench.ask("PUT", `/repos/own/many-1/actions/secrets/${NAME}`, { data: "somebody's" });
  await actionsSecrets.lookAhead?.look({ inputs: inputs(bench, ROWS), state: undefined }, bench.context());
  assert.ok(bench.said.some((text) => text.includes(`to 60: ${ROWS.join(", ")}.`)));
  assert.equal(bench.said.filter((text) => text.includes("overwrites the existing secret")).length, 1);
  const { state } = await actionsSecrets.create(inputs(bench, ROWS), bench.context());
  bench.said.length = 0;
  bench.requests = 0;
  const [first = "", ...others] = ROWS;
  await actionsSecrets.lookAhead?.look({ inputs: inputs(bench, others), state }, bench.context());
  assert.match(bench.said.join(), new RegExp(`takes the secret ${NAME} from 1: ${first}\\.$`));
  assert.equal(bench.requests, 0);
});

test("one recipient more or less than the limit: neither kind of row deletes what the other has written", async (t) => {
  const bench = await start(t);
  const { state: many } = await actionsSecrets.create(inputs(bench, ROWS), bench.context());
  const { recipients: _all, ...shared } = inputs(bench, []);
  const one = { ...shared, target: "own/many-0" };
  const { state: alone } = await actionsSecret.create(one, bench.context());
  const during = (type: string, of: string, declared: object) => ({
    ...bench.context(),
    type: `zot-auth:forgejo:${type}`,
    declared: (asked: string) => (asked === `zot-auth:forgejo:${of}` ? [{ ...declared }] : []),
  });

  await actionsSecret.delete?.(alone, during("ActionsSecret", "ActionsSecrets", inputs(bench, ROWS)));
  assert.equal(valueOf(bench, "own/many-0"), KEYS.T_MANY_1);
  await actionsSecrets.delete?.(many, during("ActionsSecrets", "ActionsSecret", one));
  assert.equal(valueOf(bench, "own/many-0"), KEYS.T_MANY_1);
  assert.equal(valueOf(bench, "own/many-1"), undefined, "no row has this one");
  // Nobody declares anything on destroy.
  await actionsSecrets.delete?.(many, { ...bench.context(), type: "zot-auth:forgejo:ActionsSecrets" });
  assert.equal(valueOf(bench, "own/many-0"), undefined);
});
