// A host on which the settings of zot's service change: a world with service managers, and what a test does there.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, afterEach, beforeEach } from "node:test";
import { renderUnit } from "../../../../../systems/zot/host/service/service.ts";
import type { Service } from "../../../../../systems/zot/host/service/service.ts";
import { serviceNotice } from "../../../../../systems/zot/host/service/serviceNotice.ts";
import { Managers } from "../support/managers.ts";
import { useQuickCurl } from "../support/quickCurl.ts";
import { World } from "../support/world.ts";

export const BY_HAND = "[Service] of before\n";

/** Of the test that runs. */
export let world: World;
export let managers: Managers;

/** Gives each test of the file that calls it a host of its own. */
export function eachOnItsOwnHost(): void {
  const removeCurl = useQuickCurl();
  const own = { ...process.env };
  after(() => removeCurl());
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
}

/** A unit with that name, in a file of that name; `managed` says whether we write it. */
export function unit(name: string, { managed = true, file = `${name}.service` } = {}): Service {
  const manager = { kind: "systemd-user", name, file: world.at(file) } as const;
  const zot = { binary: world.at("zot"), configFile: world.configFile };
  return { manager, logs: [], ...(managed ? { definition: `# ${name}\n${renderUnit(zot)}` } : {}) };
}

export async function deploy(service: Service, text = world.text([])): Promise<void> {
  const { code, stderr } = await world.deploy(text, { service });
  assert.equal(code, 0, stderr);
}

export async function destroy(service: Service): Promise<string> {
  const { code, stderr } = await world.remove({ service });
  assert.equal(code, 0, stderr);
  return stderr;
}

export async function notice(service: Service): Promise<string | undefined> {
  const { kind } = service.manager;
  const managed = kind !== "command" && service.definition !== undefined;
  return serviceNotice(await world.facts(managed ? service.manager.file : undefined), service);
}

/** Files of ours, or of a service. */
export const left = (): readonly string[] =>
  world.files().filter((name) => !["config.json", "zot", "zot.log"].includes(name));

/** The hand-made unit `old` ran zot, and was taken over. */
export async function adoptOld(): Promise<void> {
  writeFileSync(world.at("old.service"), BY_HAND);
  managers.load("old");
  await deploy(unit("old"));
}
