import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Deployment } from "../../../../../systems/zot/host/deploy/deploy.ts";
import { removeScript } from "../../../../../systems/zot/host/deploy/remove.ts";
import { Managers } from "../support/managers.ts";
import { useQuickCurl } from "../support/quickCurl.ts";
import { sh } from "../support/sh.ts";
import { Shims } from "../support/shims.ts";
import { World } from "../support/world.ts";

// Every script is killed, with no chance to clean up, before its first command, its second one, and so on, until it completes.
// After each kill the file on disk is a complete config, the old or the new one, that zot starts with; and the same script, run again, finishes.

let removeCurl: () => void;

before(() => {
  removeCurl = useQuickCurl();
});
after(() => removeCurl());

/** More than any script has. */
const MANY = 200;

/** The configs that an interrupted deployment may leave: without the canary, and with its two repositories in front. */
function assertWhole(world: World, ...allowed: readonly string[]): void {
  const text = world
    .config()
    .replaceAll(/"zot_auth_canary\/(open|closed)_[0-9_]+":\{"anonymousPolicy":\[("read")?\]\},/g, "");
  const found = JSON.parse(text) as unknown;
  assert.ok(
    allowed.some((one) => JSON.stringify(JSON.parse(one)) === JSON.stringify(found)),
    text,
  );
}

/** zot answers, or does when its supervisor starts it. */
function assertServes({ zot }: World, reboot: boolean): void {
  if (reboot || zot.inForce === undefined) zot.restart();
  assert.ok(zot.inForce !== undefined);
}

async function killAtEachStep(
  attempt: (step: number, shims: Shims) => Promise<boolean>,
  shims = new Shims(),
): Promise<number> {
  try {
    for (let step = 1; step < MANY; step++) if (await attempt(step, shims)) return step;
  } finally {
    shims.close();
  }
  throw new Error("the script never came to its end");
}

async function deployments(world: World, change: (round: number) => Partial<Deployment>): Promise<number> {
  let old = world.text([]);
  world.beginWith(world.text([], { before: true }));
  assert.equal((await world.deploy(old, change(0))).code, 0);
  return killAtEachStep(async (step, shims) => {
    const next = world.text(step % 2 === 0 ? [] : ["read", "create", "update"], { round: step });
    const killed = await world.deploy(next, change(step), shims.killingAt(step));
    if (killed.code !== null) {
      assert.equal(killed.code, 0, killed.stderr);
      return true;
    }
    assertWhole(world, old, next);
    assertServes(world, step % 3 === 0);
    assert.notEqual((await world.facts()).config.state, "edited", "what we left is not taken for somebody's edit");
    const again = await world.deploy(next, change(step));
    assert.equal(again.code, 0, `after step ${step}: ${again.stderr}`);
    assert.deepEqual([world.config(), world.read("config.json.previous")], [next, old], `after step ${step}`);
    assert.deepEqual(world.zot.inForce, JSON.parse(next));
    assert.equal((await world.facts()).config.state, "as written");
    assert.deepEqual(world.files(), [
      "config.json",
      "config.json.before-zot-auth",
      "config.json.previous",
      "config.json.zot-auth",
      "zot",
      "zot.log",
    ]);
    old = next;
    return false;
  });
}

async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
  const world = await World.make();
  try {
    await run(world);
  } finally {
    world.close();
  }
}

