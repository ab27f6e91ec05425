import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import test from "node:test";
import type { TestContext } from "node:test";
import type { ZotAuthError } from "../../../../core/errors.ts";
import { endOfLog } from "../../../../systems/forgejo/jobs/jobLog.ts";
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
    assert.match(String(error), /waiting for a runner to take run 3 of test\.yaml in own\/ci\. It is waiting: /);
    const { total_count: runs } = (await bench.ask("GET", "/repos/own/ci/actions/runs")) as { total_count: number };
    assert.equal(runs, 3);
  });
}

const KEY = `zak_${"0a".repeat(16)}`;
const BASIC = Buffer.from(`zot-ci:${KEY}`).toString("base64");

test("a failed build shows the end of the log of the jobs that failed, without secrets", () => {
  const log = [
    ...Array.from({ length: 30 }, (_, line) => `2026-11-29T08:00:0${line % 10}.123Z step ${line}`),
    `2026-11-29T08:00:09.123Z \u001B[31mdocker login ${KEY} Basic ${BASIC} x${BASIC} token t0ken\u001B[0m\r`,
    "",
  ].join("\n");
  const shown = endOfLog(log, ["t0ken", ""]);
  assert.ok(shown.endsWith("docker login *** Basic *** *** token ***"), shown);
  assert.equal(shown.split("\n").length, 15);
  assert.ok(!shown.includes("step 15\n") && shown.includes("step 29"), shown);
  for (const digest of ["sha256:" + "ab".repeat(32), "v1.2.3-0123abc"]) assert.equal(endOfLog(digest, []), digest);
});

for (const [what, logs] of [
  ["a release that gives logs by run", "/repos/own/ci/actions/runs/1/jobs/7/logs"],
  ["a release that gives logs by job", "/repos/own/ci/actions/jobs/7/logs"],
  ["a release that gives no logs", ""],
] as const) {
  test(`${what}: the error has what there is, and the link`, async (t) => {
    const { createServer } = await import("node:http");
    const run = { id: 1, status: "failure", html_url: "http://forge.test/own/ci/actions/runs/1" };
    const server = createServer((request, response) => {
      const path = (request.url ?? "").replace("/api/v1", "").replace(/\?.*/, "");
      const answers: Readonly<Record<string, string>> = {
        "/repos/own/ci/actions/runs": JSON.stringify({ workflow_runs: [], total_count: 0 }),
        "/repos/own/ci/actions/workflows/test.yaml/dispatches": JSON.stringify({ id: 1 }),
        "/repos/own/ci/actions/runs/1": JSON.stringify(run),
        ...(logs === ""
          ? {}
          : {
              "/repos/own/ci/actions/runs/1/jobs": JSON.stringify([
                { id: 6, name: "lint", status: "success" },
                { id: 7, name: "push", status: "failure" },
              ]),
              [logs]: `unauthorized: ${KEY}\n`,
            }),
      };
      const answer = answers[path];
      response.writeHead(answer === undefined ? 404 : request.method === "POST" ? 201 : 200).end(answer);
    });
    await new Promise<void>((done) => {
      server.listen(0, "127.0.0.1", done);
    });
    t.after(() => server.close());
    process.env["T_LOGS"] = "l".repeat(40);
    const { port } = server.address() as AddressInfo;
    const bench = await Bench.start(t);
    const inputs = {
      forgejoUrl: `http://127.0.0.1:${port}`,
      forgejoToken: "env:T_LOGS" as const,
      repository: "own/ci",
      workflow: "test.yaml",
      ref: "main",
      inputs: {},
      timeout: 5,
      proves: { secretName: "PUSH_KEY" },
    };
    await assert.rejects(
      async () => testBuild.create(inputs, bench.context()),
      ({ code, message }: ZotAuthError) => {
        assert.equal(code, "TEST_BUILD_FAILED");
        assert.match(
          message,
          /test\.yaml ended as failure: see its log at http:\/\/forge\.test\/own\/ci\/actions\/runs\/1\. CI has its key in the secret PUSH_KEY,/,
        );
        assert.match(message, logs === "" ? /run again\.$/ : /\nThe end of the log of push:\nunauthorized: \*\*\*$/);
        return true;
      },
    );
  });
}

