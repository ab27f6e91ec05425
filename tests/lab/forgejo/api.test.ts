// Behaviour that the recording covers only partly: redirects with permissions, files, lists of runs and tasks, a restart.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { forgejo, TOKEN } from "./instance.ts";

const REPOSITORY = "/api/v1/repos/own/app";
const WORKFLOW = "on: workflow_dispatch\njobs: { one: { runs-on: docker, steps: [{ run: echo hi }] } }\n";

await test("no response of the API contains a secret", async (t) => {
  const server = await forgejo(t, {
    secrets: { GIVEN: "seeded-secret-value" },
    files: { ".forgejo/workflows/a.yaml": WORKFLOW },
  });
  await server.ask("PUT", `${REPOSITORY}/actions/secrets/KEY`, { data: "put-secret-value" });
  const { id } = await server.dispatch("a.yaml");
  await server.ended(id);
  const answers = await Promise.all(
    ["", "/actions/secrets", "/actions/variables", `/actions/runs/${id}`, "/actions/runs", "/actions/tasks"].map(
      (path) => server.ask("GET", `${REPOSITORY}${path}`),
    ),
  );
  for (const { status, text } of answers) {
    assert.equal(status, 200);
    assert.doesNotMatch(text, /secret-value/);
  }
  const names = JSON.parse(answers[1]?.text ?? "") as readonly { readonly name: string }[];
  assert.deepEqual(
    names.map(({ name }) => name),
    ["GIVEN", "KEY"],
  );
});

await test("a new repository with a former name replaces the redirect, and has another id", async (t) => {
  const server = await forgejo(t, {});
  const before = JSON.parse((await server.ask("GET", REPOSITORY)).text) as { readonly id: number };
  assert.equal((await server.ask("PATCH", REPOSITORY, { name: "renamed" })).status, 200);
  const moved = await server.ask("PUT", `${REPOSITORY}/actions/secrets/KEY`, { data: "x" });
  assert.equal(moved.status, 301);
  assert.equal(moved.headers.get("Location"), "/api/v1/repos/own/renamed/actions/secrets/KEY");
  assert.equal((await server.ask("POST", "/api/v1/user/repos", { name: "app" })).status, 201);
  const after = await server.ask("GET", REPOSITORY);
  assert.equal(after.status, 200);
  assert.notEqual((JSON.parse(after.text) as { readonly id: number }).id, before.id);
  const back = await server.ask("PATCH", "/api/v1/repos/own/renamed", { name: "app" });
  assert.equal(back.status, 422);
});

await test("runs are listed oldest first, by status and number; tasks newest first", async (t) => {
  const server = await forgejo(t, { files: { ".forgejo/workflows/a.yaml": WORKFLOW } });
  const runs = [await server.dispatch("a.yaml"), await server.dispatch("a.yaml"), await server.dispatch("a.yaml")];
  for (const { id } of runs) await server.ended(id);
  const list = async (query: string): Promise<[readonly number[], number]> => {
    const { text } = await server.ask("GET", `${REPOSITORY}/actions/${query}`);
    const body = JSON.parse(text) as { workflow_runs: readonly { readonly id: number }[]; total_count: number };
    return [body.workflow_runs.map(({ id }) => id), body.total_count];
  };
  assert.deepEqual(await list("runs"), [[1, 2, 3], 3]);
  assert.deepEqual(await list("runs?status=success&limit=2&page=2"), [[3], 3]);
  assert.deepEqual(await list("runs?run_number=2"), [[2], 1]);
  assert.deepEqual(await list("runs?status=failure"), [[], 0]);
  assert.deepEqual(await list("tasks?status=failure"), [[3, 2, 1], 3]);
});

