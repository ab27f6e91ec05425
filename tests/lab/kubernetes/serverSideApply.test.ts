import assert from "node:assert/strict";
import test from "node:test";
import { TestCluster, blueprints } from "./support.ts";

const owned = (...keys: string[]) => ({ "f:data": Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) });

test("the first apply creates the ConfigMap, the next updates it", async (t) => {
  const cluster = await TestCluster.start(t);
  const created = await cluster.apply("zot-auth", { "zot.yaml": "one" });
  assert.equal(created.status, 201);
  assert.match(created.body.metadata.uid, /^[0-9a-f-]{36}$/);
  const updated = await cluster.apply("zot-auth", { "zot.yaml": "two" });
  assert.equal(updated.status, 200);
  assert.equal(updated.body.metadata.uid, created.body.metadata.uid);
  assert.ok(Number(updated.body.metadata.resourceVersion) > Number(created.body.metadata.resourceVersion));
  assert.deepEqual((await cluster.get()).data, { "zot.yaml": "two" });
});

test("an apply without changes keeps the resourceVersion", async (t) => {
  const cluster = await TestCluster.start(t);
  const first = await cluster.apply("zot-auth", { a: "1" });
  const second = await cluster.apply("zot-auth", { a: "1" });
  assert.equal(second.body.metadata.resourceVersion, first.body.metadata.resourceVersion);
});

test("two managers own different keys, and each can give up only its own", async (t) => {
  const cluster = await TestCluster.start(t);
  await cluster.apply("argocd", { "common.yaml": "c", "mfa.yaml": "m" });
  await cluster.apply("zot-auth", { "zot.yaml": "z" });
  assert.deepEqual(await cluster.owners(), {
    "argocd/Apply": owned("common.yaml", "mfa.yaml"),
    "zot-auth/Apply": owned("zot.yaml"),
  });
  await cluster.apply("argocd", { "common.yaml": "c" });
  assert.deepEqual((await cluster.get()).data, { "common.yaml": "c", "zot.yaml": "z" });
  await cluster.apply("zot-auth", {});
  assert.deepEqual((await cluster.get()).data, { "common.yaml": "c" });
  assert.deepEqual(await cluster.owners(), { "argocd/Apply": owned("common.yaml") });
});

test("applying another manager's field is a conflict that names the manager and the field", async (t) => {
  const cluster = await TestCluster.start(t);
  await cluster.apply("argocd", { "zot.yaml": "theirs" });
  const refused = await cluster.apply("zot-auth", { "zot.yaml": "ours" }, "&force=false");
  assert.equal(refused.status, 409);
  assert.deepEqual(refused.body, {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: 'Apply failed with 1 conflict: conflict with "argocd": .data.zot.yaml',
    reason: "Conflict",
    details: {
      causes: [{ reason: "FieldManagerConflict", message: 'conflict with "argocd"', field: ".data.zot.yaml" }],
    },
    code: 409,
  });
  assert.deepEqual((await cluster.get()).data, { "zot.yaml": "theirs" });
});

test("the error lists all conflicts, and the API version of a manager that used update", async (t) => {
  const cluster = await TestCluster.start(t);
  await cluster.apply("setup", { a: "1" });
  await cluster.patch("kubectl-edit", { data: { b: "2", c: "3" } });
  const refused = await cluster.apply("zot-auth", { b: "x", c: "y" });
  assert.equal(
    refused.body.message,
    'Apply failed with 2 conflicts: conflicts with "kubectl-edit" using v1:\n- .data.b\n- .data.c',
  );
});

test("force takes over a field, and giving it up then deletes it", async (t) => {
  const cluster = await TestCluster.start(t);
  await cluster.apply("argocd", { "zot.yaml": "theirs", other: "o" });
  const forced = await cluster.apply("zot-auth", { "zot.yaml": "ours" }, "&force=true");
  assert.equal(forced.status, 200);
  assert.deepEqual(await cluster.owners(), { "argocd/Apply": owned("other"), "zot-auth/Apply": owned("zot.yaml") });
  await cluster.apply("zot-auth", {});
  assert.deepEqual((await cluster.get()).data, { other: "o" });
});

test("two managers that apply the same value share the field, which is deleted when both give it up", async (t) => {
  const cluster = await TestCluster.start(t);
  await cluster.apply("argocd", { "zot.yaml": "same" });
  assert.equal((await cluster.apply("zot-auth", { "zot.yaml": "same" })).status, 200);
  await cluster.apply("zot-auth", {});
  assert.deepEqual((await cluster.get()).data, { "zot.yaml": "same" });
  await cluster.apply("argocd", {});
  assert.equal((await cluster.get()).data, undefined);
});

test("after a manual edit, the editor owns the key, which is kept when the applier gives it up", async (t) => {
  const cluster = await TestCluster.start(t);
  await cluster.apply("zot-auth", { "zot.yaml": "ours" });
  await cluster.patch("kubectl-edit", { data: { "zot.yaml": "edited" } });
  assert.deepEqual(await cluster.owners(), { "kubectl-edit/Update": owned("zot.yaml") });
  await cluster.apply("zot-auth", {});
  assert.deepEqual((await cluster.get()).data, { "zot.yaml": "edited" });
});

test("each label and annotation has its own owner", async (t) => {
  const cluster = await TestCluster.start(t);
  await cluster.apply("argocd", { a: "1" });
  const metadata = { name: "blueprints", labels: { app: "zot" }, annotations: { "pulumi.com/patchForce": "true" } };
  await cluster.request(
    "PATCH",
    `${blueprints}?fieldManager=zot-auth`,
    { apiVersion: "v1", kind: "ConfigMap", metadata },
    { type: "application/apply-patch+yaml" },
  );
  assert.deepEqual((await cluster.owners())["zot-auth/Apply"], {
    "f:metadata": { "f:annotations": { "f:pulumi.com/patchForce": {} }, "f:labels": { "f:app": {} } },
  });
  await cluster.apply("zot-auth", { b: "2" });
  const { metadata: left } = await cluster.get();
  assert.equal(left.labels, undefined);
  assert.equal(left.annotations, undefined);
});

test("a dry run returns the result without changing anything", async (t) => {
  const cluster = await TestCluster.start(t);
  const dry = await cluster.apply("zot-auth", { a: "1" }, "&dryRun=All");
  assert.equal(dry.status, 201);
  assert.deepEqual(dry.body.data, { a: "1" });
  assert.equal((await cluster.request("GET", blueprints)).status, 404);
  await cluster.apply("argocd", { a: "1" });
  assert.equal((await cluster.apply("zot-auth", { a: "2" }, "&dryRun=All")).status, 409);
  assert.deepEqual((await cluster.apply("zot-auth", { a: "2" }, "&dryRun=All&force=true")).body.data, { a: "2" });
  assert.deepEqual((await cluster.get()).data, { a: "1" });
});

test("an apply requires an existing namespace and a field manager", async (t) => {
  const cluster = await TestCluster.start(t);
  const nowhere = await cluster.apply("zot-auth", { a: "1" }, "", "nowhere");
  assert.deepEqual([nowhere.status, nowhere.body.message], [404, 'namespaces "nowhere" not found']);
  const type = "application/apply-patch+yaml";
  const yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: blueprints}\ndata: {a: '1'}\n";
  const anonymous = await cluster.request("PATCH", blueprints, yaml, { type });
  assert.deepEqual([anonymous.status, anonymous.body.reason], [422, "Invalid"]);
  assert.equal((await cluster.request("PATCH", `${blueprints}?fieldManager=x`, yaml, { type })).status, 201);
});
