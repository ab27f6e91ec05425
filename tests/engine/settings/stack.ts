import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineLab } from "../support/harness.ts";
import { Homelab } from "../support/homelab.ts";

/** The lab that all files in this folder share. */
export let lab: EngineLab;
export let homelab: Homelab;
/** The text of the valid settings file. */
export let settings: string;

/** The file with the value of the secret FORGE_TOKEN, and its first value. */
export const source = join(mkdtempSync(join(tmpdir(), "zot-auth-source-")), "forge-token");
export const FIRST_TOKEN = "the-first-forge-token-of-site";

export async function start(): Promise<void> {
  writeFileSync(source, `${FIRST_TOKEN}\n`, { mode: 0o600 });
  lab = await EngineLab.start((config) => {
    config["zot-auth:forgejo"] = {
      ...(config["zot-auth:forgejo"] as object),
      repositories: ["homelab/apps", "images", "user:homelab"],
      secrets: [{ name: "FORGE_TOKEN", source: `file:${source}`, repositories: ["homelab/site"] }],
    };
  });
  homelab = new Homelab(lab);
  settings = readFileSync(lab.settingsFile, "utf8");
}

export async function stop(): Promise<void> {
  await lab.stop();
  rmSync(join(source, ".."), { recursive: true });
}
