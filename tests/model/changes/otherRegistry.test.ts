import "../prepare.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { zotAuth } from "../../../provider/definition.ts";
import { generationOf } from "../../../systems/zot/keys/rotation.ts";
import { freePort } from "../../support/freePorts.ts";
import { pass } from "../homelab/clock.ts";
import { Engine } from "../engine/engine.ts";
import type { Ended } from "../engine/engine.ts";
import { OWNER, program } from "../engine/program.ts";
import { ZotDeployment } from "../engine/zotDeployment.ts";
import { Homelab } from "../homelab/homelab.ts";
import type { AnotherZot } from "../homelab/homelab.ts";
import type { Change } from "../homelab/servers.ts";
import type { KeyOfUser } from "../homelab/zotKeys.ts";
import type { Fault } from "../requests/gate.ts";

// registry.url changes to another zot while a former account still has keys at the old one, or in a run that fails before it creates a new key. Nobody can sign
// in to the old zot any more: Authentik redirects to the new one.

const USER = { ci: { user: "robot" } };

let lab: Homelab;
let engine: Engine;
let zot: ZotDeployment;
let other: AnotherZot;
let MOVED: Change;

beforeEach(async () => {
  lab = await Homelab.start();
  zot = new ZotDeployment();
  engine = new Engine([zotAuth, zot.definition]);
  lab.dropKeys(() => true);
  const port = await freePort();
  MOVED = { registry: { url: `http://127.0.0.1:${port}`, port } };
  other = await lab.startAnotherZot(lab.settings(MOVED));
});
afterEach(async () => {
  await other.stop();
  await lab.stop();
});

async function run(change: Change = {}, fault?: Fault): Promise<Ended> {
  const settings = lab.settings(change);
  const config = `${settings.registry.url} ${settings.authentik.clientId}`;
  engine.said.length = 0;
  return engine.up(() => program(settings, OWNER, undefined, zot.deploying(config)), fault);
}

async function done(ended: Promise<Ended>): Promise<Ended> {
  const { how, errors } = await ended;
  assert.equal(how, "done", errors.join());
  return ended;
}

async function up(change?: Change): Promise<Ended> {
  return done(run(change));
}

async function destroy(): Promise<void> {
  engine.said.length = 0;
  await done(engine.destroy());
  assert.deepEqual(engine.state, []);
  assert.deepEqual(
    lab.authentik().users.filter((name) => name === "zot-ci" || name === "robot"),
    [],
  );
}

/** The accounts of the keys that are ours. */
function owners(keys: readonly KeyOfUser[]): readonly string[] {
  return keys.flatMap(({ user, label }) => (generationOf(OWNER, label) === undefined ? [] : [user])).sort();
}

const said = (): string => engine.said.join("\n");
const STAYS =
  /Keys that this program created for zot-ci at http:\S+ were not revoked: the account can no longer sign in there\. They are valid until 20\S+Z\./;

test("the keys of an account in its grace period are named when it is retired", async () => {
  await up();
  await up(USER);
  await up({ ...USER, ...MOVED });
  assert.deepEqual([owners(lab.allKeys()), owners(other.keys())], [["zot-ci"], ["robot"]]);
  pass(3600);
  await up({ ...USER, ...MOVED });
  assert.match(said(), STAYS);
  assert.equal(lab.accountName("zot-ci"), undefined);
  await up({ ...USER, ...MOVED });
  await destroy();
  assert.doesNotMatch(said(), STAYS, "once");
});

test("they are named by a destroy", async () => {
  await up();
  await up(USER);
  await up({ ...USER, ...MOVED });
  await destroy();
  assert.match(said(), STAYS);
});

test("if the account changes with the registry, its key at the old one is still at hand, and nothing stays", async () => {
  await up();
  await up({ ...USER, ...MOVED });
  assert.deepEqual([owners(lab.allKeys()), owners(other.keys())], [[], ["robot"]]);
  pass(3600);
  await up({ ...USER, ...MOVED });
  assert.doesNotMatch(said(), STAYS);
});

for (const [where, fail] of [
  ["1Password", (fails: boolean) => lab.letWrite(!fails)],
  ["zot", (fails: boolean) => (zot.fails = fails)],
] as const) {
  test(`the run fails at ${where}, before the new key is there, and then a destroy: the old key is revoked with itself, and keys that no state knows with it`, async () => {
    await up();
    lab.addKey(`${OWNER}/7`);
    fail(true);
    assert.equal((await run(MOVED)).how, "failed");
    fail(false);
    await destroy();
    assert.deepEqual([owners(lab.allKeys()), owners(other.keys())], [[], []]);
    assert.doesNotMatch(said(), /not revoked|Whether/);
  });

  test(`the same, and 1Password no longer holds the old key: a warning says until when it is valid`, async () => {
    await up();
    fail(true);
    assert.equal((await run(MOVED)).how, "failed");
    fail(false);
    lab.fillField("something else");
    await destroy();
    assert.deepEqual(owners(lab.allKeys()), ["zot-ci"]);
    assert.match(
      said(),
      /The key "zot-auth\/model\/1" of http:\S+ was not revoked and expires on 20\S+Z: 1Password no longer holds the key/,
    );
  });
}

