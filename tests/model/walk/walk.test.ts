import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import { Worker } from "node:worker_threads";
import { leaves } from "./leaves.ts";
import { TABLE } from "./table/table.ts";
import type { Job, Walked } from "./walkThread.ts";

// Every setting changes on a live stack, and back: nothing is lost, nothing is left, nothing gets stuck. After each change a second `up` has nothing to do, a
// refresh finds no drift, there is what a first `up` with the same settings makes, and a destroy leaves nothing. CI has a key that zot takes at every moment.
//
// It does not play the scripts on zot's host: the model's host does what they do (tests/systems/zot/host tests them). The program does not ask the host for
// hand edits, and reads the client secret from no provider.

let thread: Worker;

before(() => {
  thread = new Worker(new URL("./walkThread.ts", import.meta.url));
});
after(async () => thread.terminate());

test("every setting is in the table, and nothing else", () => {
  assert.deepEqual(Object.keys(TABLE).toSorted(), leaves().toSorted());
});

test("what the model cannot play names the tests that do", () => {
  for (const [path, row] of Object.entries(TABLE)) {
    if (!("elsewhere" in row)) continue;
    const named = row.elsewhere.match(/tests\/[\w./]+/g) ?? [];
    assert.notDeepEqual(named, [], `${path}: ${row.elsewhere}`);
    const missing = named.filter((test) => !existsSync(test) && !existsSync(`${test}.test.ts`));
    assert.deepEqual(missing, [], path);
  }
});

for (const [path, row] of Object.entries(TABLE)) {
  if ("elsewhere" in row) continue;
  test(path, async () => {
    const job: Job = { path };
    thread.postMessage(job);
    // Rejects when the thread fails.
    const [{ failure }] = (await once(thread, "message")) as [Walked];
    const { known } = row;
    if (known === undefined) assert.equal(failure, undefined, failure);
    else assert.notEqual(failure, undefined, `it works now: remove "${known}" from the table`);
  });
}
