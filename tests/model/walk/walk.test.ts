import "../prepare.ts";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { leaves } from "./leaves.ts";
import { TABLE } from "./table/table.ts";
import type { Alternative } from "./table/row.ts";
import { Walk } from "./walk.ts";

// Every setting changes on a live stack, and back: nothing is lost, nothing is left, nothing gets stuck. After each change a second `up` has nothing to do, a
// refresh finds no drift, there is what a first `up` with the same settings makes, and a destroy leaves nothing. CI has a key that zot takes at every moment.
//
// It does not play the scripts on zot's host: the model's host does what they do (tests/systems/zot/host tests them). The program does not ask the host for
// hand edits, and reads the client secret from no provider.

let walk: Walk;

before(async () => {
  walk = await Walk.start();
});
after(async () => walk.stop());

test("every setting is in the table, and nothing else", () => {
  assert.deepEqual(Object.keys(TABLE).toSorted(), leaves().toSorted());
});

for (const [path, row] of Object.entries(TABLE)) {
  if ("elsewhere" in row) continue;
  test(path, async () => {
    const { known } = row;
    if (known === undefined) await play(path, row);
    else await assert.rejects(play(path, row), Error, `it works now: remove "${known}" from the table`);
  });
}

async function play(path: string, row: Alternative): Promise<void> {
  try {
    await walk.play(path, row);
  } catch (error) {
    // What is left is no start for the next setting.
    await walk.stop();
    walk = await Walk.start();
    throw error;
  }
}
