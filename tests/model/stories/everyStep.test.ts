import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { Worker } from "node:worker_threads";
import type { Fault } from "../requests/gate.ts";
import type { Played } from "./playerThread.ts";
import type { RunAct, Story } from "./story.ts";

// In every kind of run, the CLI or the provider is killed before and after each request that changes something; then the user resumes.
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
  for (const when of ["before", "after"] as const) {
    test(`${run} (grace ${story.grace}), killed ${when} each request, then ${next === undefined ? "" : `${next}, then `}${story.end}`, async () => {
      for (let at = 1; ; at += 1) {
        const then: Fault["then"] = at % 2 === 0 ? "cli" : "provider";
        const after = next === undefined ? [] : [{ do: next }];
        const end = story.end === "up" && at % 3 === 0 ? "recover" : story.end;
        if (await strikes({ ...story, acts: [{ do: run, fault: { at, when, then } }, ...after], end })) continue;
        assert.ok(at > atLeast, `${at - 1} requests`);
        return;
      }
    });
  }
}

test("rotate (grace 0 seconds), every request slow: later steps wait, and CI always has a key that zot accepts", async () => {
  for (let at = 1; ; at += 1) {
    const fault: Fault = { at, when: "before", then: "slow" };
    if (await strikes({ begin: "whole", grace: "0 seconds", end: "up", acts: [{ do: "rotate", fault }] })) continue;
    assert.ok(at > 26, `${at - 1} requests`);
    return;
  }
});

/** Plays a story to its end, and says whether the run had the request at which its fault strikes. */
async function strikes(story: Story): Promise<boolean> {
  player.postMessage(story);
  // Rejects when the thread fails.
  const [played] = (await once(player, "message")) as [Played];
  if ("failure" in played) throw new Error(played.failure);
  return played.struck;
}
