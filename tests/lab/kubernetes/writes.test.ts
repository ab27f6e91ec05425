import assert from "node:assert/strict";
import test from "node:test";
import { TestCluster, blueprints, configMaps } from "./support.ts";

const body = (data: Record<string, unknown>, extra: Record<string, string> = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "blueprints", ...extra },
  data,
});

test("POST creates an object once, and its manager owns the map and its keys", async (t) => {
  const cluster = await TestCluster.start(t);
  assert.equal((await cluster.request("POST", `${configMaps}?fieldManager=setup`, body({ a: "1" }))).status, 201);
  assert.deepEqual(await cluster.owners(), { "setup/Update": { "f:data": { ".": {}, "f:a": {} } } });
  const again = await cluster.request("POST", configMaps, body({ a: "1" }));
  assert.deepEqual(
    [again.status, again.body.reason, again.body.message],
    [409, "AlreadyExists", 'configmaps "blueprints" already exists'],
  );
  const nowhere = await cluster.request("POST", "/api/v1/namespaces/nowhere/configmaps", body({}));
  assert.deepEqual([nowhere.status, nowhere.body.message], [404, 'namespaces "nowhere" not found']);
});

test("without fieldManager, the manager is the program in User-Agent", async (t) => {
  const cluster = await TestCluster.start(t);
  await cluster.request("POST", configMaps, body({ a: "1" }), { headers: { "user-agent": "curl/8.1" } });
  assert.deepEqual(Object.keys(await cluster.owners()), ["curl/Update"]);
});

test("PUT replaces the object, rejects an outdated version, and takes over changed fields", async (t) => {
  const cluster = await TestCluster.start(t);
  const { body: created } = await cluster.apply("argocd", { a: "1", b: "2" });
  const { resourceVersion } = created.metadata;
  const put = (data: Record<string, string>, extra = {}) =>
    cluster.request("PUT", `${blueprints}?fieldManager=editor`, body(data, extra));
  assert.equal((await put({ a: "9", b: "2" }, { resourceVersion })).status, 200);
  const outdated = await put({ a: "8" }, { resourceVersion });
  assert.deepEqual([outdated.status, outdated.body.reason], [409, "Conflict"]);
  assert.match(outdated.body.message, /the object has been modified/);
  assert.deepEqual((await cluster.owners())["argocd/Apply"], { "f:data": { "f:b": {} } });
});

test("the server supports merge, strategic merge and JSON patches", async (t) => {
  const cluster = await TestCluster.start(t);
  await cluster.apply("argocd", { a: "1", b: "2", c: "3" });
  await cluster.patch("m", { data: { a: "merge", b: null } });
  assert.deepEqual((await cluster.get()).data, { a: "merge", c: "3" });
  await cluster.patch("m", { data: { c: null, d: "4" } }, "application/strategic-merge-patch+json");
  assert.deepEqual((await cluster.get()).data, { a: "merge", d: "4" });
  const steps = [
    { op: "test", path: "/data/d", value: "4" },
    { op: "move", from: "/data/d", path: "/data/x~1y" },
  ];
  const moved = await cluster.patch("m", steps, "application/json-patch+json");
  assert.deepEqual([moved.status, moved.body.reason], [422, "Invalid"], "a key must not contain a slash");
  const fine = [
    { op: "replace", path: "/data/d", value: "5" },
    { op: "remove", path: "/data/a" },
  ];
  assert.deepEqual((await cluster.patch("m", fine, "application/json-patch+json")).body.data, { d: "5" });
  const failed = [
    { op: "test", path: "/data/d", value: "no" },
    { op: "remove", path: "/data/d" },
  ];
  assert.equal((await cluster.patch("m", failed, "application/json-patch+json")).status, 422);
  assert.equal((await cluster.patch("m", {}, "text/plain")).status, 415);
  assert.deepEqual((await cluster.get()).data, { d: "5" });
});

test("wrong types and invalid names are rejected with the API server's messages", async (t) => {
  const cluster = await TestCluster.start(t);
  const wrongType = await cluster.request("POST", configMaps, body({ a: {} }));
  assert.equal(wrongType.status, 400);
  assert.equal(
    wrongType.body.message,
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal object into Go struct field ConfigMap.data of type string',
  );
  const upper = await cluster.request("POST", configMaps, body({}, { name: "UPPER" }));
  assert.equal(upper.status, 422);
  assert.match(upper.body.message, /^ConfigMap "UPPER" is invalid: metadata.name: Invalid value: "UPPER": a lowercase/);
  const key = await cluster.request("POST", configMaps, body({ "a/b": "1" }));
  assert.deepEqual([key.status, key.body.reason], [422, "Invalid"]);
});

test("DELETE removes the object, and GET then returns 404", async (t) => {
  const cluster = await TestCluster.start(t);
  await cluster.apply("zot-auth", { a: "1" });
  assert.equal((await cluster.request("DELETE", blueprints, { propagationPolicy: "Foreground" })).status, 200);
  const gone = await cluster.request("GET", blueprints);
  assert.deepEqual(
    [gone.status, gone.body.reason, gone.body.message],
    [404, "NotFound", 'configmaps "blueprints" not found'],
  );
});

test("a namespace can be created, and deleting it deletes its objects", async (t) => {
  const cluster = await TestCluster.start(t);
  const made = await cluster.request("POST", "/api/v1/namespaces", { metadata: { name: "new" } });
  assert.deepEqual([made.status, made.body.metadata.labels], [201, { "kubernetes.io/metadata.name": "new" }]);
  assert.equal((await cluster.apply("zot-auth", { a: "1" }, "", "new")).status, 201);
  await cluster.request("DELETE", "/api/v1/namespaces/new");
  assert.equal((await cluster.request("GET", "/api/v1/namespaces/new/configmaps/blueprints")).status, 404);
});
