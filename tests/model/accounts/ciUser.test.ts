import "../prepare.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { generationOf } from "../../../systems/zot/keys/rotation.ts";
import { pass } from "../homelab/clock.ts";
import { Engine } from "../engine/engine.ts";
import type { Ended } from "../engine/engine.ts";
import { Homelab } from "../homelab/homelab.ts";
import type { Change } from "../homelab/servers.ts";
import { OWNER, program } from "../engine/program.ts";
import type { Fault } from "../requests/gate.ts";
import { SECRET } from "../stories/invariants.ts";

// ci.user changes, alone and together with what the old account signs in with: its keys keep their grace period, and are then revoked.

const USER = { ci: { user: "robot" } };
const TOGETHER: Readonly<Record<string, Change>> = {
  "ci.user": USER,
  "ci.user and authentik.machineFlow": { ...USER, authentik: { machineFlow: "robots-login" } },
  "ci.user and access.ciGroup": { ...USER, access: { ciGroup: "robots" } },
};

let lab: Homelab;
let engine: Engine;

beforeEach(async () => {
  lab = await Homelab.start();
  engine = new Engine();
  lab.dropKeys(() => true);
});
afterEach(async () => lab.stop());

async function up(change: Change = {}, fault?: Fault): Promise<Ended> {
  const settings = lab.settings(change);
  await lab.deployZot(settings);
  return engine.up(() => program(settings), fault);
}
async function done(ended: Promise<Ended>): Promise<Ended> {
  const { how, errors } = await ended;
  assert.equal(how, "done", errors.join());
  return ended;
}

const ours = (account: string): number =>
  lab.allKeys().filter(({ user, label }) => user === account && generationOf(OWNER, label) !== undefined).length;
const keyOf = (repository: string): string => lab.held(repository).secrets[SECRET] ?? "";
const users = (): readonly string[] => lab.authentik().users.filter((name) => name === "zot-ci" || name === "robot");

function assertNothingTemporary(): void {
  assert.doesNotMatch(
    JSON.stringify([
      lab.authentikRows()["authentik_core.group"]?.map(({ name }) => name),
      lab.authentikRows()["authentik_flows.flow"]?.map(({ slug }) => slug),
      lab.authentik().blueprints,
    ]),
    /former-account|removal/,
  );
}

for (const [what, change] of Object.entries(TOGETHER)) {
  test(`${what}: the old key keeps its grace period; then it is revoked and the account removed`, async () => {
    await done(up());
    const old = keyOf("own/one");
    engine.said.length = 0;
    await done(up(change));
    assert.match(
      engine.said.join("\n"),
      /ci\.user changes from zot-ci to robot: .* A workflow that names zot-ci must name robot/,
    );
    assert.ok(lab.keyOwner(keyOf("own/one")) === "robot", "CI has the new account's key");
    assert.ok(lab.accepts(old), "running jobs keep the old one");
    await done(engine.refresh());
    await done(up(change));
    assert.ok(lab.accepts(old), "still");
    assert.deepEqual(users(), ["robot", "zot-ci"]);
    pass(3600);
    await done(up(change));
    assert.deepEqual([ours("zot-ci"), ours("robot")], [0, 1]);
    assert.deepEqual(users(), ["robot"]);
    assert.ok(!lab.authentik().tokens.includes("zot-ci-app-password"));
    assertNothingTemporary();
    assert.deepEqual((await done(up(change))).steps, []);
    await done(engine.destroy());
    assert.deepEqual([ours("zot-ci"), ours("robot"), users(), lab.authentik().applications], [0, 0, [], []]);
    assertNothingTemporary();
  });

  test(`${what}: a destroy within the grace period leaves no key and no account`, async () => {
    await done(up());
    await done(up(change));
    await done(engine.destroy());
    assert.deepEqual([ours("zot-ci"), ours("robot"), users(), lab.authentik().applications], [0, 0, [], []]);
    assertNothingTemporary();
  });
}

test("without a grace period, the same up revokes the old key, after CI has the new one", async () => {
  await done(up());
  const old = keyOf("own/two");
  engine.watch = () => assert.ok(lab.accepts(old) || lab.keyOwner(keyOf("own/two")) === "robot");
  await done(up({ ci: { ...USER.ci, gracePeriod: "0 seconds" } }));
  assert.deepEqual([ours("zot-ci"), ours("robot"), users()], [0, 1, ["robot"]]);
});

test("changed back within the grace period: the first account's new key stays, the second account's is revoked", async () => {
  await done(up());
  await done(up(USER));
  await done(up());
  pass(3600);
  await done(up());
  assert.deepEqual([ours("zot-ci"), ours("robot"), users()], [1, 0, ["zot-ci"]]);
  await done(up(USER));
  pass(3600);
  await done(up(USER));
  assert.deepEqual([ours("zot-ci"), ours("robot"), users()], [0, 1, ["robot"]]);
});

test("a revocation revokes the old account's keys at once", async () => {
  await done(up());
  await done(up({ ci: { ...USER.ci, revocationTrigger: "leaked" } }));
  assert.deepEqual([ours("zot-ci"), ours("robot")], [0, 1]);
});

const PAIR = TOGETHER["ci.user and authentik.machineFlow"] ?? {};

for (const [end, finish] of [
  ["destroy", async () => done(engine.destroy())],
  ["recover", async () => done(engine.refresh()).then(async () => done(up(PAIR)))],
] as const) {
  test(`user and flow, killed at a request, then ${end}: it always gets out, and nothing is left`, async () => {
    for (let at = 1; ; at += 6) {
      await done(up());
      const { run } = await up(PAIR, { at, when: at % 4 === 3 ? "before" : "after", then: "cli" });
      await lab.settled();
      await finish();
      if (end === "recover") {
        pass(3600);
        await done(up(PAIR));
        assert.deepEqual([ours("zot-ci"), ours("robot"), users()], [0, 1, ["robot"]], `after request ${at}`);
        await done(engine.destroy());
      }
      assert.deepEqual([ours("zot-ci"), ours("robot"), users()], [0, 0, []], `after request ${at}`);
      assertNothingTemporary();
      if (run.struck !== undefined) continue;
      assert.ok(at > 20, String(at));
      return;
    }
  });
}
