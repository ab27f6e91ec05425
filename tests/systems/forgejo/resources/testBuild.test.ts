import assert from "node:assert/strict";
import test from "node:test";
import { testBuild } from "../../../../systems/forgejo/resources/testBuild.ts";
import { Bench } from "../support/between.ts";

// The dispatch of the test build when its response is lost. The runner is none: the runs stay, so they can be counted.

const WORKFLOW =
  "on:\n  workflow_dispatch:\n    inputs:\n      image: {required: true}\njobs:\n  push:\n    runs-on: docker\n    steps: []\n";

async function build(t: test.TestContext): Promise<{ readonly bench: Bench; readonly run: () => Promise<unknown> }> {
  const bench = await Bench.start(t, {
    repositories: [{ owner: "own", name: "ci", files: { ".forgejo/workflows/test.yaml": WORKFLOW } }],
  });
  const inputs = {
    ...bench.connection(),
    repository: "own/ci",
    workflow: "test.yaml",
    ref: "main",
    inputs: { image: "own/test", undeclared: "dropped" },
    timeout: 1,
    proves: {},
  };
  // No runner: each ends in a timeout that names its run.
  return { bench, run: async () => testBuild.create(inputs, bench.context()).catch((error: unknown) => error) };
}

for (const [what, when] of [
  ["was lost", "after"],
  ["never came, since the request did not arrive", "before"],
] as const) {
  test(`a response that ${what}: one run, which is waited for`, async (t) => {
    const { bench, run } = await build(t);
    // Earlier ones, and one with other inputs.
    for (const image of ["own/test", "own/other"]) {
      await bench.ask("POST", "/repos/own/ci/actions/workflows/test.yaml/dispatches", {
        ref: "main",
        inputs: { image },
      });
    }
    let faults = 0;
    bench.fate = ({ method }) => (method === "POST" && ++faults === 1 ? { when, then: 503 } : undefined);
    const error = await run();
    assert.match(String(error), /run 3 of test\.yaml in own\/ci/);
    const { total_count: runs } = (await bench.ask("GET", "/repos/own/ci/actions/runs")) as { total_count: number };
    assert.equal(runs, 3);
  });
}
