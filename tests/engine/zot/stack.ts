import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { valueAt } from "../../../systems/zot/config/syntax/anyCase.ts";
import { quote } from "../../../systems/zot/host/shell/shell.ts";
import { EngineLab } from "../support/harness.ts";
import { Homelab } from "../support/homelab.ts";

type Group = Record<string, unknown>;

/** The lab that all files in this folder share. Its zot can be upgraded. */
export let lab: EngineLab;
export let homelab: Homelab;

export async function start(): Promise<void> {
  lab = await EngineLab.start((config) => {
    const registry = config["zot-auth:registry"] as Group;
    // Next to the lab's folder, which does not exist yet.
    const folder = join(String(registry["configFile"]), "../../..");
    registry["binary"] = installZot(folder, "v2.1.17");
  });
  homelab = new Homelab(lab);
}

export async function stop(): Promise<void> {
  await lab.stop();
}

/**
 * Installs a zot whose release can be changed later, as by an upgrade.
 *
 * @param configFile the config that the service starts it with, instead of the lab's
 */
export function installZot(folder: string, release: string, configFile?: string): string {
  const main = resolve(import.meta.dirname, "../../../lab/zot/main.ts");
  const file = join(folder, "versioned-zot");
  const serve = configFile === undefined ? "" : `if [ "$1" = serve ]; then set -- serve ${quote(configFile)}; fi\n`;
  // A session of ssh has a PATH of its own.
  const node = quote(process.execPath);
  writeFileSync(file, `#!/bin/sh\n${serve}exec ${node} ${quote(main)} --version-emulated ${release} "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}

export function change(group: string, values: Group): void {
  lab.changeSettings((config) => {
    config[`zot-auth:${group}`] = { ...(config[`zot-auth:${group}`] as Group | undefined), ...values };
  });
}

/** zot's config. */
export const config = (): unknown => JSON.parse(readFileSync(lab.layout.settings.registry.configFile, "utf8"));
export const metrics = (): unknown => valueAt(config(), "http", "accessControl", "metrics");

/** zot's status when a key begins an upload. */
export async function mayPush(key: string): Promise<number> {
  return (await homelab.registry("/v2/homelab/any/blobs/uploads/", { method: "POST", key })).status;
}
