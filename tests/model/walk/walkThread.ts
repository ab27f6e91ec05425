// The thread in which the tests of the walk have it played: node:test tracks every promise of its own thread, which costs about a quarter of the time.
import "../prepare.ts";
import { parentPort } from "node:worker_threads";
import type { Fault } from "../requests/gate.ts";
import { PAIRS } from "./table/pairs.ts";
import { TABLE } from "./table/table.ts";
import { Walk } from "./walk.ts";

/** A setting that changes; or a first `up`, or a `destroy`, that may be killed. */
export type Job =
  | { readonly path: string }
  | { readonly pair: string; readonly fault?: Fault; readonly run: "up" | "destroy" };

export interface Walked {
  /** Why it failed. */
  readonly failure?: string;
  /** The requests of a run that change something, up to the one at which it was killed. */
  readonly requests?: readonly string[];
}

let walk = await Walk.start();
let played = 0;

async function play(job: Job): Promise<Walked> {
  // A homelab gets slower as its history grows.
  if (++played % 40 === 0) await anew();
  try {
    if ("path" in job) {
      const row = TABLE[job.path];
      if (row === undefined || "elsewhere" in row) throw new Error(`the table does not play ${job.path}`);
      await walk.play(job.path, row);
      return {};
    }
    const pair = PAIRS[job.pair];
    if (pair === undefined) throw new Error(`there is no pair ${job.pair}`);
    return { requests: await walk.ended(job.run, pair, job.fault) };
  } catch (error) {
    // What is left is no start for the next one.
    await anew();
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

async function anew(): Promise<void> {
  await walk.stop();
  walk = await Walk.start();
}

parentPort?.on("message", (job: Job) => {
  void play(job).then((walked) => parentPort?.postMessage(walked));
});
