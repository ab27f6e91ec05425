import "../prepare.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Engine } from "../engine/engine.ts";
import { Homelab } from "../homelab/homelab.ts";
import { program } from "../engine/program.ts";
import { OTHERS } from "../homelab/servers.ts";
import { MARKER, SECRET } from "../stories/invariants.ts";

// Secrets that leave the settings are deleted after what joins them has been written, whatever happens in between.

let lab: Homelab;
let engine: Engine;

beforeEach(async () => {
  lab = await Homelab.start();
  engine = new Engine();
});
afterEach(async () => lab.stop());

async function up(...repositories: readonly string[]): Promise<readonly unknown[]> {
  const settings = lab.settings({ forgejo: { repositories } });
  const { how, errors, steps } = await engine.up(() => program(settings));
  assert.equal(how, "done", errors.join());
  return steps;
}

const has = (repository: string): boolean => SECRET in lab.held(repository).secrets;

test("a repository leaves and another joins: the one that leaves keeps the key until the other has it", async () => {
  await up("own/one", "own/two");
  let seen = 0;
  engine.watch = () => {
    if (has("own/three") && MARKER in lab.held("own/three").variables) seen += 1;
    else assert.ok(has("own/one"));
  };
  await up("own/two", "own/three");
  assert.ok(seen > 0);
  assert.equal(has("own/one"), false);
  assert.equal(MARKER in lab.held("own/one").variables, false);
  assert.deepEqual(await up("own/two", "own/three"), [], "nothing is left to do");
});

test("if the one that joins cannot be written, the one that leaves keeps the key; the next up finishes", async () => {
  await up("own/one");
  const settings = lab.settings({ forgejo: { repositories: ["own/two"] } });
  // The first request that changes something writes the marker of own/two.
  const failed = await engine.up(() => program(settings), { at: 1, when: "before", then: "cli" });
  assert.equal(failed.run.struck?.url.pathname, `/api/v1/repos/own/two/actions/variables/${MARKER}`);
  assert.ok(has("own/one"));
  await engine.refresh();
  await up("own/two");
  assert.deepEqual([has("own/one"), has("own/two")], [false, true]);
});

for (const at of [1, 2, 3, 4]) {
  test(`what a run that was killed after ${at} requests wrote, and the settings then omit, is deleted`, async () => {
    await up("own/one");
    const settings = lab.settings({ forgejo: { repositories: ["own/one", "own/two"] } });
    await engine.up(() => program(settings), { at, when: "after", then: "cli" });
    await engine.refresh();
    await up("own/one");
    assert.deepEqual(lab.held("own/two"), { secrets: OTHERS, variables: OTHERS });
  });
}
