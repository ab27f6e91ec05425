import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { afterEach, beforeEach, test } from "node:test";
import { World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await World.make();
});
afterEach(() => world.close());

test("restores the original config, which serves, and leaves nothing of ours", async () => {
  const before = world.text(["read"], { before: true });
  world.beginWith(before);
  await world.deploy(world.text([]));
  await world.deploy(world.text(["read"]));
  const { code, stderr } = await world.remove();
  assert.equal(code, 0, stderr);
  assert.equal(world.config(), before);
  assert.deepEqual(world.zot.inForce, JSON.parse(before));
  assert.deepEqual(world.files(), ["config.json", "zot", "zot.log"]);
  assert.equal(statSync(world.configFile).mode & 0o777, 0o644);
});

test("waits for the new zot, not for the old one", async () => {
  const before = world.text([], { before: true });
  world.beginWith(before);
  await world.deploy(world.text(["read"]));
  world.zot.restarting = "lazy";
  assert.equal((await world.remove()).code, 0);
  assert.deepEqual(world.zot.inForce, JSON.parse(before));
});

test("reports a zot that does not start with its original config, and a second run finishes", async () => {
  const before = world.text([], { start: "refused" });
  world.beginWith(before);
  await world.deploy(world.text(["read"]));
  const failed = await world.remove();
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /does not serve at .* with its config from before zot-auth, which was restored/);
  assert.match(failed.stderr, /it cannot start/);
  assert.equal(world.config(), before);
  assert.notEqual(world.read("config.json.before-zot-auth"), undefined, "the copy is kept until it serves");
});

test("without an original config, ours is removed", async () => {
  await world.deploy(world.text([]));
  assert.equal((await world.remove()).code, 0);
  assert.deepEqual(world.files(), ["zot", "zot.log"]);
});

test("removing nothing does nothing", async () => {
  const before = world.text([]);
  world.beginWith(before);
  assert.equal((await world.remove()).code, 0);
  assert.deepEqual([world.config(), world.files()], [before, ["config.json", "zot", "zot.log"]]);
  assert.equal(world.zot.restarts, 0);
});
