import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { renderLaunchAgent } from "../../../../../systems/zot/host/service/service.ts";
import type { Service } from "../../../../../systems/zot/host/service/service.ts";
import { cleanUpIn } from "../former/cleanUp.ts";
import { sh } from "../support/sh.ts";
import {
  BY_HAND,
  adoptOld,
  deploy,
  destroy,
  eachOnItsOwnHost,
  left,
  managers,
  notice,
  unit,
  world,
} from "./switching.ts";

// The settings of zot's service change: what we wrote for the old one goes or returns, and destroy restores what ran zot before us.

eachOnItsOwnHost();

describe("another service", () => {
  test("the old one stops and its file goes; destroy restores and starts the original", async () => {
    await adoptOld();
    assert.equal(
      await notice(unit("new")),
      `systemd-user:old, which runs zot now, is stopped. Once zot runs under systemd-user:new, ${world.at("old.service")} is removed; \`destroy\` restores its original.`,
    );
    await deploy(unit("new"));
    assert.deepEqual([managers.running(), world.read("old.service")], ["new", undefined]);
    assert.equal(await notice(unit("new")), undefined);
    await destroy(unit("new"));
    assert.deepEqual([managers.running(), left()], ["old", ["old.service"]]);
    assert.equal(world.read("old.service"), BY_HAND);
  });

  test("of one that nobody had made by hand, nothing is left", async () => {
    await deploy(unit("old"));
    await deploy(unit("new"));
    await deploy(unit("newest"));
    assert.deepEqual(
      [managers.running(), world.read("old.service"), world.read("new.service")],
      ["newest", undefined, undefined],
    );
    await destroy(unit("newest"));
    assert.deepEqual([managers.running(), left()], [undefined, []]);
  });

  test("and back: the original is still the one that destroy restores", async () => {
    await adoptOld();
    await deploy(unit("new"));
    await deploy(unit("old"));
    assert.deepEqual([managers.running(), world.read("new.service")], ["old", undefined]);
    await destroy(unit("old"));
    assert.deepEqual([managers.running(), left(), world.read("old.service")], ["old", ["old.service"], BY_HAND]);
  });

  test("if zot does not start by the new one, the old one runs again", async () => {
    await adoptOld();
    const kept = left();
    const before = [world.read("old.service"), world.read("config.json.service.before-zot-auth")];
    const { code, stderr } = await world.deploy(world.text([], { start: "refused" }), { service: unit("new") });
    assert.equal(code, 1);
    assert.match(stderr, /The previous config was restored and serves/);
    assert.deepEqual(
      [managers.running(), world.read("old.service"), world.read("config.json.service.before-zot-auth")],
      ["old", ...before],
    );
    assert.deepEqual(
      left().filter((name) => name !== "config.json.previous"),
      kept,
    );
  });

  test("of a launchd agent too", async () => {
    const agent = (label: string): Service => {
      const manager = { kind: "launchd", name: label, file: world.at(`${label}.plist`) } as const;
      const zot = { binary: world.at("zot"), configFile: world.configFile };
      return { manager, logs: [], definition: renderLaunchAgent(label, zot, world.at("zot.log")) };
    };
    await deploy(agent("a.old"));
    await deploy(agent("a.new"));
    assert.deepEqual([managers.running(), world.read("a.old.plist")], ["a.new", undefined]);
    await destroy(agent("a.new"));
    assert.deepEqual([managers.running(), left()], [undefined, []]);
  });

  test("that is not ours: the old one's original returns to its place, and does not run", async () => {
    await adoptOld();
    writeFileSync(world.at("new.service"), "[Service] of the user\n");
    const theirs = unit("new", { managed: false });
    assert.match((await notice(theirs)) ?? "", /old\.service is replaced by its original\.$/);
    await deploy(theirs);
    assert.deepEqual([managers.running(), world.read("old.service")], ["new", BY_HAND]);
    await destroy(theirs);
    assert.deepEqual([managers.running(), left()], ["new", ["new.service", "old.service"]]);
  });
});

