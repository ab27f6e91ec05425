import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, beforeEach, describe, test } from "node:test";
import type { Deployment } from "../../../../../systems/zot/host/deploy/deploy.ts";
import { secretFileScript } from "../../../../../systems/zot/host/files/secretFile.ts";
import { sessionKeysScript } from "../../../../../systems/zot/host/files/sessionKeys.ts";
import type { FileCleanupInputs } from "../../../../../systems/zot/host/former/fileCleanup.ts";
import { restoreFormerConfigScript } from "../../../../../systems/zot/host/former/formerConfig.ts";
import { renderLaunchAgent } from "../../../../../systems/zot/host/service/service.ts";
import type { TestedContext } from "../../../../support/provider.ts";
import { Managers } from "../support/managers.ts";
import { useQuickCurl } from "../support/quickCurl.ts";
import { sh } from "../support/sh.ts";
import { Shims } from "../support/shims.ts";
import { World } from "../support/world.ts";
import { cleanUpIn } from "./cleanUp.ts";

// What happens to a file's old place when a setting moves the file. The fake zot stands for any zot; that the engine deletes the old place's resource last
// is tested in tests/components and with the real CLI in tests/engine/zot.

let world: World;
const removeCurl = useQuickCurl();
after(() => removeCurl());
const own = { ...process.env };
beforeEach(async () => {
  world = await World.make();
});
afterEach(() => {
  process.env = { ...own };
  world.close();
});

async function cleanUp(inputs: Partial<FileCleanupInputs> = {}, deployment?: Deployment): Promise<TestedContext> {
  return cleanUpIn(world, inputs, deployment);
}

/** A config made by hand, served and adopted. */
async function adopt(): Promise<string> {
  const before = world.text(["read"], { before: true });
  world.beginWith(before);
  assert.equal((await world.deploy(world.text([]))).code, 0);
  world.zot.restarts = 0;
  return before;
}

/** The config moves on the same host, and zot's service was changed for it. */
async function moveConfig(): Promise<Partial<Deployment>> {
  const moved = { configFile: world.at("moved.json") };
  world.zot.serveFrom(moved.configFile);
  const { code, stderr } = await world.deploy(world.text([]), moved);
  assert.equal(code, 0, stderr);
  world.zot.restarts = 0;
  return moved;
}

describe("another host", () => {
  test("the zot that still runs there is restarted with its original config", async () => {
    const before = await adopt();
    const { warned } = await cleanUp();
    assert.deepEqual([world.config(), world.zot.inForce], [before, JSON.parse(before)]);
    assert.deepEqual([world.files(), warned], [["config.json", "zot", "zot.log"], []]);
  });

  for (const runs of [true, false])
    test(`the original credentials are ${runs ? "there before zot starts with its original config" : "left to their own cleanup if no zot runs with that config"}`, async () => {
      const credentialsFile = world.at("credentials.json");
      const [original, ours] = ["of before", "ours"].map((secret) => `{\n  "clientsecret": "${secret}"\n}\n`);
      writeFileSync(credentialsFile, original ?? "");
      assert.equal((await sh(secretFileScript({ credentialsFile, dataDirectory: world.at("data") }, 0), ours)).code, 0);
      const before = await adopt();
      if (!runs) world.zot.stop();
      await cleanUp({}, world.deployment({ credentialsFile }));
      assert.equal(world.config(), before);
      assert.equal(world.read("credentials.json"), runs ? original : ours);
      await cleanUp({ content: "credentials", file: credentialsFile });
      assert.equal(world.read("credentials.json"), original);
    });

  test("a config that nobody made by hand is removed", async () => {
    await world.deploy(world.text([]));
    const { warned } = await cleanUp();
    assert.deepEqual([world.files(), warned], [["zot", "zot.log"], []]);
  });

  test("a zot that does not start with its original config is a warning: it is no longer the registry", async () => {
    const before = world.text(["read"], { start: "refused" });
    world.beginWith(before);
    assert.equal((await world.deploy(world.text([]))).code, 0);
    const { warned } = await cleanUp();
    assert.match(
      warned.join(),
      /^local: zot does not serve at .* which was restored to .*config\.json\.[^]*it cannot start/,
    );
    assert.deepEqual([world.config(), world.files()], [before, ["config.json", "zot", "zot.log"]]);
  });

  test("killed at each step, it ends with the original config in force", async () => {
    const before = await adopt();
    const shims = new Shims();
    try {
      for (let step = 1; ; step += 1) {
        assert.ok(step < 200);
        assert.equal((await world.deploy(world.text([]), { startDigest: `digest-${step}` })).code, 0);
        const { code } = await sh(restoreFormerConfigScript(world.deployment(), undefined), "", shims.killingAt(step));
        assert.deepEqual((await cleanUp()).warned, [], `after step ${step}`);
        assert.deepEqual(
          [world.config(), world.files()],
          [before, ["config.json", "zot", "zot.log"]],
          `after step ${step}`,
        );
        assert.deepEqual(world.zot.inForce, JSON.parse(before), `after step ${step}`);
        if (code !== null) break;
      }
    } finally {
      shims.close();
    }
  });
});

