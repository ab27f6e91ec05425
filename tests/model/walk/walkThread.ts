// The thread in which walk.test.ts has its settings played: node:test tracks every promise of its own thread, which costs about a quarter of the time.
import "../prepare.ts";
import { parentPort } from "node:worker_threads";
import { TABLE } from "./table/table.ts";
import { Walk } from "./walk.ts";

/** Why a setting failed. */
export interface Walked {
  readonly failure?: string;
}

let walk = await Walk.start();
let played = 0;

async function play(path: string): Promise<Walked> {
  const row = TABLE[path];
  if (row === undefined || "elsewhere" in row) return { failure: `the table does not play ${path}` };
  // A homelab gets slower as its history grows.
  if (++played % 40 === 0) await anew();
  try {
    await walk.play(path, row);
    return {};
  } catch (error) {
    // What is left is no start for the next setting.
    await anew();
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

async function anew(): Promise<void> {
  await walk.stop();
  walk = await Walk.start();
}

parentPort?.on("message", (path: string) => {
  void play(path).then((walked) => parentPort?.postMessage(walked));
});
