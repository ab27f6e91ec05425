import { EngineLab } from "../support/harness.ts";
import { Homelab } from "../support/homelab.ts";

/** The lab that all files in this folder share. */
export let lab: EngineLab;
export let homelab: Homelab;

export async function start(): Promise<void> {
  lab = await EngineLab.start((config) => {
    // So that the same run revokes superseded keys.
    config["zot-auth:ci"] = { ...(config["zot-auth:ci"] as object), gracePeriod: "0 seconds" };
  });
  homelab = new Homelab(lab);
}

export async function stop(): Promise<void> {
  await lab.stop();
}

/** Changes settings of CI's key. */
export function changeCi(values: Readonly<Record<string, string>>): void {
  lab.changeSettings((config) => {
    config["zot-auth:ci"] = { ...(config["zot-auth:ci"] as object), ...values };
  });
}
