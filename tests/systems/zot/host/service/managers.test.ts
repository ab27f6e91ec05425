import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, test } from "node:test";
import type { Deployment } from "../../../../../systems/zot/host/deploy/deploy.ts";
import { removeScript } from "../../../../../systems/zot/host/deploy/remove.ts";
import type { Service } from "../../../../../systems/zot/host/service/service.ts";
import { Managers } from "../support/managers.ts";
import { sh } from "../support/sh.ts";
import type { Ran } from "../support/sh.ts";
import { World } from "../support/world.ts";

// What launchd and systemd are asked, and that their files are deployed with the config. The service managers are fakes that record what they
// are asked; these tests do not prove that a real one accepts the files and commands.

let world: World;
let managers: Managers;
beforeEach(async () => {
  world = await World.make();
  managers = new Managers(world);
  world.beginWith(world.text([]));
});
afterEach(() => world.close());

const file = (): string => world.at("service file");

function service(kind: "launchd" | "systemd" | "systemd-user", definition?: string): Service {
  const logs = kind === "launchd" ? [world.at("logs/zot.log")] : [];
  return {
    manager: { kind, name: kind === "launchd" ? "a.zot" : "zot", file: file() },
    logs,
    ...(definition === undefined ? {} : { definition }),
  };
}

async function deploy(text: string, change: Partial<Deployment>): Promise<Ran> {
  return world.deploy(text, change, managers.environment);
}

async function deployed(text: string, change: Partial<Deployment>): Promise<void> {
  const { code, stderr } = await deploy(text, change);
  assert.equal(code, 0, stderr);
}

async function removed(of: Service): Promise<void> {
  const { code, stderr } = await sh(removeScript(world.deployment({ service: of })), "", managers.environment);
  assert.equal(code, 0, stderr);
}

test("launchd: a loaded agent is restarted by kickstart", async () => {
  managers.load();
  await deployed(world.text(["read"]), { service: service("launchd") });
  assert.deepEqual(managers.calls(), ["launchctl kickstart -k gui/UID/a.zot"]);
});

test("launchd: an agent that is not loaded is loaded from its plist", async () => {
  writeFileSync(file(), "the user's own");
  await deployed(world.text(["read"]), { service: service("launchd") });
  assert.deepEqual(managers.calls(), [`launchctl bootstrap gui/UID ${file()}`, "launchctl kickstart gui/UID/a.zot"]);
  assert.equal(readFileSync(file(), "utf8"), "the user's own");
});

test("launchd: without agent and plist, the error names the setting", async () => {
  const { code, stderr } = await deploy(world.text(["read"]), { service: service("launchd") });
  assert.equal(code, 1);
  assert.match(
    stderr,
    /\(setting registry\.service\): exit code 1\. It is not loaded, and .*service file.* does not exist/,
  );
});

test("launchd: the error quotes the log file that launchd reports", async () => {
  managers.load();
  const { stderr } = await deploy(world.text([], { start: "refused" }), { service: service("launchd") });
  assert.match(stderr, /zot says:\n.*it cannot start/);
  assert.doesNotMatch(stderr, /very-secret/);
});

test("systemd: a unit is restarted after a reset of its failures, and the error quotes its journal", async () => {
  const { code, stderr } = await deploy(world.text([], { start: "refused" }), { service: service("systemd") });
  assert.equal(code, 1);
  const once = ["systemctl --no-ask-password reset-failed zot", "systemctl --no-ask-password restart zot"];
  assert.deepEqual(managers.calls(), [...once, ...once]);
  assert.match(stderr, /zot says:\nzot\.service: Main process exited.*\n.*it cannot start/);
  assert.doesNotMatch(stderr, /very-secret/);
});

test("systemd: a user unit is restarted by the user's manager", async () => {
  await deployed(world.text(["read"]), { service: service("systemd-user") });
  assert.deepEqual(managers.calls(), ["systemctl --user reset-failed zot", "systemctl --user restart zot"]);
});

