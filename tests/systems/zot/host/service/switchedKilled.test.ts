import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { deployScript } from "../../../../../systems/zot/host/deploy/deploy.ts";
import { removeScript } from "../../../../../systems/zot/host/deploy/remove.ts";
import { sh } from "../support/sh.ts";
import { Shims } from "../support/shims.ts";
import { BY_HAND, adoptOld, deploy, destroy, eachOnItsOwnHost, left, managers, unit, world } from "./switching.ts";

// The settings of zot's service change, and the run is killed: the next one ends the change, takes it back, or destroys.

eachOnItsOwnHost();

// The whole range takes minutes; neighbouring steps differ little.
const STRIDE = 7;

test("killed at any step, the next run ends the change, takes it back, or destroys", { timeout: 280_000 }, async () => {
  const shims = new Shims();
  const next = [
    async () => {
      await deploy(unit("new"));
      assert.deepEqual([managers.running(), world.read("old.service")], ["new", undefined]);
      await destroy(unit("new"));
    },
    async () => {
      await deploy(unit("old"));
      assert.deepEqual([managers.running(), world.read("new.service")], ["old", undefined]);
      await destroy(unit("old"));
    },
    async () => destroy(unit("new")),
  ] as const;
  try {
    for (let step = 1; ; step += STRIDE) {
      assert.ok(step < 400);
      await adoptOld();
      const script = deployScript(world.deployment({ service: unit("new") }));
      const { code } = await sh(script, world.text([]), shims.killingAt(step));
      await next[step % next.length]?.();
      assert.deepEqual(
        [managers.running(), left(), world.read("old.service")],
        ["old", ["old.service"], BY_HAND],
        `after step ${step}`,
      );
      if (code !== null) break;
    }
  } finally {
    shims.close();
  }
});

test("two of ours, then another service that is not managed, killed at some of the last steps: the first original returns to its place", async () => {
  const shims = new Shims();
  const theirs = unit("theirs", { managed: false });
  const LAST = 9;
  const prepared = async (): Promise<string> => {
    await adoptOld();
    await deploy(unit("new"));
    writeFileSync(world.at("theirs.service"), BY_HAND);
    return deployScript(world.deployment({ service: theirs }));
  };
  try {
    await sh(await prepared(), world.text([]), shims.killingAt(1000));
    const steps = shims.steps();
    await destroy(theirs);
    for (let step = steps - LAST; step <= steps; step += 3) {
      const script = await prepared();
      assert.equal((await sh(script, world.text([]), shims.killingAt(step))).code, null);
      await deploy(theirs);
      assert.deepEqual(
        [world.read("old.service"), world.read("new.service"), world.read("config.json.service.origin")],
        [BY_HAND, undefined, undefined],
        `after step ${step}`,
      );
      await destroy(theirs);
      assert.deepEqual(left(), ["old.service", "theirs.service"], `after step ${step}`);
    }
  } finally {
    shims.close();
  }
});

test("a removal that was killed at any step is finished by the next", { timeout: 280_000 }, async () => {
  const shims = new Shims();
  try {
    for (let step = 1; ; step += STRIDE) {
      assert.ok(step < 400);
      await adoptOld();
      await deploy(unit("new"));
      const { code } = await sh(removeScript(world.deployment({ service: unit("new") })), "", shims.killingAt(step));
      await destroy(unit("new"));
      assert.deepEqual(
        [managers.running(), left(), world.read("old.service")],
        ["old", ["old.service"], BY_HAND],
        `after step ${step}`,
      );
      if (code !== null) break;
    }
  } finally {
    shims.close();
  }
});
