import assert from "node:assert/strict";
import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { deployScript } from "../../../../../systems/zot/host/deploy/deploy.ts";
import { secretFileScript } from "../../../../../systems/zot/host/files/secretFile.ts";
import { sessionKeysScript } from "../../../../../systems/zot/host/files/sessionKeys.ts";
import { quote } from "../../../../../systems/zot/host/shell/shell.ts";
import { sh } from "../support/sh.ts";
import { World } from "../support/world.ts";
import { cleanUpIn } from "./cleanUp.ts";

// `registry.host` or a path names the same place in another way: what is in use there is not a former file.

let world: World;
beforeEach(async () => {
  world = await World.make();
});
afterEach(() => world.close());

describe("the same machine by two names", () => {
  const keys = (): string => world.at("keys.json");
  const credentials = (): string => world.at("credentials.json");

  /** The config, the credentials and the session keys, with `registry.host` set to that name. */
  async function deployAs(host: string, text: string): Promise<void> {
    // The script as the host's shell gets it.
    const run = async (script: string, input = ""): Promise<void> => {
      const { code, stderr } = await sh(`as_host=${quote(host)}\n${script}`, input);
      assert.equal(code, 0, stderr);
    };
    const files = { credentialsFile: credentials(), dataDirectory: world.at("data") };
    await run(secretFileScript(files, 0), '{ "clientsecret": "ours"\n}\n');
    await run(sessionKeysScript(keys(), world.at("data"), 0));
    await run(deployScript(world.deployment()), text);
  }

  async function cleanUpAll(): Promise<readonly string[]> {
    const contexts = [
      await cleanUpIn(world),
      await cleanUpIn(world, { file: credentials(), content: "credentials" }),
      await cleanUpIn(world, { file: keys(), content: "sessionKeys" }),
    ];
    return contexts.flatMap(({ warned }) => warned);
  }

  test("what is in use by the new name stays", async () => {
    world.beginWith(world.text(["read"], { before: true }));
    await deployAs("local", world.text([]));
    await deployAs("ssh:indri", world.text(["read"]));
    const before = [world.files(), world.config(), world.read("credentials.json")];
    world.zot.restarts = 0;
    assert.deepEqual(await cleanUpAll(), []);
    assert.deepEqual([world.files(), world.config(), world.read("credentials.json")], before);
    assert.equal(world.zot.restarts, 0);
  });

  test("what is in use by another path to the same folder stays", async () => {
    world.beginWith(world.text(["read"], { before: true }));
    await deployAs("local", world.text([]));
    const link = `${world.folder}-link`;
    symlinkSync(world.folder, link);
    try {
      const moved = join(link, "config.json");
      assert.equal(
        (await sh(`as_host=local\n${deployScript(world.deployment({ configFile: moved }))}`, world.text(["read"])))
          .code,
        0,
      );
      const before = [world.files(), world.config()];
      world.zot.restarts = 0;
      assert.deepEqual((await cleanUpIn(world)).warned, []);
      assert.deepEqual([world.files(), world.config(), world.zot.restarts], [...before, 0]);
    } finally {
      rmSync(link);
    }
  });

  test("what nobody took over is cleaned up", async () => {
    const before = world.text(["read"], { before: true });
    world.beginWith(before);
    await deployAs("local", world.text([]));
    assert.deepEqual(await cleanUpAll(), []);
    assert.deepEqual([world.files(), world.config()], [["config.json", "zot", "zot.log"], before]);
  });
});