const NEVER = "1970-01-01T00:00:00Z";
const WAITING = ["waiting", NEVER] as const;
const RUNNING = ["running", "2026-11-24T04:58:06Z"] as const;
/** Between two jobs. */
const BLOCKED = ["blocked", "2026-11-24T04:58:06Z"] as const;
const DONE = ["success", "2026-11-24T04:58:06Z"] as const;

/** Builds with a timeout of ten minutes, of which six pass each time that the run is looked at. */
async function built(t: TestContext, seen: readonly (readonly [status: string, started: string])[]): Promise<unknown> {
  const { createServer } = await import("node:http");
  const clock = Date.now.bind(Date);
  let passed = 0;
  let looks = 0;
  t.mock.method(Date, "now", () => clock() + passed);
  const server = createServer((request, response) => {
    const path = (request.url ?? "").replace(/\?.*/, "");
    if (path.endsWith("/runs")) response.writeHead(404).end();
    else if (path.endsWith("/dispatches")) response.writeHead(201).end(JSON.stringify({ id: 1 }));
    else {
      const [status, started] = seen[Math.min(looks, seen.length - 1)] ?? DONE;
      looks += 1;
      passed += 360_000;
      response.end(JSON.stringify({ id: 1, status, started, html_url: "http://forge.test/own/ci/actions/runs/1" }));
    }
  });
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  t.after(() => server.close());
  process.env["T_TURNS"] = "l".repeat(40);
  const bench = await Bench.start(t);
  const inputs = {
    forgejoUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forgejoToken: "env:T_TURNS" as const,
    repository: "own/ci",
    workflow: "test.yaml",
    ref: "main",
    inputs: {},
    timeout: 600,
    proves: {},
  };
  return testBuild.create(inputs, bench.context()).then(
    ({ state }) => state.result,
    (error: unknown) => error,
  );
}

test("a build's time begins when a runner takes it, also between its jobs", async (t) => {
  assert.equal(await built(t, [WAITING, RUNNING, RUNNING, DONE]), "success");
});

test("a build that was taken between two looks has its time from then", async (t) => {
  assert.equal(await built(t, [WAITING, BLOCKED, RUNNING, DONE]), "success");
});

test("a build that times out, or that no runner takes, is reported as such", async (t) => {
  assert.match(
    String(await built(t, [RUNNING])),
    /Timed out after 10 minutes waiting for run 1 of test\.yaml in own\/ci\. It is running: /,
  );
  t.mock.restoreAll();
  assert.match(
    String(await built(t, [WAITING])),
    /waiting for a runner to take run 1 .*; no runner picks it up\. Nothing was rolled back\.$/,
  );
});

test("a state from before the secret's name was written down gets the name without a build; anything else needs one", async (t) => {
  const { bench, run } = await build(t);
  await run();
  const runs = async (): Promise<unknown> =>
    ((await bench.ask("GET", "/repos/own/ci/actions/runs")) as { total_count: unknown }).total_count;
  const before = {
    ...{ ...bench.connection(), repository: "own/ci", workflow: "test.yaml", ref: "main", inputs: { image: "a" } },
    ...{ timeout: 1, proves: { key: "0123" }, run: 1, runUrl: "", result: "success", drift: "" },
  };
  const update = async (changes: object): Promise<unknown> => {
    const { run: _run, runUrl: _url, result: _result, drift: _drift, ...inputs } = { ...before, ...changes };
    return testBuild.update?.(before, inputs, bench.context()).catch((error: unknown) => error);
  };
  const named = { key: "0123", secretName: "PUSH_KEY" };
  assert.deepEqual(await update({ proves: named }), { ...before, proves: named });
  assert.equal(await runs(), 1);
  for (const [index, changes] of [
    { proves: { ...named, key: "4567" } },
    { proves: named, ref: "next" },
    { proves: named, inputs: { image: "b" } },
    { proves: named, again: "2031-04-01T08:00:00Z" },
  ].entries()) {
    await update(changes);
    // The branch "next" does not exist.
    assert.equal(await runs(), index === 0 ? 2 : 1 + index, JSON.stringify(changes));
  }
});
