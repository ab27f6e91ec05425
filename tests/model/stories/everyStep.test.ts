import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { Worker } from "node:worker_threads";
import type { Fault } from "../requests/gate.ts";
import type { Played } from "./playerThread.ts";
import type { RunAct, Story } from "./story.ts";

// In every kind of run, the CLI or the provider is killed before and after each request that changes something; then the user resumes. Where nothing was
// recorded between a response and the next request, the servers and the state are the same after the one and before the other, so that one story is played.
// troubled.test.ts and crowded.test.ts combine such failures in random order.

let player: Worker;

before(() => {
  player = new Worker(new URL("./playerThread.ts", import.meta.url));
});
after(async () => player.terminate());

interface Case {
  readonly run: RunAct["do"];
  /** What the user does before the final command. */
  readonly next?: RunAct["do"];
  readonly story: Omit<Story, "acts">;
  /** The number of requests that the run sends. */
  readonly atLeast: number;
}

const RUNS: readonly Case[] = [
  { run: "up", story: { begin: "nothing", grace: "1 hour", end: "up" }, atLeast: 30 },
  { run: "up", story: { begin: "nothing", grace: "1 hour", end: "destroy" }, atLeast: 30 },
  { run: "rotate", story: { begin: "whole", grace: "1 hour", end: "up" }, atLeast: 25 },
  { run: "rotate", story: { begin: "whole", grace: "0 seconds", end: "up" }, atLeast: 26 },
  { run: "revoke", story: { begin: "whole", grace: "1 hour", end: "up" }, atLeast: 27 },
  { run: "repositories", story: { begin: "whole", grace: "1 hour", end: "up" }, atLeast: 6 },
  { run: "groups", story: { begin: "whole", grace: "1 hour", end: "recover" }, atLeast: 2 },
  { run: "groups", story: { begin: "whole", grace: "1 hour", end: "destroy" }, atLeast: 2 },
  { run: "destroy", story: { begin: "whole", grace: "1 hour", end: "destroy" }, atLeast: 14 },
  { run: "destroy", story: { begin: "whole", grace: "1 hour", end: "up" }, atLeast: 14 },
  { run: "destroy", next: "up", story: { begin: "whole", grace: "1 hour", end: "destroy" }, atLeast: 14 },
];

for (const { run, next, story, atLeast } of RUNS) {
  /** Requests after which a kill is the same as before the next one. */
  const played = new Set<number>();
  for (const when of ["before", "after"] as const) {
    test(`${run} (grace ${story.grace}), killed ${when} each request, then ${next === undefined ? "" : `${next}, then `}${story.end}`, async () => {
      for (let at = 1; ; at += 1) {
        if (when === "after" && played.has(at)) continue;
        const then: Fault["then"] = Math.floor(at / 2) % 2 === 0 ? "cli" : "provider";
        const after = next === undefined ? [] : [{ do: next }];
        // Twice the work of `up`, and what it would find does not depend on the exact request.
        const end = story.end === "up" && at % 4 === (when === "before" ? 0 : 2) ? "recover" : story.end;
        const { struck, unrecorded } = await play({
          ...story,
          acts: [{ do: run, fault: { at, when, then } }, ...after],
          end,
        });
        if (struck && unrecorded && when === "before") played.add(at - 1);
        if (struck) continue;
        assert.ok(at > atLeast, `${at - 1} requests`);
        return;
      }
    });
  }
}

test("rotate (grace 0 seconds), every request slow: later steps wait, and CI always has a key that zot accepts", async () => {
  for (let at = 1; ; at += 1) {
    const fault: Fault = { at, when: "before", then: "slow" };
    const { struck } = await play({ begin: "whole", grace: "0 seconds", end: "up", acts: [{ do: "rotate", fault }] });
    if (struck) continue;
    assert.ok(at > 26, `${at - 1} requests`);
    return;
  }
});

/** Plays a story to its end. */
async function play(story: Story): Promise<Exclude<Played, { readonly failure: string }>> {
  player.postMessage(story);
  // Rejects when the thread fails.
  const [played] = (await once(player, "message")) as [Played];
  if ("failure" in played) throw new Error(played.failure);
  return played;
}
