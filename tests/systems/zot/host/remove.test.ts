import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { afterEach, beforeEach, test } from "node:test";
import { World } from "./support/world.ts";

let world: World;
beforeEach(async () => {
  world = await World.make();
});
afterEach(() => world.close());

test("the config of before comes back and serves, and nothing of ours stays", async () => {
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

test("it waits for the zot that comes, not for the one that goes", async () => {
  const before = world.text([], { before: true });
  world.beginWith(before);
  await world.deploy(world.text(["read"]));
  world.zot.restarting = "lazy";
  assert.equal((await world.remove()).code, 0);
  assert.deepEqual(world.zot.inForce, JSON.parse(before));
});

test("a zot that does not come up with the config of before is told of, and a second run finishes", async () => {
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

test("where there was no config before, ours goes", async () => {
  await world.deploy(world.text([]));
  assert.equal((await world.remove()).code, 0);
  assert.deepEqual(world.files(), ["zot", "zot.log"]);
});

test("removing what is not there does nothing", async () => {
  const before = world.text([]);
  world.beginWith(before);
  assert.equal((await world.remove()).code, 0);
  assert.deepEqual([world.config(), world.files()], [before, ["config.json", "zot", "zot.log"]]);
  assert.equal(world.zot.restarts, 0);
});
