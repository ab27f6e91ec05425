import "./prepare.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Engine } from "./engine/engine.ts";
import type { Ended } from "./engine/engine.ts";
import { Homelab } from "./homelab/homelab.ts";
import { program } from "./engine/program.ts";

// Objects that exist in Authentik without a state of ours: a first `up` takes no access away from them unless the settings accept it.

let lab: Homelab;

beforeEach(async () => {
  lab = await Homelab.start();
});
afterEach(async () => lab.stop());

async function up(engine: Engine, acceptRemoved: readonly string[] = []): Promise<Ended> {
  return engine.up(() => program(lab.settings({ authentik: { acceptRemoved } })));
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
