import "../prepare.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Engine } from "../engine/engine.ts";
import { program } from "../engine/program.ts";
import { Homelab } from "../homelab/homelab.ts";
import type { Fault } from "../requests/gate.ts";
import { mainAccount } from "../../../settings/accounts/accounts.ts";

// CI pushes with a key that somebody made by hand: it is in Forgejo and in 1Password. It works on until CI has ours, and afterwards.

const SECRET = "ZOT_CI_API_KEY";

let lab: Homelab;
let engine: Engine;
let byHand = "";

beforeEach(async () => {
  lab = await Homelab.start();
  engine = new Engine();
  byHand = lab.addKey("CI, by hand");
  lab.fillField(byHand);
  for (const target of mainAccount(lab.settings()).repositories) lab.storeSecret(target, SECRET, byHand);
  engine.watch = assertCiCanPush;
});
afterEach(async () => lab.stop());

function assertCiCanPush(): void {
  for (const target of mainAccount(lab.settings()).repositories) {
    assert.ok(lab.accepts(lab.held(target).secrets[SECRET] ?? ""), `${target} has a key that zot accepts`);
  }
  assert.ok(lab.accepts(lab.stored()["zot-ci-api"] ?? ""), "1Password has a key that zot accepts");
  assert.ok(lab.accepts(byHand), "the key made by hand is nobody else's to revoke");
}

async function up(ci: object, fault?: Fault): Promise<void> {
  const { how, errors } = await engine.up(() => program(lab.settings({ ci })), fault);
  assert.equal(how, fault === undefined ? "done" : "killed", errors.join());
  assertCiCanPush();
}

for (const unmanagedKeys of ["report", "revoke"] as const) {
  test(`the first up, with unmanagedKeys: ${unmanagedKeys}`, async () => {
    await up({ unmanagedKeys });
    for (const target of mainAccount(lab.settings()).repositories) {
      assert.equal(lab.held(target).secrets[SECRET], lab.stored()["zot-ci-api"]);
      assert.notEqual(lab.held(target).secrets[SECRET], byHand);
    }
    assert.match(engine.said.join("\n"), /unmanaged key: "CI, by hand"/);
  });
}

for (const at of [5, 12, 20]) {
  test(`the first up is killed at request ${at}, and run again`, async () => {
    await up({ unmanagedKeys: "revoke" }, { at, when: "after", then: at % 2 === 0 ? "cli" : "provider" });
    await engine.refresh();
    await up({});
  });
}

test("it is revoked only by the up after the one that reported it, when CI has ours", async () => {
  await up({ unmanagedKeys: "revoke" });
  engine.watch = () => undefined;
  const { how, errors } = await engine.up(() => program(lab.settings({ ci: { unmanagedKeys: "revoke" } })));
  assert.equal(how, "done", errors.join());
  assert.ok(!lab.accepts(byHand));
  for (const target of mainAccount(lab.settings()).repositories) {
    assert.ok(lab.accepts(lab.held(target).secrets[SECRET] ?? ""));
  }
});