await test("without read permission, a private repository's runs and logs are hidden", async (t) => {
  const server = await forgejo(t, {
    files: { ".github/workflows/a.yaml": WORKFLOW },
    seed: { tokens: [{ token: "b".repeat(40), user: "bob", scopes: ["all"] }] },
  });
  const { id, run_number: number } = await server.dispatch("a.yaml");
  await server.ended(id);
  const log = `/own/app/actions/runs/${number}/jobs/0/attempt/1/logs`;
  for (const token of [null, "b".repeat(40)]) {
    assert.equal((await server.ask("GET", `${REPOSITORY}/actions/runs/${id}`, undefined, token)).status, 404);
    assert.equal((await server.ask("GET", log, undefined, token)).status, 404);
  }
  assert.match((await server.ask("GET", log)).text, /^[\d-]{10}T[\d:]{8}\.\d{7}Z hi$/m);
});

await test("the next run sees a file written through the API; a change must name the current version", async (t) => {
  const server = await forgejo(t, { files: { ".forgejo/workflows/a.yaml": WORKFLOW } });
  const path = `${REPOSITORY}/contents/.forgejo/workflows/a.yaml`;
  const seen = JSON.parse((await server.ask("GET", path)).text) as { readonly sha: string };
  const content = Buffer.from(WORKFLOW.replace("echo hi", "echo changed")).toString("base64");
  assert.equal((await server.ask("PUT", path, { content, sha: "0".repeat(40) })).status, 422);
  const first = await server.run((await server.dispatch("a.yaml")).id);
  assert.equal((await server.ask("PUT", path, { content, sha: seen.sha })).status, 200);
  const second = await server.dispatch("a.yaml");
  const run = await server.ended(second.id);
  assert.match(await server.log(second.run_number), /^changed$/m);
  assert.notEqual(run.commit_sha, first.commit_sha);
});

await test("a restart keeps the state; the data folder contains no plain-text token; the seed is used once", async (t) => {
  const server = await forgejo(t, { secrets: { KEY: "x" } });
  await server.ask("DELETE", `${REPOSITORY}/actions/secrets/KEY`);
  await server.ask("PUT", `${REPOSITORY}/actions/secrets/OTHER`, { data: "a".repeat(10 * 1024 * 1024) });
  await server.stop();
  await server.start();
  const names = JSON.parse((await server.ask("GET", `${REPOSITORY}/actions/secrets`)).text) as readonly {
    name: string;
  }[];
  assert.deepEqual(
    names.map(({ name }) => name),
    ["OTHER"],
  );
  assert.equal(readFileSync(join(server.data, "forgejo.json"), "utf8").includes(TOKEN), false);
});

await test("of concurrent writes of one secret, one creates and all others update it; of a variable, only one succeeds", async (t) => {
  const server = await forgejo(t, { runner: null });
  const statuses = async (method: string, path: string, body: object): Promise<Readonly<Record<number, number>>> => {
    const counts: Record<number, number> = {};
    const answers = Array.from({ length: 16 }, async () => server.ask(method, `${REPOSITORY}/actions/${path}`, body));
    for (const { status } of await Promise.all(answers)) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  };
  assert.deepEqual(await statuses("PUT", "secrets/SAME", { data: "x" }), { 201: 1, 204: 15 });
  assert.deepEqual(await statuses("POST", "variables/SAME", { value: "x" }), { 204: 1, 409: 15 });
});

await test("a run has the fields of the real server, in the same order", async (t) => {
  const server = await forgejo(t, { files: { ".forgejo/workflows/a.yaml": WORKFLOW }, runner: null });
  const { id } = await server.dispatch("a.yaml");
  const { title, event, trigger_event: trigger, status, started, stopped, ...run } = await server.run(id);
  assert.deepEqual(
    { title, event, trigger, status, started, stopped },
    {
      title: ".forgejo/workflows/a.yaml",
      event: "",
      trigger: "workflow_dispatch",
      status: "waiting",
      started: "1970-01-01T00:00:00Z",
      stopped: "1970-01-01T00:00:00Z",
    },
  );
  assert.deepEqual(
    Object.keys(run),
    (
      "id repository workflow_id index_in_repo trigger_user ScheduleID prettyref is_ref_deleted commit_sha " +
      "is_fork_pull_request need_approval approved_by event_payload created updated html_url"
    ).split(" "),
  );
});