describe("the same host", () => {
  test("the original config returns to its place, and the zot that serves from the new one is not restarted", async () => {
    const before = await adopt();
    const moved = await moveConfig();
    const { warned } = await cleanUp();
    assert.deepEqual([world.config(), world.zot.restarts, warned], [before, 0, []]);
    assert.deepEqual(world.zot.inForce, JSON.parse(world.text([])));
    assert.equal((await world.remove(moved)).code, 0);
    assert.deepEqual(world.files(), ["config.json", "zot", "zot.log"]);
  });

  test("a config and credentials that somebody copied to the new place are no originals", async () => {
    await adopt();
    writeFileSync(world.at("moved.json"), world.text([]));
    const moved = await moveConfig();
    assert.equal(world.read("moved.json.before-zot-auth"), undefined);
    assert.equal((await world.remove(moved)).code, 0);
    assert.equal(world.read("moved.json"), undefined);

    const ours = '{ "clientsecret": "ours"\n}\n';
    writeFileSync(world.at("credentials.json"), ours);
    const files = { credentialsFile: world.at("credentials.json"), dataDirectory: world.at("data") };
    assert.equal((await sh(secretFileScript(files, 0), ours)).code, 0);
    await cleanUp({ file: files.credentialsFile, content: "credentials" });
    assert.equal(world.read("credentials.json"), undefined);
  });

  test("if the service still starts zot with the old config, the error says what to change, and nothing is left at the new place", async () => {
    await adopt();
    const { code, stderr } = await world.deploy(world.text([]), { configFile: world.at("moved.json") });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /If its service starts it with another file than .*moved\.json \(setting registry\.configFile\), change that command to: zot serve .*moved\.json/,
    );
    assert.ok(world.files().every((name) => !name.startsWith("moved")));
    assert.deepEqual(world.zot.inForce, JSON.parse(world.text([])));
  });
});

describe("a managed service on the same host", () => {
  const BY_HAND = "<plist>by hand</plist>";
  let managers: Managers;

  function managed(configFile: string): Partial<Deployment> {
    const definition = renderLaunchAgent("a.zot", { binary: world.at("zot"), configFile }, world.at("zot.log"));
    const manager = { kind: "launchd", name: "a.zot", file: world.at("agent.plist") } as const;
    return { configFile, service: { manager, logs: [], definition } };
  }

  beforeEach(async () => {
    managers = new Managers(world);
    managers.load();
    Object.assign(process.env, managers.environment);
    delete process.env["XDG_RUNTIME_DIR"];
    writeFileSync(world.at("agent.plist"), BY_HAND);
    world.beginWith(world.text(["read"], { before: true }));
    assert.equal((await world.deploy(world.text([]), managed(world.configFile))).code, 0);
  });

  test("it is started with the new config, and its original file is restored by destroy", async () => {
    const moved = managed(world.at("moved.json"));
    world.zot.serveFrom(world.at("moved.json"));
    assert.equal((await world.deploy(world.text([]), moved)).code, 0);
    assert.equal(world.read("moved.json.service.before-zot-auth"), undefined, "our own file is no original");
    world.zot.restarts = 0;
    assert.deepEqual((await cleanUp({}, world.deployment(managed(world.configFile)))).warned, []);
    assert.deepEqual([world.zot.restarts, world.read("agent.plist")], [0, moved.service?.definition]);
    assert.equal(world.read("moved.json.service.before-zot-auth"), BY_HAND);
    assert.ok(world.files().every((name) => !name.startsWith("config.json.")));

    assert.equal((await world.remove(moved)).code, 0);
    assert.equal(world.read("agent.plist"), BY_HAND);
  });

  test("if zot does not start with the new config, the old service file is restored and zot serves with it", async () => {
    // The fake zot does not read its service file, so it never sees the new config.
    const { code, stderr } = await world.deploy(world.text([]), managed(world.at("moved.json")));
    assert.equal(code, 1);
    assert.match(
      stderr,
      /The new config was removed, since there was none before\.\nThe previous service file was restored, and zot serves with it\.\n$/,
    );
    assert.equal(world.read("agent.plist"), managed(world.configFile).service?.definition);
    assert.ok(world.files().every((name) => !name.startsWith("moved")));
  });

  test("the place of an interrupted deployment is cleaned up, and the service file stays as it is", async () => {
    const definition = world.read("agent.plist");
    for (const name of ["moved.json", "moved.json.service.previous"]) writeFileSync(world.at(name), "ours");
    for (const name of ["moved.json", "moved.json.service"])
      writeFileSync(world.at(`${name}.zot-auth`), "written=\nstart=\nstate=pending\n");
    world.zot.restarts = 0;
    await cleanUp({}, world.deployment(managed(world.at("moved.json"))));
    assert.ok(
      world.files().every((name) => !name.startsWith("moved")),
      world.files().join(" "),
    );
    assert.deepEqual([world.zot.restarts, world.read("agent.plist")], [0, definition]);
  });

  test("elsewhere, the original service file is restored and zot starts by it", async () => {
    const former = world.deployment(managed(world.configFile));
    managers.calls();
    assert.deepEqual((await cleanUp({}, former)).warned, []);
    assert.equal(world.read("agent.plist"), BY_HAND);
    assert.ok(managers.calls().includes("launchctl bootstrap gui/UID " + world.at("agent.plist")));
    assert.deepEqual(world.zot.inForce, JSON.parse(world.text(["read"], { before: true })));
  });
});

