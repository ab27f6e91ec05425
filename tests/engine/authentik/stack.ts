import assert from "node:assert/strict";
import { EngineLab } from "../support/harness.ts";
import { Homelab } from "../support/homelab.ts";

/** The lab that drift.ts and blueprint.ts share, after a first up. */
export let lab: EngineLab;
export let homelab: Homelab;

export async function start(): Promise<void> {
  lab = await EngineLab.start((config) => {
    config["zot-auth:access"] = { signInGroups: ["family", "guests"] };
  });
  homelab = new Homelab(lab);
  for (const name of ["family", "guests"])
    assert.equal((await homelab.authentik("/core/groups/", "POST", { name })).status, 201);
  const { code, output } = await lab.up();
  assert.equal(code, 0, output);
}

export async function stop(): Promise<void> {
  await lab.stop();
}