// In parallel, since they mostly wait.
describe("killed at each step", { concurrency: 3 }, () => {
  test("a deployment without a restart", async () => {
    await inWorld(async (world) => {
      assert.ok((await deployments(world, () => ({}))) > 20);
    });
  });

  test("a deployment with a restart", async () => {
    await inWorld(async (world) => {
      assert.ok((await deployments(world, (round) => ({ startDigest: `digest-${round}` }))) > 20);
    });
  });

  test("the first deployment, with an original config", async () => {
    await inWorld(async (world) => {
      const before = world.text(["read"], { before: true });
      world.beginWith(before);
      const first = world.text([]);
      await killAtEachStep(async (step, shims) => {
        const killed = await world.deploy(first, {}, shims.killingAt(step));
        if (killed.code !== null) return true;
        assertWhole(world, before, first);
        assertServes(world, step % 3 === 0);
        const again = await world.deploy(first);
        assert.equal(again.code, 0, `after step ${step}: ${again.stderr}`);
        assert.deepEqual([world.config(), world.read("config.json.before-zot-auth")], [first, before]);
        assert.equal((await world.remove()).code, 0);
        assert.deepEqual([world.config(), world.files()], [before, ["config.json", "zot", "zot.log"]]);
        return false;
      });
    });
  });

  test("the first deployment, without an original config", async () => {
    await inWorld(async (world) => {
      const first = world.text([]);
      await killAtEachStep(async (step, shims) => {
        const killed = await world.deploy(first, {}, shims.killingAt(step));
        if (killed.code !== null) return true;
        if (world.read("config.json") !== undefined) assertWhole(world, first);
        const again = await world.deploy(first);
        assert.equal(again.code, 0, `after step ${step}: ${again.stderr}`);
        assert.equal(world.config(), first);
        assert.equal((await world.remove()).code, 0);
        assert.deepEqual(world.files(), ["zot", "zot.log"]);
        return false;
      });
    });
  });

  test("a rollback", async () => {
    await inWorld(async (world) => {
      const served = world.text(["read"]);
      world.beginWith(served);
      assert.equal((await world.deploy(served)).code, 0);
      const refused = world.text([], { start: "refused" });
      const change = { startDigest: "digest-2", readySeconds: 0 };
      await killAtEachStep(async (step, shims) => {
        // One command in two is enough here: it is the deployment's own steps once more, and then those of the way back.
        const killed = await world.deploy(refused, change, shims.killingAt(step * 2));
        if (killed.code !== null) return true;
        assertWhole(world, served, refused);
        const again = await world.deploy(served);
        assert.equal(again.code, 0, `after step ${step}: ${again.stderr}`);
        assert.deepEqual(world.zot.inForce, JSON.parse(served));
        assert.equal(world.config(), served);
        return false;
      });
    });
  });

  test("a deployment with a new plist", async () => {
    await inWorld(async (world) => {
      const managers = new Managers(world);
      managers.load();
      const file = world.at("agent.plist");
      const managed = (definition: string): Partial<Deployment> => ({
        service: { manager: { kind: "launchd", name: "a.zot", file }, logs: [], definition },
      });
      let old = world.text([], { round: 0 });
      world.beginWith(old);
      assert.equal((await world.deploy(old, managed("plist 0"), managers.environment)).code, 0);
      await killAtEachStep(async (step, shims) => {
        const next = world.text(["read"], { round: step });
        const environment = { ...managers.environment, ...shims.killingAt(step) };
        const killed = await world.deploy(next, managed(`plist ${step}`), environment);
        if (killed.code !== null) {
          assert.equal(killed.code, 0, killed.stderr);
          return true;
        }
        assertWhole(world, old, next);
        assert.ok([`plist ${step - 1}`, `plist ${step}`].includes(world.read("agent.plist") ?? ""));
        const again = await world.deploy(next, managed(`plist ${step}`), managers.environment);
        assert.equal(again.code, 0, `after step ${step}: ${again.stderr}`);
        assert.deepEqual(
          [world.config(), world.read("agent.plist"), world.read("config.json.service.previous")],
          [next, `plist ${step}`, `plist ${step - 1}`],
          `after step ${step}`,
        );
        assert.deepEqual(world.zot.inForce, JSON.parse(next));
        assert.ok(
          world.files().every((name) => !/zot-auth-(work|new)/.test(name)),
          world.files().join(" "),
        );
        old = next;
        return false;
      }, new Shims(managers.environment["PATH"]));
    });
  });

  test("destroy", async () => {
    await inWorld(async (world) => {
      const before = world.text(["read"], { before: true });
      world.beginWith(before);
      await killAtEachStep(async (step, shims) => {
        const ours = world.text([]);
        assert.equal((await world.deploy(ours)).code, 0);
        const killed = await sh(removeScript(world.deployment()), "", shims.killingAt(step));
        if (killed.code !== null) {
          assert.equal(killed.code, 0, killed.stderr);
          return true;
        }
        assertWhole(world, before, ours);
        assertServes(world, step % 3 === 0);
        const again = await world.remove();
        assert.equal(again.code, 0, `after step ${step}: ${again.stderr}`);
        assert.deepEqual([world.config(), world.files()], [before, ["config.json", "zot", "zot.log"]]);
        assert.deepEqual(world.zot.inForce, JSON.parse(before));
        return false;
      });
    });
  });
});
