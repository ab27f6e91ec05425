import assert from "node:assert/strict";
import test from "node:test";
import { stringify } from "yaml";
import { TestArgoCd, application, configMap } from "./support.ts";

test("with invalid YAML, a refresh sets the status to Unknown and an operation ends in Error", async (t) => {
  const argocd = await TestArgoCd.start(t);
  argocd.commit({ a: "1" });
  await argocd.sync();
  argocd.commitFile("x.yaml", "a: 1\nb: 2\nc: d: e\n");
  const { status } = await argocd.get("?refresh=normal");
  assert.deepEqual([status.sync.status, status.sync.revision, status.health.status], ["Unknown", "main", "Healthy"]);
  const [condition] = status.conditions ?? [];
  assert.equal(condition?.type, "ComparisonError");
  assert.match(
    condition.message,
    /^Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = FailedPrecondition desc = Failed to unmarshal "x.yaml": failed to unmarshal manifest: error converting YAML to JSON: yaml: line 3: /,
  );
  assert.equal((await argocd.post()).status, 200);
  const { operationState } = (await argocd.ended()).status;
  assert.equal(operationState?.phase, "Error");
  assert.equal(operationState.message, `ComparisonError: ${condition.message}`);
  assert.equal(operationState.syncResult?.resources, undefined);
  argocd.removeFile("x.yaml");
  assert.equal((await argocd.get("?refresh=hard")).status.conditions, undefined);
});

test("an object in a missing namespace fails, and the others are still applied", async (t) => {
  const argocd = await TestArgoCd.start(t);
  argocd.commit({ a: "1" });
  argocd.commitFile("x.yaml", stringify(configMap("x", { b: "2" }, "nowhere")));
  assert.equal((await argocd.post()).status, 200);
  const { status } = await argocd.ended();
  assert.equal(status.operationState?.phase, "Failed");
  const reason = 'namespaces "nowhere" not found';
  assert.equal(status.operationState.message, `one or more objects failed to apply, reason: ${reason}`);
  const results = status.operationState.syncResult?.resources ?? [];
  assert.deepEqual(
    results.map(({ name, status: result, message, hookPhase }) => [name, result, message, hookPhase]),
    [
      ["x", "SyncFailed", reason, "Failed"],
      ["blueprints", "Synced", "configmap/blueprints created", "Running"],
    ],
  );
  assert.deepEqual(await argocd.data(), { a: "1" });
  const refreshed = (await argocd.get("?refresh=normal")).status;
  assert.deepEqual([refreshed.sync.status, refreshed.health.status], ["OutOfSync", "Missing"]);
});

test("an invalid object fails with the API server's message", async (t) => {
  const argocd = await TestArgoCd.start(t);
  argocd.commitFile("x.yaml", stringify(configMap("x", { nested: {} })));
  await argocd.post();
  assert.equal(
    (await argocd.ended()).status.operationState?.message,
    'one or more objects failed to apply, reason: ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal object into Go struct field ConfigMap.data of type string',
  );
});

test("an object of an unknown kind fails the whole sync", async (t) => {
  const argocd = await TestArgoCd.start(t);
  argocd.commit({ a: "1" });
  argocd.commitFile("x.yaml", stringify({ apiVersion: "example.org/v1", kind: "Nonsense", metadata: { name: "x" } }));
  await argocd.post();
  const { operationState } = (await argocd.ended()).status;
  assert.deepEqual(
    [operationState?.phase, operationState?.message],
    ["Failed", "one or more synchronization tasks are not valid"],
  );
  assert.deepEqual(
    operationState?.syncResult?.resources?.map(({ name, message }) => [name, message]),
    [
      [
        "x",
        'The Kubernetes API could not find example.org/Nonsense for requested resource authentik/x. Make sure the "Nonsense" CRD is installed on the destination cluster.',
      ],
    ],
  );
  assert.equal((await argocd.cluster.request("GET", "/api/v1/namespaces/authentik/configmaps/blueprints")).status, 404);
});

test("a missing branch is rejected, an unknown commit fails later, and an earlier commit can be synced", async (t) => {
  const argocd = await TestArgoCd.start(t);
  argocd.commit({ a: "1" });
  const { revision } = (await argocd.sync()).status.sync;
  const refused = await argocd.post({ revision: "nobranch" });
  assert.deepEqual(
    [refused.status, refused.body.code, refused.body.message],
    [
      400,
      9,
      "error resolving repo revision: rpc error: code = Unknown desc = unable to resolve 'nobranch' to a commit SHA",
    ],
  );
  assert.equal((await argocd.post({ revision: "deadbeef".repeat(5) })).status, 200);
  const unknown = (await argocd.ended()).status.operationState;
  assert.equal(unknown?.phase, "Error");
  assert.match(unknown.message ?? "", /^ComparisonError: Failed to load target state: /);
  argocd.commit({ a: "2" });
  await argocd.sync();
  await argocd.post({ revision });
  await argocd.ended();
  assert.deepEqual(await argocd.data(), { a: "1" });
  assert.equal((await argocd.get("?refresh=normal")).status.sync.status, "OutOfSync");
});

test("a sync of resources that match nothing succeeds", async (t) => {
  const argocd = await TestArgoCd.start(t);
  argocd.commit({ a: "1" });
  await argocd.post({ resources: [{ group: "", kind: "ConfigMap", name: "nosuch", namespace: "authentik" }] });
  const { operationState } = (await argocd.ended()).status;
  assert.deepEqual(
    [operationState?.phase, operationState?.message, operationState?.syncResult?.resources],
    ["Succeeded", "successfully synced (no more tasks)", undefined],
  );
});

test("a dry run changes nothing, and only a sync with prune deletes what was removed from Git", async (t) => {
  const argocd = await TestArgoCd.start(t);
  argocd.commit({ a: "1" });
  argocd.commitFile("other.yaml", stringify(configMap("other", { b: "2" })));
  await argocd.post({ dryRun: true });
  await argocd.ended();
  const other = async () =>
    (await argocd.cluster.request("GET", "/api/v1/namespaces/authentik/configmaps/other")).status;
  assert.equal(await other(), 404);
  await argocd.sync();
  assert.equal(await other(), 200);
  argocd.removeFile("other.yaml");
  const { resources } = (await argocd.get("?refresh=normal")).status;
  assert.deepEqual(
    resources?.map(({ name, status, requiresPruning }) => [name, status, requiresPruning]),
    [
      ["blueprints", "Synced", undefined],
      ["other", "OutOfSync", true],
    ],
  );
  await argocd.post();
  await argocd.ended();
  assert.equal(await other(), 200);
  await argocd.sync({ prune: true });
  assert.equal(await other(), 404);
});

test("an unreachable cluster is a comparison error", async (t) => {
  const argocd = await TestArgoCd.start(t, { kubernetesUrl: "http://127.0.0.1:1" });
  argocd.commit({ a: "1" });
  const { status } = (await argocd.request("GET", `${application}?refresh=normal`)).body;
  assert.equal(status.sync.status, "Unknown");
  assert.match(status.conditions?.[0]?.message ?? "", /^Failed to load live state: /);
});
