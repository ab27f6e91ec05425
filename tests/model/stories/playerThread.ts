// The thread in which everyStep.test.ts has its stories played: node:test tracks every promise of its own thread, which costs about a quarter of the time.
import "../prepare.ts";
import { parentPort } from "node:worker_threads";
import { Homelab } from "../homelab/homelab.ts";
import { Life } from "./life.ts";
import type { Killed, Story } from "./story.ts";

export type Job = Killed | Story;

/** How many faults struck, and how many requests were sent that change something and at which a run was killed; or why it failed. */
export type Played = { readonly struck: number; readonly requests: number } | { readonly failure: string };

const lab = await Homelab.start();
const life = new Life(lab);

async function play(job: Job): Promise<Played> {
  const before = life.struck;
  try {
    const requests = "run" in job ? await life.playKills(job) : 0;
    if ("acts" in job) await life.play(job);
    return { struck: life.struck - before, requests };
  } catch (error) {
    return { failure: `${JSON.stringify(job)}\n${error instanceof Error ? error.message : String(error)}` };
  }
}

parentPort?.on("message", (job: Job) => {
  void play(job).then((played) => parentPort?.postMessage(played));
});
