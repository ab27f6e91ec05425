import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { Worker } from "node:worker_threads";
import type { Fault } from "../requests/gate.ts";
import type { Job, Played } from "./playerThread.ts";
import type { Killed } from "./story.ts";

// In every kind of run, the CLI or the provider is killed before and after each request that changes something; then the user resumes. The run
// is played once: at each of these moments it stands still, and what a kill would leave is kept. Worlds that are like each other, and end in the same way, are played once.
// troubled.test.ts and crowded.test.ts combine such failures in random order.

let player: Worker;

before(() => {
  player = new Worker(new URL("./playerThread.ts", import.meta.url));
});
after(async () => player.terminate());

/** Runs, and at least how many requests they send. */
const RUNS: readonly (readonly [killed: Killed, atLeast: number])[] = [
  [{ begin: "destroyed", run: "up", grace: "1 hour", end: "up" }, 30],
  [{ begin: "nothing", run: "up", grace: "1 hour", end: "destroy" }, 30],
  [{ begin: "whole", run: "rotate", grace: "1 hour", end: "up" }, 25],
  [{ begin: "whole", run: "rotate", grace: "0 seconds", end: "up" }, 26],
  [{ begin: "whole", run: "revoke", grace: "1 hour", end: "up" }, 27],
  [{ begin: "whole", run: "repositories", grace: "1 hour", end: "up" }, 6],
  [{ begin: "whole", run: "groups", grace: "1 hour", end: "recover" }, 2],
  [{ begin: "whole", run: "groups", grace: "1 hour", end: "destroy" }, 2],
  [{ begin: "whole", run: "destroy", grace: "1 hour", end: "destroy" }, 14],
  [{ begin: "whole", run: "destroy", grace: "1 hour", end: "up" }, 14],
  [{ begin: "whole", run: "destroy", next: "up", grace: "1 hour", end: "destroy" }, 14],
];

for (const [killed, atLeast] of RUNS) {
  const { begin, run, grace, next, end } = killed;
  test(`${run} (begins with ${begin}, grace ${grace}), killed before and after each request, then ${next === undefined ? "" : `${next}, then `}${end}`, async () => {
    const { requests } = await play(killed);
    assert.ok(requests >= atLeast, `${requests} requests`);
  });
}

test("rotate (grace 0 seconds), every request slow: later steps wait, and CI always has a key that zot accepts", async () => {
  for (let at = 1; ; at += 1) {
    const fault: Fault = { at, when: "before", then: "slow" };
    const { struck } = await play({ begin: "whole", grace: "0 seconds", end: "up", acts: [{ do: "rotate", fault }] });
    if (struck > 0) continue;
    assert.ok(at > 26, `${at - 1} requests`);
    return;
  }
});

async function play(job: Job): Promise<Exclude<Played, { readonly failure: string }>> {
  player.postMessage(job);
  // Rejects when the thread fails.
  const [played] = (await once(player, "message")) as [Played];
  if ("failure" in played) throw new Error(played.failure);
  return played;
}
