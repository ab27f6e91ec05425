import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { Worker } from "node:worker_threads";
import type { Played } from "./moments.ts";
import type { Job } from "./momentsThread.ts";
import { PAIRS } from "../table/pairs.ts";
import type { Job as Ended, Walked } from "../walkThread.ts";

// Settings that people change together, in one edit. The run is killed at a few moments, and the user goes on, recovers, destroys, or sets the settings back: nothing is
// lost, nothing is left, nothing gets stuck. `npm run moments` plays every moment of every pair, in both directions, with every ending.
//
// It does not play: zot's host becoming another one (registry.host; tests/systems/zot/host/former), the six ways by which Argo CD may manage the ConfigMap
// (tests/engine/configMap), and commands that are killed in their middle on zot's host (tests/systems/zot/host).

const FEW = 3;

let moments: Worker;
let thread: Worker;

before(() => {
  moments = new Worker(new URL("./momentsThread.ts", import.meta.url));
  thread = new Worker(new URL("../walkThread.ts", import.meta.url));
});
after(async () => {
  await Promise.all([moments.terminate(), thread.terminate()]);
});

for (const [number, pair] of Object.keys(PAIRS).entries()) {
  const back = PAIRS[pair]?.found === undefined && number % 2 === 1;
  test(`${pair}${back ? ", and back" : ""}, killed`, async () => {
    const job: Job = { pair, back, few: FEW };
    moments.postMessage(job);
    // Rejects when the thread fails.
    const [{ failures, endings }] = (await once(moments, "message")) as [Played];
    assert.deepEqual(failures, []);
    assert.ok(endings >= FEW, String(endings));
  });
}

for (const [pair, { foundTwice = [] }] of Object.entries(PAIRS))
  for (const [found, { back = false, again }] of foundTwice.entries())
    test(`${pair}${back ? ", and back" : ""}, killed, then ${again}, killed: ${found + 1}`, async () => {
      const job: Job = { pair, back, found };
      moments.postMessage(job);
      // Rejects when the thread fails.
      const [{ failures, endings }] = (await once(moments, "message")) as [Played];
      assert.deepEqual(failures, []);
      assert.equal(endings, 1);
    });

for (const run of ["up", "destroy"] as const)
  test(`${run} with a ConfigMap, killed before and after each request to Kubernetes, then destroy`, async () => {
    const pair = "delivery by the API, then by a ConfigMap";
    const { failure, requests = [] } = await play({ pair, run });
    assert.equal(failure, undefined, failure);
    const kills = requests.flatMap((request, index) => (request.includes("/configmaps/") ? [index + 1] : []));
    assert.ok(kills.length > 0, requests.join("\n"));
    for (const at of kills)
      for (const when of ["before", "after"] as const)
        for (const then of ["provider", "cli"] as const) {
          const { failure: why } = await play({ pair, run, fault: { at, when, then } });
          assert.equal(why, undefined, `killed ${when} request ${at} (${then}): ${why ?? ""}`);
        }
  });

async function play(job: Ended): Promise<Walked> {
  thread.postMessage(job);
  // Rejects when the thread fails.
  const [walked] = (await once(thread, "message")) as [Walked];
  return walked;
}
