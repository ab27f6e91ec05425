import "../prepare.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { pass } from "../homelab/clock.ts";
import { Engine } from "../engine/engine.ts";
import type { Ended } from "../engine/engine.ts";
import { program } from "../engine/program.ts";
import { Homelab } from "../homelab/homelab.ts";
import type { Change } from "../homelab/servers.ts";
import type { Fault } from "../requests/gate.ts";

// 1Password's fields that a run wrote which was killed, and that the settings then no longer name: no state knows that they hold a key.

const FIRST = "zot-ci-api";
const SECOND = "second";

/** The account with its key in these fields. */
function fields(...names: readonly string[]): Change {
  const main = { user: "zot-ci", group: "artifact-workloads", push: ["own"], repositories: ["own/one"] };
  return {
    ci: {
      keyStore: undefined,
      imagePrefix: undefined,
      accounts: { ci: { ...main, keyStores: names.map((name) => `op://homelab/CI/${name}`) } },
    },
    forgejo: { repositories: undefined },
    acceptance: { repository: "proof" },
  };
}

let lab: Homelab;
let engine: Engine;

beforeEach(async () => {
  lab = await Homelab.start();
  engine = new Engine();
});
afterEach(async () => lab.stop());

async function run(change: Change, fault?: Fault): Promise<Ended> {
  const settings = lab.settings(change);
  await lab.deployZot(settings);
  return engine.up(() => program(settings), fault);
}

async function up(change: Change): Promise<Ended> {
  const ended = await run(change);
  assert.equal(ended.how, "done", ended.errors.join());
  return ended;
}

/** The same run, killed after the request that filled the field, before anything is recorded. */
async function killedOnceFilled(change: Change, filled: string): Promise<string> {
  const { state } = engine;
  for (let at = 1; at < 100; at += 1) {
    const { run: cut } = await run(change, { at, when: "after", then: "cli" });
    assert.notEqual(cut.struck, undefined, `${filled} was never filled`);
    const { [filled]: key = "" } = lab.stored();
    if (key === "") continue;
    assert.equal(cut.struck?.method, "PATCH", "killed while it was stored");
    assert.notDeepEqual(engine.state, state);
    return key;
  }
  throw new Error(`${filled} was never filled`);
}

test("a copy in a second field, killed, and the field then leaves the settings: the next up empties it", async () => {
  await up(fields(FIRST));
  const key = await killedOnceFilled(fields(FIRST, SECOND), SECOND);
  assert.ok(lab.accepts(key));
  await up(fields(FIRST));
  assert.deepEqual([lab.stored()[SECOND], lab.stored()[FIRST]], ["", key]);
});

test("a move to another field, killed, and set back: the field is emptied once its key is revoked", async () => {
  await up(fields(FIRST));
  const key = await killedOnceFilled(fields(SECOND), SECOND);
  await up(fields(FIRST));
  assert.ok(lab.accepts(key), "its grace period has begun");
  pass(3601);
  await up(fields(FIRST));
  assert.equal(lab.accepts(key), false);
  assert.equal(lab.stored()[SECOND], "");
  assert.ok(lab.accepts(lab.stored()[FIRST] ?? ""));
  assert.deepEqual((await up(fields(FIRST))).steps, []);
});

test("a move to another field, killed, and set back; then destroy: both fields are empty", async () => {
  await up(fields(FIRST));
  await killedOnceFilled(fields(SECOND), SECOND);
  await up(fields(FIRST));
  const { how, errors } = await engine.destroy();
  assert.equal(how, "done", errors.join());
  assert.deepEqual([lab.stored()[FIRST], lab.stored()[SECOND]], ["", ""]);
  assert.deepEqual(
    lab.keys().filter(({ label }) => label.startsWith("zot-auth/")),
    [],
  );
});

test("another name of the same field is not the former one: the key stays", async () => {
  await up(fields(FIRST, SECOND));
  const key = lab.stored()[FIRST] ?? "";
  assert.equal(lab.stored()[SECOND], key);
  await up(fields(FIRST, SECOND.toUpperCase()));
  assert.deepEqual([lab.stored()[FIRST], lab.stored()[SECOND]], [key, key]);
  await up(fields(FIRST));
  assert.equal(lab.stored()[SECOND], "");
});

test("what somebody else has stored in a former field stays, also another key that zot takes", async () => {
  await up(fields(FIRST));
  await killedOnceFilled(fields(SECOND), SECOND);
  const theirs = lab.addKey("by hand");
  lab.fillField(theirs, SECOND);
  await up(fields(FIRST));
  pass(3601);
  await up(fields(FIRST));
  assert.equal(lab.stored()[SECOND], theirs);
});
