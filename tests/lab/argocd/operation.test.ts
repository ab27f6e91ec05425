import assert from "node:assert/strict";
import test from "node:test";
import type { Application } from "../../../lab/argocd/application.ts";
import { startArgoCd } from "../../../lab/argocd/server.ts";
import { temporaryDirectory, until } from "../kubernetes/support.ts";
import { TestArgoCd, application } from "./support.ts";

const slow = { pickUpMs: 5, syncMs: 60_000, settleMs: 500 };
const marked = (value: string) => ({ infos: [{ name: "request", value }] });

test("the stream reports each state of an operation", async (t) => {
  const argocd = await TestArgoCd.start(t);
  argocd.commit({ a: "1" });
  const old = (await argocd.sync()).status.sync.revision;
  argocd.commit({ a: "2" });
  const states = await watch(argocd);
  const { body: answer } = await argocd.post(marked("m1"));
  const fresh = answer.operation.sync.revision;
  assert.notEqual(fresh, old);
  assert.match(fresh, /^[0-9a-f]{40}$/);
  assert.equal(answer.status.operationState, undefined);
  assert.deepEqual(answer.operation, {
    sync: { revision: fresh, source: answer.spec.source },
    initiatedBy: { username: "workflow-bot" },
    info: [{ name: "request", value: "m1" }],
    retry: {},
  });
  const seen: unknown[] = [];
  for (let state = await states(); ; state = await states()) {
    const { operationState, sync } = state.status;
    seen.push([state.operation !== undefined, operationState?.phase, sync.status, sync.revision === fresh]);
    if (sync.status === "Synced" && sync.revision === fresh) break;
  }
  assert.deepEqual(seen, [
    [false, "Succeeded", "Synced", false],
    [true, undefined, "Synced", false],
    [true, "Running", "Synced", false],
    [false, "Succeeded", "Synced", false],
    [false, "Succeeded", "OutOfSync", true],
    [false, "Succeeded", "Synced", true],
  ]);
  const { operationState, history } = (await argocd.get()).status;
  assert.deepEqual(operationState?.operation.info, [{ name: "request", value: "m1" }]);
  assert.equal(operationState.message, "successfully synced (all tasks run)");
  assert.deepEqual(operationState.syncResult?.resources, [
    {
      group: "",
      version: "v1",
      kind: "ConfigMap",
      namespace: "authentik",
      name: "blueprints",
      status: "Synced",
      message: "configmap/blueprints configured",
      hookPhase: "Running",
      syncPhase: "Sync",
    },
  ]);
  assert.match(operationState.startedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.deepEqual(
    history?.map(({ id, revision }) => [id, revision]),
    [
      [0, old],
      [1, fresh],
    ],
  );
});

test("a new operation replaces the state of the previous one", async (t) => {
  const argocd = await TestArgoCd.start(t);
  argocd.commit({ a: "1" });
  await argocd.sync(marked("first"));
  const { status } = await argocd.sync(marked("second"));
  assert.deepEqual(status.operationState?.operation.info, [{ name: "request", value: "second" }]);
  assert.equal(status.operationState.syncResult?.resources?.[0]?.message, "configmap/blueprints unchanged");
});

test("while an operation runs, another is rejected, and the first can be terminated", async (t) => {
  const argocd = await TestArgoCd.start(t, { timings: slow });
  argocd.commit({ a: "1" });
  await argocd.post(marked("slow"));
  for (const body of [{}, { dryRun: true }]) {
    const refused = await argocd.post(body);
    assert.equal(refused.status, 400);
    const message = "another operation is already in progress";
    assert.deepEqual(refused.body, { error: message, code: 9, message });
  }
  const branch = await argocd.post({ revision: "nobranch" });
  assert.match(branch.body.message, /unable to resolve 'nobranch'/, "the revision is resolved first");
  const terminate = () => argocd.request("DELETE", `${application}/operation`);
  await until("the operation to run", async () => (await argocd.get()).status.operationState);
  const terminated = await terminate();
  assert.deepEqual([terminated.status, terminated.body], [200, {}]);
  assert.equal((await argocd.get()).status.operationState?.phase, "Terminating");
  const { status } = await argocd.ended();
  assert.deepEqual([status.operationState?.phase, status.operationState?.message], ["Failed", "Operation terminated"]);
  assert.equal((await terminate()).status, 400);
  assert.equal((await argocd.cluster.request("GET", "/api/v1/namespaces/authentik/configmaps/blueprints")).status, 404);
});

test("an operation that the controller has not started cannot be terminated", async (t) => {
  const argocd = await TestArgoCd.start(t, { timings: { pickUpMs: 60_000 } });
  argocd.commit({ a: "1" });
  assert.equal((await argocd.post()).status, 200);
  const refused = await argocd.request("DELETE", `${application}/operation`);
  const message = "Unable to terminate operation. No operation is in progress";
  assert.deepEqual([refused.status, refused.body], [400, { error: message, code: 3, message }]);
  assert.equal((await argocd.get()).status.operationState, undefined);
});

test("an operation interrupted by a stop resumes at the next start", async (t) => {
  const argocd = await TestArgoCd.start(t);
  argocd.commit({ a: "1" });
  const options = {
    port: 0,
    data: temporaryDirectory(t),
    kubernetesUrl: argocd.cluster.url,
    kubernetesToken: "",
    accounts: [{ name: "workflow-bot", token: "bot" }],
    applications: [{ name: "authentik", namespace: "authentik", manifestsDirectory: argocd.gitDirectory }],
  };
  const headers = { authorization: "Bearer bot", "content-type": "application/json" };
  const first = await startArgoCd({ ...options, timings: slow });
  await fetch(`${first.url}${application}/sync`, { method: "POST", headers, body: "{}" });
  await first.close();
  const second = await startArgoCd({ ...options, timings: { pickUpMs: 1, syncMs: 1, settleMs: 1 } });
  t.after(() => second.close());
  await until("the operation's end", async () => {
    const found = (await (await fetch(`${second.url}${application}`, { headers })).json()) as Application;
    return found.status.operationState?.phase === "Succeeded" || undefined;
  });
  assert.deepEqual(await argocd.data(), { a: "1" });
});

/** Reads the application's states from the stream. */
async function watch(argocd: TestArgoCd): Promise<() => Promise<Application>> {
  const url = `${argocd.url}/api/v1/stream/applications?name=authentik`;
  const response = await fetch(url, { headers: { authorization: "Bearer bot" } });
  assert.ok(response.body);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffered = "";
  return async () => {
    while (!buffered.includes("\n")) buffered += (await reader.read()).value ?? "";
    const end = buffered.indexOf("\n");
    const line = buffered.slice(0, end);
    buffered = buffered.slice(end + 1);
    return (JSON.parse(line) as { result: { application: Application } }).result.application;
  };
}