test("session keys of ours are removed, and those made by hand stay", async () => {
  const keys = { file: world.at("keys.json"), content: "sessionKeys" } as const;
  assert.equal((await sh(sessionKeysScript(keys.file, world.at("data"), 0))).code, 0);
  await cleanUp(keys);
  assert.deepEqual(world.files(), ["zot"]);
  writeFileSync(keys.file, JSON.stringify({ hashKey: "h".repeat(64), encryptKey: "e".repeat(32) }));
  assert.equal((await sh(sessionKeysScript(keys.file, world.at("data"), 0))).code, 0);
  await cleanUp(keys);
  assert.deepEqual(world.files(), ["keys.json", "zot"]);
});

test("a place where another setting of ours has its file by now stays as it is", async () => {
  const place = world.at("moved.json");
  const files = { credentialsFile: place, dataDirectory: world.at("data") };
  assert.equal((await sh(secretFileScript(files, 0), '{ "clientsecret": "ours"\n}\n')).code, 0);
  await adopt();
  const moved = await moveConfig();
  const config = world.read("moved.json");
  await cleanUp({ content: "credentials", file: place });
  await cleanUp({ content: "sessionKeys", file: place });
  assert.equal(world.read("moved.json"), config);
  assert.equal((await sh(secretFileScript(files, 0), '{ "clientsecret": "ours"\n}\n')).code, 0);
  await cleanUp({}, world.deployment(moved));
  assert.match(world.read("moved.json") ?? "", /ours/);
  writeFileSync(place, renderLaunchAgent("a.zot", { binary: "zot", configFile: place }, "zot.log"));
  await cleanUp({ content: "credentials", file: place });
  assert.match(world.read("moved.json") ?? "", /zot-auth/);
});

test("after destroy, there is nothing to clean up, and the restored config is not touched", async () => {
  const before = await adopt();
  assert.equal((await world.remove()).code, 0);
  world.zot.restarts = 0;
  const { mtimeMs, ino } = statSync(world.configFile);
  assert.deepEqual((await cleanUp()).warned, []);
  assert.deepEqual([world.config(), world.files(), world.zot.restarts], [before, ["config.json", "zot", "zot.log"], 0]);
  assert.deepEqual([statSync(world.configFile).mtimeMs, statSync(world.configFile).ino], [mtimeMs, ino]);
});

test("a folder that is gone leaves nothing to clean up", async () => {
  await adopt();
  const state = { configFile: world.at("config.json") };
  rmSync(world.folder, { recursive: true });
  assert.deepEqual((await cleanUp({}, world.deployment(state))).warned, []);
});

test("a reachable host where a file cannot be removed is an error that says why", async () => {
  await adopt();
  mkdirSync(world.at("config.json.zot-auth-work"));
  writeFileSync(world.at("config.json.zot-auth-work/pid"), String(process.pid));
  await assert.rejects(cleanUp({}, world.deployment({ readySeconds: -10 })), {
    code: "HOST_CLEANUP_FAILED",
    message:
      /config\.json on local, which the settings no longer name, could not be removed or restored: Another deployment runs on zot's host/,
  });
});

describe("a host that cannot be reached", () => {
  /** An ssh that reaches the host at the given attempt. */
  function sshFrom(attempt: number): void {
    const bin = join(world.folder, "../ssh-bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(
      join(bin, "ssh"),
      `#!/bin/sh
echo >> "$0.count"
if [ "$(wc -l < "$0.count")" -lt ${attempt} ]; then echo "connect to host: No route to host" >&2; exit 255; fi
for last; do :; done
exec sh -c "$last"
`,
    );
    chmodSync(join(bin, "ssh"), 0o755);
    process.env["PATH"] = `${bin}:${own["PATH"] ?? ""}`;
  }

  for (const [content, left] of [
    ["config", /restore it there/i],
    ["credentials", /It holds the OIDC client secret\. Remove it there, or change the secret\.$/],
    ["sessionKeys", /It holds the keys of people's sessions\. Remove it there\.$/],
  ] as const) {
    test(`the ${content} file is a warning that names file and host`, async () => {
      sshFrom(100);
      const { warned } = await cleanUp({ host: "ssh:old", file: "/srv/zot/file.json", content });
      assert.equal(warned.length, 1);
      assert.match(
        warned.join(),
        /^\/srv\/zot\/file\.json stays on ssh:old, which cannot be reached: connect to host: No route to host\. /,
      );
      assert.match(warned.join(), left);
    });
  }

  test("one that restarts is tried again", async () => {
    const before = await adopt();
    sshFrom(3);
    assert.deepEqual((await cleanUp({ host: "ssh:old" })).warned, []);
    assert.equal(world.config(), before);
  });
});
