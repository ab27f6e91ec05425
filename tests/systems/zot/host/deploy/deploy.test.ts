import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { afterEach, beforeEach, test } from "node:test";
import { deployScript } from "../../../../../systems/zot/host/deploy/deploy.ts";
import { quote } from "../../../../../systems/zot/host/shell/shell.ts";
import { sh } from "../support/sh.ts";
import { World } from "../support/world.ts";

// The scripts run for real, by /bin/sh. zot and its issuer are small fakes; labZot.test.ts uses the lab's or the real zot.

let world: World;
beforeEach(async () => {
  world = await World.make();
});
afterEach(() => world.close());

test("the first deployment keeps the original config, restarts zot, and leaves nothing else behind", async () => {
  const before = world.text(["read"]);
  world.beginWith(before);
  const { code, stdout, stderr } = await world.deploy(world.text([]));
  assert.equal(code, 0, stderr);
  assert.match(stdout, /serves the new config \(restart: yes\)/);
  assert.equal(world.config(), world.text([]));
  assert.deepEqual(world.zot.inForce, JSON.parse(world.text([])));
  assert.equal(world.read("config.json.before-zot-auth"), before);
  assert.equal(world.zot.restarts, 1);
  assert.deepEqual(world.files(), [
    "config.json",
    "config.json.before-zot-auth",
    "config.json.zot-auth",
    "zot",
    "zot.log",
  ]);
});

test("a change that zot reloads is written in place, without a restart", async () => {
  world.beginWith(world.text([]));
  await world.deploy(world.text([]));
  const { ino } = statSync(world.configFile);
  // A shorter and a longer one: the file is cut, or grows.
  for (const text of [world.text(["read"]), world.text([]), world.text(["read", "create", "update", "delete"])]) {
    const { code, stdout, stderr } = await world.deploy(text);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /restart: no/);
    assert.equal(world.config(), text);
    assert.deepEqual(world.zot.inForce, JSON.parse(text));
  }
  assert.equal(statSync(world.configFile).ino, ino);
  assert.equal(world.zot.restarts, 1);
  assert.equal(world.read("config.json.previous"), world.text([]));
});

test("a reader sees a complete config at any moment of the write", async () => {
  world.beginWith(world.text([]));
  await world.deploy(world.text([]));
  let reads = 0;
  const reader = setInterval(() => {
    JSON.parse(world.config());
    reads += 1;
  }, 0);
  try {
    for (const text of [world.text(["read", "create", "update"]), world.text([])]) {
      const { code, stderr } = await world.deploy(text);
      assert.equal(code, 0, stderr);
    }
  } finally {
    clearInterval(reader);
  }
  assert.ok(reads > 50);
});

test("a change that zot reads only when it starts, or new credentials, restart it", async () => {
  world.beginWith(world.text([]));
  await world.deploy(world.text([]));
  await world.deploy(world.text(["read"]), { startDigest: "digest-2" });
  assert.equal(world.zot.restarts, 2);
  await world.deploy(world.text(["read"]), { startDigest: "digest-2", credentials: "other 0" });
  assert.equal(world.zot.restarts, 3);
});

test("if an editor broke zot's watch, the deployment restarts zot and says so", async () => {
  world.beginWith(world.text([]));
  await world.deploy(world.text([]));
  // An editor that saves what it read: the same text, another inode.
  writeFileSync(world.at("saved"), world.config());
  renameSync(world.at("saved"), world.configFile);
  const { code, stdout, stderr } = await world.deploy(world.text(["read"]));
  assert.equal(code, 0, stderr);
  assert.match(stderr, /it watches was replaced/);
  assert.match(stdout, /restart: fallback/);
  assert.deepEqual(world.zot.inForce, JSON.parse(world.text(["read"])));
  assert.equal(world.zot.restarts, 2);
});

test("an old zot that still answers after the restart command is not mistaken for the new one", async () => {
  world.beginWith(world.text([]));
  world.zot.restarting = "lazy";
  const { code, stderr } = await world.deploy(world.text(["read"]));
  assert.equal(code, 0, stderr);
  assert.equal(world.zot.restarts, 1, "the script has waited for it");
  assert.deepEqual(world.zot.inForce, JSON.parse(world.text(["read"])));
});

test("creates a missing config, readable for zot", async () => {
  const { code, stderr } = await world.deploy(world.text(["read"]));
  assert.equal(code, 0, stderr);
  assert.equal(world.config(), world.text(["read"]));
  assert.equal(statSync(world.configFile).mode & 0o777, 0o644);
});

test("a config behind a symbolic link is written to its target, with the same owner and mode", async () => {
  mkdirSync(world.at("elsewhere"));
  writeFileSync(world.at("elsewhere/real.json"), world.text([]));
  chmodSync(world.at("elsewhere/real.json"), 0o640);
  symlinkSync("elsewhere/real.json", world.configFile);
  world.zot.restart();
  for (const text of [world.text(["read"]), world.text([])]) {
    const { code, stderr } = await world.deploy(text);
    assert.equal(code, 0, stderr);
    assert.equal(readlinkSync(world.configFile), "elsewhere/real.json");
    assert.equal(readFileSync(world.at("elsewhere/real.json"), "utf8"), text);
    assert.equal(statSync(world.at("elsewhere/real.json")).mode & 0o777, 0o640);
  }
});

test("after a change of port, a rollback checks the old port", async () => {
  world.beginWith(world.text([]));
  const elsewhere = world.text(["read"], { start: "refused" }).replace(String(world.zot.port), "1");
  const { code, stderr } = await world.deploy(elsewhere, { origin: "http://127.0.0.1:1" });
  assert.equal(code, 1);
  assert.match(stderr, /timed out after .*: http:\/\/127\.0\.0\.1:1\/readyz does not respond/);
  assert.match(stderr, /The previous config was restored and serves/);
});

test("two deployments at once: the second waits for the first", async () => {
  world.beginWith(world.text([]));
  const [first, second] = await Promise.all([
    world.deploy(world.text(["read"])),
    world.deploy(world.text(["read", "create"])),
  ]);
  assert.deepEqual([first.code, second.code], [0, 0], first.stderr + second.stderr);
  assert.deepEqual(world.zot.inForce, JSON.parse(world.config()));
});

test("a lock that is released at the moment of the check is not reported as missing permissions", async () => {
  world.beginWith(world.text([]));
  const marker = quote(world.at("looked"));
  // The folder is there for mkdir, and gone for the look after it.
  const leaving = `mkdir() { if [ ! -e ${marker} ]; then : > ${marker}; return 1; fi; command mkdir "$@"; }\n`;
  const { code, stderr } = await sh(leaving + deployScript(world.deployment()), world.text(["read"]));
  assert.equal(code, 0, stderr);
  assert.equal(world.config(), world.text(["read"]));
});
