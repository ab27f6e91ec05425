import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { Worker } from "node:worker_threads";
import type { Fault } from "../requests/gate.ts";
import { PAIRS } from "./table/pairs.ts";
import type { Job, Walked } from "./walkThread.ts";

// Settings that people change together, in one edit. The run is killed at each request, or at every ninth where there are many; then the user
// recovers and destroys. The last run of each pair is not killed. Requests to Kubernetes are not among those at which a run is killed.

const STEP = 9;

let thread: Worker;

before(() => {
  thread = new Worker(new URL("./walkThread.ts", import.meta.url));
});
after(async () => thread.terminate());

for (const [number, [pair, { known, each }]] of Object.entries(PAIRS).entries()) {
  test(`${pair}, killed at ${each ? "each request" : "some requests"}, then recover, then destroy`, async () => {
    for (let at = each ? 1 : 1 + number; ; at += each ? 1 : STEP) {
      const when = at % 2 === 0 ? "before" : "after";
      const { failure, struck } = await play({ pair, fault: { at, when, then: at % 3 === 0 ? "provider" : "cli" } });
      if (known !== undefined && failure !== undefined) return;
      assert.equal(failure, undefined, `killed ${when} request ${at}: ${failure ?? ""}`);
      if (struck === true) continue;
      assert.ok(at > (each ? 1 : STEP), `${at - 1} requests`);
      assert.equal(known, undefined, `it works now: remove "${known ?? ""}" from the table`);
      return;
    }
  });
}

async function play(job: Job & { readonly fault: Fault }): Promise<Walked> {
  thread.postMessage(job);
  // Rejects when the thread fails.
  const [walked] = (await once(thread, "message")) as [Walked];
  return walked;
}
