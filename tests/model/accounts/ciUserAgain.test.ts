import "../prepare.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { zotAuth } from "../../../provider/definition.ts";
import { generationOf } from "../../../systems/zot/keys/rotation.ts";
import { Engine } from "../engine/engine.ts";
import type { Ended } from "../engine/engine.ts";
import { OWNER, program } from "../engine/program.ts";
import { ZotDeployment } from "../engine/zotDeployment.ts";
import { Homelab } from "../homelab/homelab.ts";
import type { Fault } from "../requests/gate.ts";

// A run that changes ci.user is interrupted after Authentik has created the new account: it is killed at a request, or zot rejects its config. Then the user
// changes it back, changes it again, or destroys the stack. No account with an app password is left, and no key.

const USERS = ["zot-ci", "robot", "third"] as const;
type User = (typeof USERS)[number];

let lab: Homelab;
let engine: Engine;
let zot: ZotDeployment;
let others: readonly string[] = [];

beforeEach(async () => {
  lab = await Homelab.start();
  zot = new ZotDeployment();
  engine = new Engine([zotAuth, zot.definition]);
  lab.dropKeys(() => true);
  lab.dropAccount("zot-ci");
  others = lab.authentik().users;
});
afterEach(async () => lab.stop());

async function up(user: User, fault?: Fault): Promise<Ended> {
  const settings = lab.settings({ ci: { user, gracePeriod: "0 seconds" } });
  return engine.up(() => program(settings, OWNER, undefined, zot.deploying(user)), fault);
}

async function done(ended: Promise<Ended>): Promise<void> {
  const { how, errors } = await ended;
  assert.equal(how, "done", errors.join());
}

/** What there is of each account: itself and its app password in Authentik, and its keys of ours in zot. */
function left(): Readonly<Record<string, readonly string[]>> {
  const { users, tokens } = lab.authentik();
  const keys = lab.allKeys().filter(({ label }) => generationOf(OWNER, label) !== undefined);
  const of = (user: User): readonly string[] => [
    ...(users.includes(user) ? ["account"] : []),
    ...(tokens.includes(`${user}-app-password`) ? ["app password"] : []),
    ...keys.flatMap((key) => (key.user === user ? ["key"] : [])),
  ];
  return Object.fromEntries(USERS.map((user) => [user, of(user)] as const).filter(([, all]) => all.length > 0));
}

async function settles(user: User): Promise<void> {
  await done(up(user));
  assert.deepEqual(left(), { [user]: ["account", "app password", "key"] });
  assert.deepEqual((await up(user)).steps, []);
}

async function nothingIsLeft(): Promise<void> {
  await done(engine.destroy());
  assert.deepEqual(left(), {});
  assert.deepEqual(lab.authentik().users, others, "accounts of others are as they were");
  assert.deepEqual(engine.state, []);
}

/** Where 1Password gets the new account's key. From then on, ciUser.test.ts kills the run. */
const STORES = /^\/v1\/vaults\//;
/** Requests that change nothing in the account's life: they prove its key. */
const PROVES = /^\/v2\//;

const THEN: Readonly<Record<string, () => Promise<void>>> = {
  "changed back": async () => settles("zot-ci"),
  "changed on": async () => settles("third"),
  destroyed: async () => Promise.resolve(),
};

for (const [then, act] of Object.entries(THEN)) {
  test(`zot does not take its config, then ${then}`, async () => {
    await done(up("zot-ci"));
    zot.fails = true;
    assert.equal((await up("robot")).how, "failed");
    zot.fails = false;
    assert.deepEqual(left(), { "zot-ci": ["account", "app password", "key"], robot: ["account", "app password"] });
    await act();
    await nothingIsLeft();
  });

  test(`killed at each request until 1Password has the new key, then ${then}`, async () => {
    await done(up("zot-ci"));
    const { changes } = (await up("robot")).run;
    const until = changes.findIndex(({ url }) => STORES.test(url.pathname)) + 1;
    const kills = changes.slice(0, until).flatMap(({ url }, at) => (PROVES.test(url.pathname) ? [] : [at + 1]));
    assert.equal(kills.length, 6);
    for (const at of kills) {
      await nothingIsLeft();
      await done(up("zot-ci"));
      const when = at % 2 === 0 ? "before" : "after";
      const killed = await up("robot", { at, when, then: at % 3 === 0 ? "provider" : "cli" });
      assert.equal(killed.how, "killed");
      await lab.settled();
      if (then !== "destroyed") await done(engine.refresh());
      await act();
    }
    await nothingIsLeft();
  });
}

test("a first run that is killed once Authentik has the account, then another ci.user", async () => {
  for (let at = 1; at <= 3; at += 1) {
    await up("zot-ci", { at, when: "after", then: "cli" });
    await lab.settled();
    await done(engine.refresh());
    await settles("robot");
    await nothingIsLeft();
  }
});
