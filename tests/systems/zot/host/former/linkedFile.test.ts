import assert from "node:assert/strict";
import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, test } from "node:test";
import { deployScript } from "../../../../../systems/zot/host/deploy/deploy.ts";
import type { Deployment } from "../../../../../systems/zot/host/deploy/deploy.ts";
import { removeScript } from "../../../../../systems/zot/host/deploy/remove.ts";
import { removeSecretFileScript, secretFileScript } from "../../../../../systems/zot/host/files/secretFile.ts";
import { removeSessionKeysScript, sessionKeysScript } from "../../../../../systems/zot/host/files/sessionKeys.ts";
import { sh } from "../support/sh.ts";
import { World } from "../support/world.ts";
import { cleanUpIn } from "./cleanUp.ts";

// A setting names a file once by a symbolic link to it and once by its target: what is in use by the new name is not a former file.

let world: World;
beforeEach(async () => {
  world = await World.make();
  mkdirSync(world.at("real"));
});
afterEach(() => world.close());

/** Both names of a file in the world's folder: the link first, then the target. */
function namesOf(file: string): readonly [string, string] {
  symlinkSync(`real/${file}`, world.at(file));
  return [world.at(file), world.at(`real/${file}`)];
}

const ORDERS = [
  { title: "from the link to its target", order: ([link, target]: readonly [string, string]) => [link, target] },
  { title: "from the target to a link", order: ([link, target]: readonly [string, string]) => [target, link] },
] as const;

async function run(script: string, input = ""): Promise<void> {
  const { code, stderr } = await sh(`as_host=local\n${script}`, input);
  assert.equal(code, 0, stderr);
}

for (const { title, order } of ORDERS) {
  describe(title, () => {
    test("the config in use stays, and destroy restores the original", async () => {
      const [from = "", to = ""] = order(namesOf("config.json"));
      const original = world.text(["read"], { before: true });
      world.beginWith(original);
      const named = (configFile: string): Deployment => world.deployment({ configFile });
      await run(deployScript(named(from)), world.text([]));
      await run(deployScript(named(to)), world.text(["read"]));
      world.zot.restarts = 0;
      assert.deepEqual((await cleanUpIn(world, {}, named(from))).warned, []);
      assert.deepEqual([world.read("real/config.json"), world.zot.restarts], [world.text(["read"]), 0]);
      await run(removeScript(named(to)));
      assert.equal(world.read("real/config.json"), original);
      assert.ok(lstatSync(world.configFile).isSymbolicLink());
      assert.deepEqual(world.files(), ["config.json", "real", "zot", "zot.log"]);
    });

    test("the credentials in use stay, and destroy restores the original", async () => {
      const [from = "", to = ""] = order(namesOf("credentials.json"));
      writeFileSync(world.at("real/credentials.json"), "by hand");
      const write = async (file: string, text: string): Promise<void> =>
        run(secretFileScript({ credentialsFile: file, dataDirectory: world.at("data") }, 0), text);
      await write(from, '{ "clientsecret": "first"\n}\n');
      await write(to, '{ "clientsecret": "second"\n}\n');
      assert.deepEqual((await cleanUpIn(world, { file: from, content: "credentials" })).warned, []);
      assert.equal(world.read("real/credentials.json"), '{ "clientsecret": "second"\n}\n');
      await run(removeSecretFileScript(to));
      assert.equal(world.read("real/credentials.json"), "by hand");
      assert.deepEqual(world.files(), ["credentials.json", "real", "zot"]);
    });

    test("the session keys in use stay, and destroy removes them", async () => {
      const [from = "", to = ""] = order(namesOf("keys.json"));
      await run(sessionKeysScript(from, world.at("data"), 0));
      const keys = world.read("real/keys.json");
      await run(sessionKeysScript(to, world.at("data"), 0));
      assert.deepEqual((await cleanUpIn(world, { file: from, content: "sessionKeys" })).warned, []);
      assert.equal(world.read("real/keys.json"), keys);
      await run(removeSessionKeysScript(to));
      assert.equal(world.read("real/keys.json"), undefined);
      assert.ok(lstatSync(world.at("keys.json")).isSymbolicLink());
    });
  });
}

test("a link is cleaned up like its file when another place takes over", async () => {
  namesOf("config.json");
  const original = world.text(["read"], { before: true });
  world.beginWith(original);
  await run(deployScript(world.deployment()), world.text([]));
  world.zot.serveFrom(world.at("moved.json"));
  await run(deployScript(world.deployment({ configFile: world.at("moved.json") })), world.text([]));
  assert.deepEqual((await cleanUpIn(world)).warned, []);
  assert.equal(world.read("real/config.json"), original);
  assert.ok(lstatSync(world.configFile).isSymbolicLink());
});

describe("what an earlier version left beside the link", () => {
  test("is read, and moves to the file", async () => {
    const original = world.text(["read"], { before: true });
    world.beginWith(original);
    await world.deploy(world.text([]));
    renameSync(world.configFile, world.at("real/config.json"));
    namesOf("config.json");
    const { config, deployed } = await world.facts();
    assert.deepEqual([config.state, deployed?.start], ["as written", "digest-1 print 0"]);
    await run(deployScript(world.deployment()), world.text([]));
    assert.deepEqual(
      world.files().filter((name) => name.startsWith("config.json.")),
      [],
    );
    assert.equal(world.read("real/config.json.before-zot-auth"), original);
    await run(removeScript(world.deployment()));
    assert.equal(world.read("real/config.json"), original);
  });

  test("credentials too, and destroy restores the original from it", async () => {
    const file = world.at("credentials.json");
    writeFileSync(file, "by hand");
    await run(secretFileScript({ credentialsFile: file, dataDirectory: world.at("data") }, 0), "{}\n}\n");
    renameSync(file, world.at("real/credentials.json"));
    namesOf("credentials.json");
    await run(removeSecretFileScript(file));
    assert.equal(readFileSync(file, "utf8"), "by hand");
    assert.deepEqual(world.files(), ["credentials.json", "real", "zot"]);
  });
});

test("a link that was turned to another file is deployed to", async () => {
  namesOf("config.json");
  world.beginWith(world.text([]));
  const before = (await world.facts()).config.repairs;
  await run(deployScript(world.deployment({ repairs: before })), world.text(["read"]));
  assert.equal((await world.facts()).config.repairs, before);
  rmSync(world.configFile);
  writeFileSync(world.at("other.json"), world.text([]));
  symlinkSync("other.json", world.configFile);
  assert.notEqual((await world.facts()).config.repairs, before);
});
