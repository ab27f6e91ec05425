import "../prepare.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Engine } from "../engine/engine.ts";
import type { Ended } from "../engine/engine.ts";
import { Homelab } from "../homelab/homelab.ts";
import { program } from "../engine/program.ts";
import type { Change } from "../homelab/servers.ts";

// Objects that exist in Authentik without a state of ours: a first `up` takes no access away from them unless the settings accept it.

let lab: Homelab;

beforeEach(async () => {
  lab = await Homelab.start();
});
afterEach(async () => lab.stop());

async function up(engine: Engine, acceptRemoved: readonly string[] = [], change: Change = {}): Promise<Ended> {
  return engine.up(() => program(lab.settings({ ...change, authentik: { ...change["authentik"], acceptRemoved } })));
}

function account(username: string): Record<string, unknown> {
  const found = lab.authentikRows()["authentik_core.user"]?.find((user) => user["username"] === username);
  assert.ok(found);
  return found;
}

/** The account's groups in Authentik, by name. */
function groups(): readonly string[] {
  const rows = lab.authentikRows();
  const account = rows["authentik_core.user"]?.find(({ username }) => username === "zot-ci");
  const pks = account?.["groups"] as readonly unknown[];
  const all = rows["authentik_core.group"] ?? [];
  return all.filter(({ pk }) => pks.includes(pk)).map(({ name }) => name as string);
}

/** Somebody puts the account into every group. */
function putIntoAllGroups(): void {
  const rows = lab.authentikRows();
  const account = rows["authentik_core.user"]?.find(({ username }) => username === "zot-ci");
  assert.ok(account);
  account["groups"] = (rows["authentik_core.group"] ?? []).map(({ pk }) => pk);
}

test("`up` refuses before it changes anything in Authentik, destroy gets out, and the listed losses let it go on", async () => {
  assert.equal((await up(new Engine())).how, "done");
  putIntoAllGroups();
  const before = groups();
  assert.ok(before.length > 1);

  const engine = new Engine();
  const refused = await up(engine);
  assert.equal(refused.how, "failed");
  const said = refused.errors.join("\n");
  assert.match(said, /^The first update takes away access that Authentik \(http:\S+\) gives now\./m);
  const lines = [...said.matchAll(/^ +- "?(group .* of the account zot-ci)"?$/gm)].map(([, line = ""]) => line);
  assert.equal(lines.length, before.length - 1, said);
  assert.deepEqual(groups(), before);
  const { how, errors } = await engine.destroy();
  assert.equal(how, "done", errors.join());
  assert.deepEqual(groups(), before, "what was not taken over is not removed either");

  const accepted = await up(engine, lines);
  assert.equal(accepted.how, "done", accepted.errors.join());
  assert.equal(groups().length, 1);
  assert.deepEqual((await up(engine)).steps, [], "the setting is needed once");
  putIntoAllGroups();
  assert.equal((await up(engine)).how, "done");
});

const AKADMIN: Change = { ci: { user: "akadmin" } };
const REFUSED =
  /ci\.user: the account "akadmin" exists in Authentik and is of the type internal, not a service account\. .*Set ci\.user to a name that no account has/;

test("a person's account is never CI's, whatever is accepted: not at first, not later, and destroy leaves it", async () => {
  const before = structuredClone(account("akadmin"));
  const first = new Engine();
  const refused = await up(first, ["group authentik Admins of the account akadmin"], AKADMIN);
  assert.equal(refused.how, "failed");
  assert.match(refused.errors.join("\n"), REFUSED);
  assert.equal((await first.destroy()).how, "done");
  assert.deepEqual(account("akadmin"), before);

  const engine = new Engine();
  assert.equal((await up(engine)).how, "done");
  const rows = structuredClone(lab.authentikRows());
  const secrets = structuredClone(lab.held("own/one").secrets);
  const later = await up(engine, [], AKADMIN);
  assert.equal(later.how, "failed");
  assert.match(later.errors.join("\n"), REFUSED);
  assert.deepEqual(lab.authentikRows()["authentik_core.user"], rows["authentik_core.user"]);
  assert.deepEqual(lab.authentikRows()["authentik_core.group"], rows["authentik_core.group"]);
  assert.deepEqual(lab.held("own/one").secrets, secrets);
  assert.deepEqual((await up(engine)).steps, [], "the setting as it was is a way out");
  await up(engine, [], AKADMIN);
  const { how, errors } = await engine.destroy();
  assert.equal(how, "done", errors.join());
  assert.deepEqual(account("akadmin"), before);
});

test("the stack's own account stays its own after somebody made a person of it", async () => {
  const engine = new Engine();
  assert.equal((await up(engine)).how, "done");
  account("zot-ci")["type"] = "internal";
  const changed = await up(engine, [], { authentik: { machineFlow: "robots-login" } });
  assert.equal(changed.how, "done", changed.errors.join());
  const taking = await up(new Engine());
  assert.equal(taking.how, "done", taking.errors.join());
  assert.equal(account("zot-ci")["type"], "service_account");
});

test("CI's former account, back within its grace period, is ours: its old group needs no acceptance", async () => {
  const engine = new Engine();
  const upWith = async (change: Change): Promise<void> => {
    const settings = lab.settings(change);
    await lab.deployZot(settings);
    const { how, errors } = await engine.up(() => program(settings));
    assert.equal(how, "done", errors.join());
  };
  lab.dropKeys(() => true);
  await upWith({});
  await upWith({ ci: { user: "robot" } });
  assert.notEqual(lab.accountName("zot-ci"), undefined, "its grace period lasts");
  await upWith({ access: { ciGroup: "machines" } });
  assert.deepEqual(groups(), ["machines"]);
});

test("a blueprint that a killed run left in Authentik is drift, and the next update deletes it", async () => {
  const engine = new Engine();
  assert.equal((await up(engine)).how, "done");
  const { blueprints } = lab.authentik();
  const renamed = lab.settings({ authentik: { applicationName: "Images" } });
  const fault = { at: 1, when: "after", then: "cli" } as const;
  const killed = await engine.up(() => program(renamed), fault);
  assert.equal(killed.how, "killed");
  assert.match(killed.run.struck?.url.pathname ?? "", /\/managed\/blueprints\/$/);
  const [left, ...more] = lab.authentik().blueprints.filter((name) => !blueprints.includes(name));
  assert.ok(left !== undefined && more.length === 0);
  await engine.refresh();
  assert.equal((await up(engine)).how, "done");
  assert.deepEqual(lab.authentik().blueprints, blueprints);
});
