import "../prepare.ts";
import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { pass } from "../homelab/clock.ts";
import type { FormerAccount } from "../../../systems/zot/keys/former/formerAccounts.ts";
import { Engine } from "../engine/engine.ts";
import type { Ended, Kept } from "../engine/engine.ts";
import { Homelab } from "../homelab/homelab.ts";
import type { Change } from "../homelab/servers.ts";
import { program } from "../engine/program.ts";

// An account that ci.user named long ago: somebody else may have created an account of that name since, and no clean-up may touch that one.

const HOUR = 3600;
const DAY = 24 * HOUR;
const SOMEBODY = "Zoe T. from accounting";
const USER = { ci: { user: "robot" } };

let lab: Homelab;
let engine: Engine;

beforeEach(async () => {
  lab = await Homelab.start();
  engine = new Engine();
  lab.dropKeys(() => true);
});
afterEach(async () => lab.stop());

async function done(ended: Promise<Ended>): Promise<Ended> {
  const { how, errors } = await ended;
  assert.equal(how, "done", errors.join());
  return ended;
}

async function up(change: Change = {}): Promise<Ended> {
  const settings = lab.settings(change);
  await lab.deployZot(settings);
  engine.said.length = 0;
  return done(engine.up(() => program(settings)));
}

async function destroy(): Promise<Ended> {
  engine.said.length = 0;
  return done(engine.destroy());
}

/** The former accounts in the state. */
const former = (): readonly FormerAccount[] =>
  engine.state.flatMap(({ outputs: { formerAccounts } }) => (formerAccounts ?? []) as unknown as FormerAccount[]);

/** The blueprints that a run had Authentik apply. */
const applied = ({ run }: Ended): number => run.changes.filter(({ url }) => url.pathname.endsWith("/apply/")).length;

/** A stack whose first account was retired, and an account of that name that somebody has created since. */
async function taken(): Promise<void> {
  await up();
  await up(USER);
  pass(HOUR);
  await up(USER);
  assert.equal(lab.accountName("zot-ci"), undefined, "retired");
  lab.createAccount("zot-ci", SOMEBODY);
}

function assertLeftAlone(): void {
  assert.equal(lab.accountName("zot-ci"), SOMEBODY);
  assert.match(
    engine.said.join("\n"),
    /The account zot-ci in Authentik has the name "Zoe T\. from accounting", .* stays unchanged\..* are valid until 20/,
  );
}

test("somebody's account with the name of a retired one survives a revocation and a destroy, which name it", async () => {
  await taken();
  await up({ ci: { ...USER.ci, revocationTrigger: "leaked" } });
  assertLeftAlone();
  await destroy();
  assertLeftAlone();
  assert.equal(lab.accountName("robot"), undefined);
});

test("another address of the registry does not retire the account again", async () => {
  await taken();
  const settings = lab.settings(USER);
  const moved = {
    ...settings,
    registry: { ...settings.registry, url: settings.registry.url.replace("127.0.0.1", "localhost") },
  };
  await lab.deployZot(moved);
  await lab.restartZot(join(lab.folder, "config.json"));
  const again = async (): Promise<Ended> => done(engine.up(() => program(moved)));
  await again();
  pass(HOUR);
  await again();
  assert.equal(lab.accountName("zot-ci"), SOMEBODY);
  assert.doesNotMatch(engine.said.join("\n"), /is not treated as this program's/, "nothing had to look at it");
  assert.deepEqual((await again()).steps, []);
});

test("once the keys of a retired account have expired, it is forgotten", async () => {
  await up();
  await up(USER);
  pass(HOUR);
  await up(USER);
  const soon = engine.state;
  pass(91 * DAY);
  await up({ ci: { user: "third" } });
  assert.deepEqual(
    former().map(({ username }) => username),
    ["robot"],
  );
  pass(HOUR);
  await up({ ci: { user: "third" } });
  engine.state = soon;
  assert.equal(applied(await destroy()), 3, "a destroy does not create it again to see whether it has keys");
});

test("the state of an earlier version, which has no dates: an account that still exists is removed with its keys, one that is gone leaves nothing", async () => {
  await up();
  await up(USER);
  engine.state = engine.state.map(withoutDates);
  await up(USER);
  assert.ok(former().every(({ expires }) => expires !== undefined));
  await destroy();
  assert.deepEqual([lab.accountName("zot-ci"), lab.accountName("robot")], [undefined, undefined]);
  assert.deepEqual(lab.allKeys(), []);
});

function withoutDates(kept: Kept): Kept {
  const isNew = (key: string): boolean => key === "expires" || (key === "lifetime" && kept.type.endsWith("KeyCleanup"));
  const without = (accounts: readonly object[]): readonly object[] =>
    accounts.map((account) => Object.fromEntries(Object.entries(account).filter(([key]) => !isNew(key))));
  const lists = ["formerAccounts", "accounts", "retiring"];
  const plain = JSON.stringify(kept, (key, value: unknown) => {
    if (lists.includes(key)) return without(value as readonly object[]);
    return key === "lifetime" && isNew(key) ? undefined : value;
  });
  return JSON.parse(plain) as Kept;
}

test("an account deleted by hand during the grace period: its keys are revoked nevertheless", async () => {
  await up();
  await up(USER);
  lab.dropAccount("zot-ci");
  await up({ ci: { ...USER.ci, revocationTrigger: "leaked" } });
  assert.deepEqual(
    lab.allKeys().map(({ user }) => user),
    ["robot"],
  );
  assert.equal(lab.accountName("zot-ci"), undefined);
});

test("the current account: one that was created by hand is adopted and goes with the stack; one that replaced ours stays", async () => {
  lab.dropAccount("zot-ci");
  lab.createAccount("zot-ci", SOMEBODY);
  await up();
  await destroy();
  assert.equal(lab.accountName("zot-ci"), undefined);
  await up();
  lab.dropAccount("zot-ci");
  lab.createAccount("zot-ci", SOMEBODY);
  await destroy();
  assertLeftAlone();
});