describe("another file of the same service", () => {
  test("the old file goes before the service manager reads the new one, and destroy restores it", async () => {
    await adoptOld();
    const moved = unit("old", { file: "moved.service" });
    assert.equal(
      await notice(moved),
      `Once zot runs under systemd-user:old, ${world.at("old.service")} is removed; \`destroy\` restores its original.`,
    );
    await deploy(moved);
    assert.deepEqual([managers.running(), world.read("old.service")], ["old", undefined]);
    await destroy(moved);
    assert.deepEqual([managers.running(), left(), world.read("old.service")], ["old", ["old.service"], BY_HAND]);
  });

  test("if zot does not start, the old file is there again", async () => {
    await adoptOld();
    const ours = world.read("old.service");
    const moved = unit("old", { file: "moved.service" });
    assert.equal((await world.deploy(world.text([], { start: "refused" }), { service: moved })).code, 1);
    assert.deepEqual(
      [managers.running(), world.read("old.service"), world.read("moved.service")],
      ["old", ours, undefined],
    );
  });
});

describe("no longer managed", () => {
  const theirs = (): Service => unit("old", { managed: false });

  test("our file stays, since zot runs by it; destroy restores the original", async () => {
    await adoptOld();
    const ours = world.read("old.service");
    assert.equal(
      await notice(theirs()),
      `${world.at("old.service")} was written by an earlier update. It stays as it is while systemd-user:old runs zot, and \`destroy\` restores its original.`,
    );
    managers.calls();
    await deploy(theirs());
    assert.deepEqual([world.read("old.service"), managers.calls()], [ours, []]);
    await destroy(theirs());
    assert.deepEqual([managers.running(), left(), world.read("old.service")], ["old", ["old.service"], BY_HAND]);
  });

  test("without an original, destroy removes it", async () => {
    await deploy(unit("old"));
    assert.match((await notice(theirs())) ?? "", /and `destroy` removes it\.$/);
    await deploy(theirs());
    await destroy(theirs());
    assert.deepEqual([managers.running(), left()], [undefined, []]);
  });

  test("what somebody made of it since stays", async () => {
    await adoptOld();
    await deploy(theirs());
    writeFileSync(world.at("old.service"), `${world.read("old.service") ?? ""}# mine\n`);
    assert.match(await destroy(theirs()), /old\.service was edited by hand, so it was left in place\./);
    assert.match(world.read("old.service") ?? "", /# mine/);
    assert.deepEqual(left(), ["old.service"]);
  });

  test("and managed again, it is ours as before", async () => {
    await adoptOld();
    await deploy(theirs());
    await deploy(unit("old"));
    await destroy(unit("old"));
    assert.deepEqual([left(), world.read("old.service")], [["old.service"], BY_HAND]);
  });

  test("on a host that the settings leave, the original is restored", async () => {
    await adoptOld();
    await deploy(theirs());
    assert.deepEqual((await cleanUpIn(world, {}, world.deployment({ service: theirs() }))).warned, []);
    assert.deepEqual([managers.running(), left(), world.read("old.service")], ["old", ["old.service"], BY_HAND]);
  });
});

describe("a command in its place", () => {
  test("that restarts the same service: the file stays until destroy", async () => {
    await deploy(unit("old"));
    const { service } = world.deployment();
    await deploy(service);
    assert.equal(managers.running(), "old");
    await destroy(service);
    assert.deepEqual([managers.running(), left()], [undefined, []]);
  });

  test("that restarts another one, while ours does not run: our file goes", async () => {
    await deploy(unit("old"));
    await sh("systemctl --user stop old");
    const { service } = world.deployment();
    await deploy(service, world.text(["read"], { other: true }));
    assert.ok(
      left().every((name) => !name.includes("service")),
      left().join(" "),
    );
  });

  test("after two of ours: the file of the first one's original returns to its place", async () => {
    await adoptOld();
    await deploy(unit("new"));
    await sh("systemctl --user stop new");
    const { service } = world.deployment();
    await deploy(service, world.text(["read"], { other: true }));
    assert.equal(world.read("old.service"), BY_HAND);
    await destroy(service);
    assert.deepEqual([world.read("old.service"), world.read("new.service")], [BY_HAND, undefined]);
  });
});