test("a new client ID that reached Authentik and not zot, and then a destroy: the key is revoked with itself", async () => {
  const client: Change = { authentik: { clientId: "registry" } };
  await up();
  lab.addKey(`${OWNER}/7`);
  zot.fails = true;
  assert.equal((await run(client)).how, "failed");
  zot.fails = false;
  await destroy();
  assert.deepEqual(owners(lab.allKeys()), []);
  assert.doesNotMatch(said(), /not revoked/);
});

test("a run that failed there, and then back to the old registry: the key is the same", async () => {
  await up();
  zot.fails = true;
  assert.equal((await run(MOVED)).how, "failed");
  zot.fails = false;
  await up();
  assert.deepEqual([owners(lab.allKeys()), owners(other.keys())], [["zot-ci"], []]);
  assert.deepEqual((await up()).steps, []);
  await destroy();
  assert.deepEqual(owners(lab.allKeys()), []);
});

test("the same, and that run fails once Authentik has the old address, and then a destroy: the key is revoked where its account can sign in", async () => {
  await up();
  lab.addKey(`${OWNER}/7`);
  lab.letWrite(false);
  assert.equal((await run(MOVED)).how, "failed");
  lab.letWrite(true);
  zot.fails = true;
  assert.equal((await run()).how, "failed");
  zot.fails = false;
  await destroy();
  assert.deepEqual([owners(lab.allKeys()), owners(other.keys())], [[], []]);
  assert.equal(lab.stored()["zot-ci-api"], "");
});

/** Requests that prove something, or open or end a session. */
const PASSING = /^\/v2\/|\/logout$|\/executor\/|\/token\/$/;

test("registry address and 1Password field, killed at every second request, then recover, then destroy: no key stays at either registry or in either field", async () => {
  const both: Change = { ...MOVED, ci: { keyStore: "op://homelab/CI/another-field" } };
  await up();
  const { changes } = (await up(both)).run;
  const kills = changes.flatMap(({ url }, index) => (PASSING.test(url.pathname) ? [] : [index + 1]));
  assert.ok(kills.length > 10, String(kills));
  for (const at of kills.filter((_at, order) => order % 2 === 0)) {
    await destroy();
    await up();
    const when = at % 2 === 0 ? "before" : "after";
    await run(both, { at, when, then: at % 3 === 0 ? "provider" : "cli" });
    await lab.settled();
    engine.said.length = 0;
    await done(engine.refresh());
    const { how, errors } = await run(both);
    assert.equal(how, "done", `killed ${when} ${at}: ${errors.join()}`);
    const { "zot-ci-api": old = "", "another-field": present = "" } = lab.stored();
    assert.deepEqual([old, present.slice(0, 4)], ["", "zak_"], `killed ${when} ${at}`);
    assert.deepEqual(
      [owners(lab.allKeys()), new Set(owners(other.keys()))],
      [[], new Set(["zot-ci"])],
      `killed ${when} ${at}`,
    );
  }
  await destroy();
  assert.deepEqual([owners(lab.allKeys()), owners(other.keys()), lab.stored()["another-field"]], [[], [], ""]);
});

test("registry address and 1Password field, killed once the new field is filled, and set back: the keys there are revoked, and the field is empty", async () => {
  const both: Change = { ...MOVED, ci: { keyStore: "op://homelab/CI/another-field" } };
  await up();
  // Each run before leaves a key there, too.
  for (let at = 5; (lab.stored()["another-field"] ?? "") === "" && at < 40; at += 1)
    await run(both, { at, when: "after", then: "cli" });
  assert.match(lab.stored()["another-field"] ?? "", /^zak_/);
  assert.ok(other.keys().length > 1);
  await up();
  assert.deepEqual(owners(other.keys()), []);
  assert.ok(lab.accepts(lab.stored()["zot-ci-api"] ?? ""), "also if the killed run had emptied it");
  pass(3601);
  await up();
  assert.deepEqual([owners(lab.allKeys()), owners(other.keys())], [["zot-ci"], []]);
  assert.equal(lab.stored()["another-field"], "");
  assert.deepEqual((await up()).steps, []);
});
