import "../prepare.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { pass } from "../homelab/clock.ts";
import { Engine } from "../engine/engine.ts";
import type { Ended } from "../engine/engine.ts";
import { Homelab } from "../homelab/homelab.ts";
import { program } from "../engine/program.ts";
import type { Fault } from "../requests/gate.ts";
import { OTHERS } from "../homelab/servers.ts";
import { MARKER, SECRET } from "../stories/invariants.ts";

// `pulumi stack rename`: the labels of our keys, and the owner in the secrets' markers, have the stack's name.

let lab: Homelab;
let engine: Engine;

beforeEach(async () => {
  lab = await Homelab.start();
  engine = new Engine();
});
afterEach(async () => lab.stop());

async function up(stack: string, settings: object = {}, fault?: Fault): Promise<Ended> {
  return engine.up(() => program(lab.settings({ ci: settings }), `zot-auth/${stack}`), fault);
}
async function done(ended: Promise<Ended>): Promise<Ended> {
  const { how, errors } = await ended;
  assert.equal(how, "done", errors.join());
  return ended;
}

const labels = (): readonly string[] =>
  lab
    .keys()
    .map(({ label }) => label)
    .sort();

for (const unmanagedKeys of ["report", "revoke"]) {
  test(`the key made before keeps its grace period and is then revoked (unmanagedKeys: ${unmanagedKeys})`, async () => {
    await done(up("first"));
    lab.dropKeys(({ label }) => label === "by hand");
    const old = lab.held("own/one").secrets[SECRET] ?? "";
    engine.watch = () => assert.ok(lab.accepts(lab.held("own/one").secrets[SECRET] ?? ""));
    engine.said.length = 0;
    await done(up("second", { unmanagedKeys }));
    assert.deepEqual(labels(), ["zot-auth/first/1", "zot-auth/second/2"]);
    assert.match(lab.held("own/one").variables[MARKER] ?? "", /^label=zot-auth\/second\/2 /);
    await done(up("second", { unmanagedKeys }));
    await done(engine.refresh());
    assert.ok(lab.accepts(old), "for jobs that started with it");
    assert.doesNotMatch(engine.said.join("\n"), /unmanaged key: "zot-auth/);
    pass(3600);
    await done(up("second", { unmanagedKeys }));
    assert.deepEqual(labels(), ["zot-auth/second/2"]);
    assert.deepEqual((await done(up("second", { unmanagedKeys }))).steps, []);
  });
}

test("a destroy within the grace period leaves no key, secret or marker", async () => {
  await done(up("first"));
  await done(up("second"));
  await done(engine.destroy());
  assert.deepEqual(labels(), ["by hand"]);
  assert.deepEqual(lab.held("own/two"), { secrets: OTHERS, variables: OTHERS });
});

test("renamed again after a run that was killed, and back: every key of every name is found", async () => {
  await done(up("first"));
  const killed = await up("second", {}, { at: 1, when: "before", then: "cli" });
  assert.equal(killed.how, "killed");
  // As if it had been killed later: no state knows of this key.
  lab.addKey("zot-auth/second/7");
  await done(engine.refresh());
  await done(up("third"));
  pass(3600);
  await done(up("third"));
  assert.deepEqual(labels(), ["by hand", "zot-auth/third/8"]);
  await done(up("first"));
  pass(3600);
  await done(up("first"));
  assert.deepEqual(labels(), ["by hand", "zot-auth/first/9"]);
  await done(engine.destroy());
  assert.deepEqual(labels(), ["by hand"]);
});

/** Where the key is created, stored, announced and written. */
const STEPS = [/\/auth\/apikey$/, /^\/v1\/vaults\//, /\/variables\//, /\/actions\/secrets\//];

test("renamed, killed where the new key is created, stored, announced and written: CI always has a key, and one of the new name is left", async () => {
  const now = { gracePeriod: "0 seconds" };
  await done(up("first", now));
  const { changes } = (await done(up("second", now))).run;
  const kills = STEPS.map((step) => changes.findIndex(({ url }) => step.test(url.pathname)) + 1);
  for (const [order, at] of kills.entries()) {
    await done(engine.destroy());
    assert.deepEqual(labels(), ["by hand"], String(at));
    await done(up("first", now));
    engine.watch = () => assert.ok(lab.accepts(lab.held("own/one").secrets[SECRET] ?? ""));
    const killed = await up("second", now, { at, when: order % 2 === 0 ? "after" : "before", then: "cli" });
    assert.equal(killed.how, "killed");
    await done(engine.refresh());
    await done(up("second", now));
    engine.watch = () => undefined;
    assert.match(labels().join(), /^by hand,zot-auth\/second\/\d+$/, String(at));
    assert.deepEqual((await done(up("second", now))).steps, []);
  }
});
