import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ZotAuthError } from "../../../../../core/errors.ts";
import type { Deployment } from "../../../../../systems/zot/host/deploy/deploy.ts";
import { renderUnit } from "../../../../../systems/zot/host/service/service.ts";
import { deploy, eachOnItsOwnHost, managers, unit, world } from "./switching.ts";

// The settings of zot's service and of its config file change in one update.

eachOnItsOwnHost();

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
