import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, beforeEach, describe, test } from "node:test";
import { ZotAuthError } from "../../../../../core/errors.ts";
import { deployScript } from "../../../../../systems/zot/host/deploy/deploy.ts";
import type { Deployment } from "../../../../../systems/zot/host/deploy/deploy.ts";
import { removeScript } from "../../../../../systems/zot/host/deploy/remove.ts";
import { renderLaunchAgent, renderUnit } from "../../../../../systems/zot/host/service/service.ts";
import type { Service } from "../../../../../systems/zot/host/service/service.ts";
import { serviceNotice } from "../../../../../systems/zot/host/service/serviceNotice.ts";
import { cleanUpIn } from "../former/cleanUp.ts";
import { Managers } from "../support/managers.ts";
import { useQuickCurl } from "../support/quickCurl.ts";
import { sh } from "../support/sh.ts";
import { Shims } from "../support/shims.ts";
import { World } from "../support/world.ts";

// The settings of zot's service change: what we wrote for the old one goes or returns, and destroy restores what ran zot before us.

const BY_HAND = "[Service] of before\n";
const removeCurl = useQuickCurl();
after(() => removeCurl());
const own = { ...process.env };

let world: World;
let managers: Managers;
beforeEach(async () => {
  world = await World.make();
  managers = new Managers(world);
  Object.assign(process.env, managers.environment);
  delete process.env["XDG_RUNTIME_DIR"];
  world.beginWith(world.text([], { before: true }));
});
afterEach(() => {
  process.env = { ...own };
  world.close();
});

/** A unit with that name, in a file of that name; `managed` says whether we write it. */
function unit(name: string, { managed = true, file = `${name}.service` } = {}): Service {
  const manager = { kind: "systemd-user", name, file: world.at(file) } as const;
  const zot = { binary: world.at("zot"), configFile: world.configFile };
  return { manager, logs: [], ...(managed ? { definition: `# ${name}\n${renderUnit(zot)}` } : {}) };
}

async function deploy(service: Service, text = world.text([])): Promise<void> {
  const { code, stderr } = await world.deploy(text, { service });
  assert.equal(code, 0, stderr);
}

async function destroy(service: Service): Promise<string> {
  const { code, stderr } = await world.remove({ service });
  assert.equal(code, 0, stderr);
  return stderr;
}

async function notice(service: Service): Promise<string | undefined> {
  const { kind } = service.manager;
  const managed = kind !== "command" && service.definition !== undefined;
  return serviceNotice(await world.facts(managed ? service.manager.file : undefined), service);
}

/** Files of ours, or of a service. */
const left = (): readonly string[] => world.files().filter((name) => !["config.json", "zot", "zot.log"].includes(name));

/** The hand-made unit `old` ran zot, and was taken over. */
async function adoptOld(): Promise<void> {
  writeFileSync(world.at("old.service"), BY_HAND);
  managers.load("old");
  await deploy(unit("old"));
}

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

// The whole range takes minutes; neighbouring steps differ little.
const STRIDE = 7;

describe("another service together with another config file", () => {
  /** A service for another config file. */
  function movedUnit(name: string, file: string): Partial<Deployment> {
    const configFile = world.at("moved.json");
    const manager = { kind: "systemd-user", name, file } as const;
    const definition = renderUnit({ binary: world.at("zot"), configFile });
    return { configFile, service: { manager, logs: [], definition } };
  }

  test("is refused before anything changes, since ours still runs zot", async () => {
    await deploy(unit("a"));
    const before = world.files();
    const { code, stderr } = await world.deploy(world.text(["read"]), movedUnit("b", world.at("b.service")));
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^Another service runs zot at http:\S+, by a file that zot-auth wrote \(systemd-user:a\)\. Change registry\.configFile and registry\.service in two updates\. Nothing was changed\.\n$/,
    );
    assert.deepEqual(world.files(), before);
    assert.equal(managers.running(), "a");
    assert.deepEqual(world.zot.inForce, JSON.parse(world.text([])));
  });

  for (const [name, file, changed] of [
    ["b", "new/b.service", "registry.service"],
    ["a", "new/a.service", "registry.serviceFile"],
  ] as const)
    test(`also by a preview, and with files in folders of one's own: ${changed}`, async () => {
      const old = unit("a", { file: "old/a.service" });
      await deploy(old);
      // Only the running zot says where its config is, and the record beside that one, which file is ours.
      const serving = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)", "serve", world.configFile]);
      await once(serving, "spawn");
      try {
        const moved = movedUnit(name, world.at(file));
        const { manager } = moved.service ?? {};
        const refusal = new RegExp(
          `Another service runs zot at http:\\S+, by a file that zot-auth wrote \\(systemd-user:a\\)\\. Change registry\\.configFile and ${changed} in two updates\\.`,
        );
        await assert.rejects(
          world.facts(world.at(file), false, { configFile: world.at("moved.json"), manager }),
          (error) =>
            error instanceof ZotAuthError && error.code === "TWO_UPDATES_NEEDED" && refusal.test(error.message),
        );
        const { code, stderr } = await world.deploy(world.text(["read"]), moved);
        assert.equal(code, 1);
        assert.match(stderr, refusal);
        assert.equal(managers.running(), "a");
        // Nor is a change of only one of them.
        await world.facts(world.at("old/a.service"), false, {
          configFile: world.at("moved.json"),
          manager: old.manager,
        });
        await world.facts(world.at(file), false, { manager });
      } finally {
        serving.kill();
      }
    });

  test("that serves at another port is another stack's, and no reason", async () => {
    await deploy(unit("a"));
    const at = (path: string): string => JSON.stringify({ http: { port: "1" }, path });
    writeFileSync(world.configFile, at("a zot of another stack"));
    const moved = movedUnit("b", world.at("b.service"));
    await world.facts(world.at("b.service"), false, {
      configFile: world.at("moved.json"),
      manager: moved.service?.manager,
    });
  });

  test("as is another file of the same unit: the clean-up of the old place would stop it", async () => {
    const home = world.at("home");
    const folder = join(home, ".config/systemd/user");
    process.env["HOME"] = home;
    const { definition = "" } = unit("a");
    const manager = { kind: "systemd-user", name: "a", file: join(folder, "a.service") } as const;
    await deploy({ manager, logs: [], definition });
    const { code, stderr } = await world.deploy(world.text(["read"]), movedUnit("a", world.at("a.service")));
    assert.equal(code, 1);
    assert.match(
      stderr,
      / Change registry\.configFile and registry\.serviceFile in two updates\. Nothing was changed\.\n$/,
    );
    assert.equal(managers.running(), "a");
    assert.ok(!world.files().includes("a.service"));
  });
});

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
