import { EngineLab } from "../support/harness.ts";
import { Homelab } from "../support/homelab.ts";

/** The lab that all files in this folder share. */
export let lab: EngineLab;
export let homelab: Homelab;

export async function start(): Promise<void> {
  lab = await EngineLab.start(undefined, "processes");
  homelab = new Homelab(lab);
}

export async function stop(): Promise<void> {
  await lab.stop();
}
