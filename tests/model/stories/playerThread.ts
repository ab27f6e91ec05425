// The thread in which everyStep.test.ts has its stories played: node:test tracks every promise of its own thread, which costs about a quarter of the time.
import "../prepare.ts";
import { parentPort } from "node:worker_threads";
import { Homelab } from "../homelab/homelab.ts";
import { Life } from "./story.ts";
import type { Story } from "./story.ts";

/** What became of a story: whether its fault struck, and where nothing had been recorded since the request before; or why it failed. */
export type Played = { readonly struck: boolean; readonly unrecorded: boolean } | { readonly failure: string };

const lab = await Homelab.start();
const life = new Life(lab);

async function play(story: Story): Promise<Played> {
  const before = life.struck;
  try {
    await life.play(story);
    return { struck: life.struck > before, unrecorded: life.struckUnrecorded };
  } catch (error) {
    return { failure: `${JSON.stringify(story)}\n${error instanceof Error ? error.message : String(error)}` };
  }
}

parentPort?.on("message", (story: Story) => {
  void play(story).then((played) => parentPort?.postMessage(played));
});
