// The list of runners, which Forgejo has from release 15 on, as read in its source. The product's own client reads it here.
import assert from "node:assert/strict";
import test from "node:test";
import type { TestContext } from "node:test";
import { Forgejo } from "../../../systems/forgejo/client.ts";
import { runnersOf } from "../../../systems/forgejo/jobs/jobs.ts";
import { forgejo } from "./instance.ts";
import type { TestForgejo } from "./instance.ts";

const token = "b".repeat(40);
const idle = [{ name: "lab", status: "idle", version: "v12.5.2" }];

async function start(t: TestContext, options: Omit<Parameters<typeof forgejo>[1], "seed">): Promise<TestForgejo> {
  process.env["ZOT_AUTH_TEST_RUNNERS"] = token;
  t.after(() => delete process.env["ZOT_AUTH_TEST_RUNNERS"]);
  return forgejo(t, {
    ...options,
    seed: {
      organisations: [{ name: "site", owners: ["own"] }],
      tokens: [{ token, user: "own" }],
    },
  });
}

function client({ url }: TestForgejo): Forgejo {
  return new Forgejo({ forgejoUrl: url, forgejoToken: "env:ZOT_AUTH_TEST_RUNNERS" }, new AbortController().signal);
}

for (const target of ["own/app", "site", "user:own"]) {
  await test(`the instance's runner serves ${target}`, async (t) => {
    const server = await start(t, { release: { version: "15.0.3" } });
    assert.deepEqual(await runnersOf(client(server), target), idle);
  });
}

await test("a runner with a job is active", async (t) => {
  const server = await start(t, {
    release: { version: "16.0.0" },
    files: {
      ".forgejo/workflows/long.yaml": "on: push\njobs: { one: { runs-on: docker, steps: [{ run: sleep 60 }] } }\n",
    },
  });
  const { id } = await server.dispatch("long.yaml");
  await server.waitFor(id, ["running"]);
  assert.deepEqual(await runnersOf(client(server), "own/app"), [{ ...idle[0], status: "active" }]);
});

await test("without `visible` there are only the repository's own, and none without a runner", async (t) => {
  const server = await start(t, { release: { version: "15.0.3" } });
  assert.equal((await server.ask("GET", "/api/v1/repos/own/app/actions/runners")).text.trim(), "[]");
  const alone = await start(t, { release: { version: "15.0.3" }, runner: null });
  assert.deepEqual(await runnersOf(client(alone), "own/app"), []);
});

await test("a release before 15 lists none, and nobody but the owner sees them", async (t) => {
  assert.equal(await runnersOf(client(await start(t, {})), "own/app"), undefined);
  const server = await start(t, { release: { version: "15.0.3" } });
  const path = "/api/v1/repos/own/app/actions/runners?visible=true";
  assert.equal((await server.ask("GET", path, undefined, null)).status, 404);
});