for (const [kind, loading] of [
  [
    "launchd",
    () => [
      "launchctl bootout gui/UID/a.zot",
      "launchctl enable gui/UID/a.zot",
      `launchctl bootstrap gui/UID ${file()}`,
      "launchctl kickstart gui/UID/a.zot",
    ],
  ],
  [
    "systemd-user",
    () => ["systemctl --user daemon-reload", "systemctl --user reset-failed zot", "systemctl --user restart zot"],
  ],
] as const) {
  test(`${kind}: a managed file is written, reloaded after a change, and replaced by the original on destroy`, async () => {
    writeFileSync(file(), "of before");
    managers.load(kind === "launchd" ? "a.zot" : "zot");
    await deployed(world.text(["read"]), { service: service(kind, "first") });
    // The first deployment also asks whether the service runs, before it changes anything.
    const changes = managers.calls().filter((call) => !call.includes(" is-active "));
    assert.deepEqual(changes.slice(0, -1), loading());
    assert.equal(readFileSync(file(), "utf8"), "first");
    assert.equal(statSync(file()).mode & 0o777, 0o644);
    if (kind === "launchd") assert.equal(statSync(world.at("logs/zot.log")).mode & 0o777, 0o600);

    await deployed(world.text([]), { service: service(kind, "first") });
    assert.deepEqual(managers.calls(), [], "nothing changed in it, and zot takes over the config by itself");

    await deployed(world.text([]), { service: service(kind, "second") });
    assert.equal(readFileSync(file(), "utf8"), "second");
    assert.equal(world.read("config.json.service.previous"), "first");
    assert.deepEqual(managers.calls().slice(0, -1), loading());

    await removed(service(kind, "second"));
    assert.equal(readFileSync(file(), "utf8"), "of before");
    assert.deepEqual(managers.calls(), loading());
    assert.ok(
      world.files().every((name) => !/zot-auth|previous/.test(name)),
      world.files().join(" "),
    );
  });

  test(`${kind}: if zot does not start, the previous file is restored too`, async () => {
    managers.load(kind === "launchd" ? "a.zot" : "zot");
    await deployed(world.text(["read"]), { service: service(kind, "first") });
    const { code, stderr } = await deploy(world.text([], { start: "refused" }), { service: service(kind, "second") });
    assert.equal(code, 1);
    assert.match(stderr, /The previous config was restored and serves/);
    assert.equal(readFileSync(file(), "utf8"), "first");
    assert.deepEqual(world.zot.inForce, JSON.parse(world.text(["read"])));
    assert.equal((await world.facts(file())).service.state, "as written");
  });

  test(`${kind}: a hand edit of the managed file is reported and reverted`, async () => {
    managers.load(kind === "launchd" ? "a.zot" : "zot");
    await deployed(world.text(["read"]), { service: service(kind, "ours") });
    assert.deepEqual((await world.facts(file())).service, { repairs: 0, state: "as written" });
    writeFileSync(file(), "theirs");
    assert.deepEqual((await world.facts(file())).service, { repairs: 1, state: "edited" });
    await deployed(world.text(["read"]), { service: service(kind, "ours"), serviceRepairs: 1 });
    assert.equal(readFileSync(file(), "utf8"), "ours");
    assert.deepEqual((await world.facts(file())).service, { repairs: 1, state: "as written" });
  });

  test(`${kind}: without an original file, destroy stops zot and removes ours`, async () => {
    await deployed(world.text(["read"]), { service: service(kind, "ours") });
    managers.calls();
    assert.notEqual(world.zot.inForce, undefined);
    await removed(service(kind, "ours"));
    assert.equal(existsSync(file()), false);
    const stopped = kind === "launchd" ? "launchctl bootout gui/UID/a.zot" : "systemctl --user disable --now zot";
    assert.ok(managers.calls().includes(stopped));
    assert.equal(world.zot.inForce, undefined);
    assert.equal(world.config(), world.text([]));
  });
}

test("launchd: a plist that plutil rejects is not written", async () => {
  managers.load();
  const { code, stderr } = await deploy(world.text(["read"]), { service: service("launchd", "not-a-plist") });
  assert.equal(code, 1);
  assert.match(stderr, /registry\.manageService\); nothing was changed: .*not a plist/);
  assert.equal(existsSync(file()), false);
  assert.equal(world.config(), world.text([]));
});
