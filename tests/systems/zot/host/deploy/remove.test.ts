import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, test } from "node:test";
import { removeSecretFileScript, secretFileScript } from "../../../../../systems/zot/host/files/secretFile.ts";
import { quote } from "../../../../../systems/zot/host/shell/shell.ts";
import { sh } from "../support/sh.ts";
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

const ORIGINAL = '{\n  "clientsecret": "of before"\n}\n';
const OURS = '{\n  "clientsecret": "ours"\n}\n';

/** A deployment whose restart shows which credentials zot starts with, and its credentials. */
function withCredentials() {
  const credentialsFile = world.at("credentials.json");
  const { manager } = world.deployment().service;
  const restart = manager.kind === "command" ? manager.command : "";
  const command = `cp ${quote(credentialsFile)} ${quote(world.at("seen.json"))} && ${restart}`;
  const deployment = { credentialsFile, service: { manager: { kind: "command", command }, logs: [] } } as const;
  const write = async (repairs = 0): Promise<void> => {
    const { code, stderr } = await sh(
      secretFileScript({ credentialsFile, dataDirectory: world.at("data") }, repairs),
      OURS,
    );
    assert.equal(code, 0, stderr);
  };
  return { deployment, write, remove: async () => sh(removeSecretFileScript(credentialsFile)) };
}

test("zot starts with its original config and its original credentials, and both are as before in the end", async () => {
  const before = world.text(["read"], { before: true });
  world.beginWith(before);
  writeFileSync(world.at("credentials.json"), ORIGINAL);
  const { deployment, write, remove } = withCredentials();
  await write();
  await world.deploy(world.text([]), deployment);
  assert.equal(world.read("seen.json"), OURS);
  const { code, stderr } = await world.remove(deployment);
  assert.equal(code, 0, stderr);
  assert.equal(world.read("seen.json"), ORIGINAL);
  await remove();
  assert.equal(world.read("credentials.json"), ORIGINAL);
  assert.deepEqual(world.files(), ["config.json", "credentials.json", "seen.json", "zot", "zot.log"]);
});

test("a deployment after a destroy that ended there sees an edited file, and a later destroy restores the original", async () => {
  world.beginWith(world.text(["read"], { before: true }));
  writeFileSync(world.at("credentials.json"), ORIGINAL);
  const { deployment, write, remove } = withCredentials();
  await write();
  await world.deploy(world.text([]), deployment);
  await world.remove(deployment);
  const { credentials } = await world.facts();
  assert.deepEqual(credentials.state, "edited");
  await write(credentials.repairs);
  await world.deploy(world.text([]), deployment);
  assert.equal(world.read("seen.json"), OURS);
  await world.remove(deployment);
  await remove();
  assert.deepEqual([world.read("seen.json"), world.read("credentials.json")], [ORIGINAL, ORIGINAL]);
});

test("credentials of ours stay where there were none before, until zot serves without them", async () => {
  world.beginWith(world.text(["read"], { before: true }));
  const { deployment, write, remove } = withCredentials();
  await write();
  await world.deploy(world.text([]), deployment);
  assert.equal((await world.remove(deployment)).code, 0);
  assert.equal(world.read("seen.json"), OURS);
  await remove();
  assert.equal(world.read("credentials.json"), undefined);
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

test("without an original config, ours is removed, and what becomes of the running zot is said", async () => {
  await world.deploy(world.text([]));
  const { code, stderr } = await world.remove();
  assert.equal(code, 0);
  assert.match(
    stderr,
    /zot keeps running with the config that it has loaded\. Once it stops, it does not start without a new config/,
  );
  assert.deepEqual(world.files(), ["zot", "zot.log"]);
});

test("removing nothing does nothing", async () => {
  const before = world.text([]);
  world.beginWith(before);
  assert.equal((await world.remove()).code, 0);
  assert.deepEqual([world.config(), world.files()], [before, ["config.json", "zot", "zot.log"]]);
  assert.equal(world.zot.restarts, 0);
});
