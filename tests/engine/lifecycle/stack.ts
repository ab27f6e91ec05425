import { EngineLab } from "../harness.ts";
import { Homelab } from "../homelab.ts";

/** What all files of this folder look at, one after the other. */
export let lab: EngineLab;
export let homelab: Homelab;

export async function start(): Promise<void> {
  lab = await EngineLab.start();
  homelab = new Homelab(lab);
}

export async function stop(): Promise<void> {
  await lab.stop();
}
