import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { Worker } from "node:worker_threads";
import { PAIRS } from "./table/pairs.ts";
import type { Job, Walked } from "./walkThread.ts";

// Settings that people change together, in one edit. The run is killed at each request, or at every fourth where there are many; then the user
// recovers and destroys. Killed at some of them, the user sets them back and runs `up`, and nothing else: what is needed is all there. Not at requests that
// leave nothing of interest: those that prove something, open or end a session, or do in a second repository what was done in the first. Requests of
// Kubernetes' own provider count as all others; those of kubernetes:PatchCleanup, which has connections of its own, do not: it repeats them all.

const STEP = 4;
const PASSING = /^\S+ \/v2\/|\/logout$|\/executor\/|\/token\/$|\/own\/two\//;

let thread: Worker;

before(() => {
  thread = new Worker(new URL("./walkThread.ts", import.meta.url));
});
after(async () => thread.terminate());

for (const [number, [pair, { known, each, found = [] }]] of Object.entries(PAIRS).entries()) {
  test(`${pair}, killed at ${each ? "each request" : "every fourth request"}, then recover, then destroy`, async () => {
    const whole = await play({ pair });
    const failures = [whole.failure];
    if (known === undefined) assert.equal(whole.failure, undefined, whole.failure);
    const requests = whole.requests ?? [];
    const kills = requests.flatMap((request, index) => (PASSING.test(request) ? [] : [index + 1]));
    assert.ok(
      known !== undefined || kills.length >= (each ? 1 : 2 * STEP),
      `${kills.length} of ${requests.length} requests`,
    );
    const step = each ? 1 : STEP;
    for (const [order, at] of kills.entries()) {
      if (order % step !== number % step) continue;
      const when = (order + number) % 2 === 0 ? "before" : "after";
      const { failure } = await play({ pair, fault: { at, when, then: order % 4 < 2 ? "provider" : "cli" } });
      failures.push(failure === undefined ? undefined : `killed ${when} request ${at}: ${failure}`);
      if ((order + number) % (each ? 2 : 3 * STEP) >= step) continue;
      const back = await play({ pair, fault: { at, when, then: order % 4 < 2 ? "cli" : "provider" }, back: true });
      failures.push(
        back.failure === undefined ? undefined : `killed ${when} request ${at}, and set back: ${back.failure}`,
      );
    }
    for (const request of found) {
      const at = requests.indexOf(request) + 1;
      assert.notEqual(at, 0, requests.join("\n"));
      const { failure } = await play({ pair, fault: { at, when: "after", then: "cli" }, back: true });
      failures.push(failure === undefined ? undefined : `killed after ${request}, and set back: ${failure}`);
    }
    const [first] = failures.filter((failure) => failure !== undefined);
    if (known === undefined) assert.equal(first, undefined, first);
    else assert.notEqual(first, undefined, `it works now: remove "${known}" from the table`);
  });
}

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

async function play(job: Job): Promise<Walked> {
  thread.postMessage(job);
  // Rejects when the thread fails.
  const [walked] = (await once(thread, "message")) as [Walked];
  return walked;
}
