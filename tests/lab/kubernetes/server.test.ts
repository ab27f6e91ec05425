import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { parse } from "yaml";
import { kubeconfig, startKubernetes } from "../../../lab/kubernetes/server.ts";
import { TestCluster, blueprints, configMaps, temporaryDirectory, until } from "./support.ts";

test("an invalid token returns 401; no token, or one for another namespace, returns 403", async (t) => {
  const tokens = [{ token: "all" }, { token: "some", user: "ci", namespaces: ["default"] }];
  const cluster = await TestCluster.start(t, { tokens });
  const get = (token?: string) => cluster.request("GET", blueprints, undefined, token === undefined ? {} : { token });
  const wrong = await get("wrong");
  assert.deepEqual([wrong.status, wrong.body.message, wrong.body.reason], [401, "Unauthorized", "Unauthorized"]);
  const none = await get();
  assert.equal(none.status, 403);
  assert.match(none.body.message, /^configmaps "blueprints" is forbidden: User "system:anonymous" cannot get/);
  const other = await get("some");
  assert.equal(
    other.body.message,
    'configmaps "blueprints" is forbidden: User "ci" cannot get resource "configmaps" in API group "" in the namespace "authentik"',
  );
  assert.equal((await get("all")).status, 404);
  assert.equal((await cluster.request("GET", "/api/v1/namespaces", undefined, { token: "some" })).status, 403);
  assert.equal((await fetch(`${cluster.url}/api`)).status, 403);
  assert.equal(await (await fetch(`${cluster.url}/readyz`)).text(), "ok");
});

test("the option `anonymous` admits client-go, which sends no token without TLS", async (t) => {
  const cluster = await TestCluster.start(t, { tokens: [{ token: "all" }], anonymous: { namespaces: ["authentik"] } });
  assert.equal((await cluster.apply("zot-auth", { a: "1" })).status, 201);
  assert.equal((await cluster.request("GET", "/api/v1/namespaces/default/configmaps")).status, 403);
  assert.equal((await fetch(`${cluster.url}/openapi/v2`)).status, 200);
});

test("discovery and schema let clients find ConfigMaps", async (t) => {
  const cluster = await TestCluster.start(t);
  const json = async (path: string) =>
    (await fetch(`${cluster.url}${path}`)).json() as Promise<Record<string, unknown>>;
  assert.deepEqual((await json("/api"))["versions"], ["v1"]);
  assert.deepEqual((await json("/apis"))["groups"], []);
  const resources = (await json("/api/v1"))["resources"] as { name: string; verbs: string[] }[];
  assert.deepEqual(resources.map(({ name }) => name).sort(), ["configmaps", "events", "namespaces"]);
  const { major, minor } = await json("/version");
  assert.deepEqual([major, minor], ["1", "35"]);
  const { definitions } = await json("/openapi/v2");
  assert.ok("io.k8s.api.core.v1.ConfigMap" in (definitions as object));
  const accept = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
  const protobuf = await fetch(`${cluster.url}/openapi/v2`, { headers: { accept } });
  assert.equal(protobuf.headers.get("content-type"), accept.replace("@", "."));
  const bytes = Buffer.from(await protobuf.arrayBuffer());
  // Field 1 of the message is the version of the format, three bytes long.
  assert.equal(bytes.subarray(0, 5).toString("latin1"), "\x0a\x032.0");
  assert.ok(bytes.includes("x-kubernetes-group-version-kind"));
});

test("a watch reports changes after the list, and can start with the list", async (t) => {
  const cluster = await TestCluster.start(t);
  await cluster.apply("zot-auth", { a: "1" });
  const { resourceVersion } = (await cluster.request("GET", configMaps)).body.metadata;
  const later = await lines(`${cluster.url}${configMaps}?watch=true&resourceVersion=${resourceVersion}`);
  const whole = await lines(
    `${cluster.url}${configMaps}?watch=true&sendInitialEvents=true&fieldSelector=metadata.name=blueprints`,
  );
  await cluster.apply("zot-auth", { a: "2" });
  await cluster.request("DELETE", blueprints);
  const types = async (read: () => Promise<string>, count: number) => {
    const seen: string[] = [];
    while (seen.length < count) seen.push((JSON.parse(await read()) as { type: string }).type);
    return seen;
  };
  assert.deepEqual(await types(later, 2), ["MODIFIED", "DELETED"]);
  assert.deepEqual(await types(whole, 4), ["ADDED", "BOOKMARK", "MODIFIED", "DELETED"]);
});

test("a projection creates, updates and deletes only its own files", async (t) => {
  const directory = join(temporaryDirectory(t), "files");
  mkdirSync(directory);
  writeFileSync(join(directory, "foreign.txt"), "stays");
  const projection = { namespace: "authentik", configMap: "blueprints", directory, delayMs: 30 };
  const seed = {
    namespaces: ["authentik"],
    configMaps: [{ namespace: "authentik", name: "blueprints", data: { a: "1" } }],
  };
  const cluster = await TestCluster.start(t, { projections: [projection], seed });
  const text = (file: string) => readFileSync(join(directory, file), "utf8");
  assert.equal(text("a"), "1");
  await cluster.apply("zot-auth", { "zot.yaml": "z" });
  assert.equal(existsSync(join(directory, "zot.yaml")), false, "the kubelet delays updates");
  await until("the new file", () => existsSync(join(directory, "zot.yaml")) || undefined);
  assert.equal(text("zot.yaml"), "z");
  await cluster.apply("zot-auth", {});
  await until("the file to be deleted", () => !existsSync(join(directory, "zot.yaml")) || undefined);
  assert.deepEqual([text("a"), text("foreign.txt")], ["1", "stays"]);
});

test("objects survive a restart", async (t) => {
  const data = temporaryDirectory(t);
  const first = await startKubernetes({ port: 0, data, seed: { namespaces: ["authentik"] } });
  const url = `${first.url}${blueprints}?fieldManager=zot-auth`;
  const body = JSON.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "blueprints" },
    data: { a: "1" },
  });
  await fetch(url, { method: "PATCH", headers: { "content-type": "application/apply-patch+yaml" }, body });
  await first.close();
  const cluster = await TestCluster.start(t, { data, seed: { namespaces: ["unused"] } });
  assert.deepEqual((await cluster.get()).data, { a: "1" });
  assert.equal((await cluster.request("GET", "/api/v1/namespaces/unused")).status, 404);
});

test("a kubeconfig has one context with the server, the token and the namespace", () => {
  const config = parse(
    kubeconfig("http://127.0.0.1:1", "t0ken", { context: "lab", namespace: "authentik" }),
  ) as unknown;
  assert.deepEqual(config, {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "lab", cluster: { server: "http://127.0.0.1:1" } }],
    users: [{ name: "lab", user: { token: "t0ken" } }],
    contexts: [{ name: "lab", context: { cluster: "lab", user: "lab", namespace: "authentik" } }],
    "current-context": "lab",
  });
});

/** Reads a streamed response line by line. */
async function lines(url: string): Promise<() => Promise<string>> {
  const response = await fetch(url);
  assert.ok(response.body);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffered = "";
  return async () => {
    for (;;) {
      const end = buffered.indexOf("\n");
      if (end !== -1) {
        const line = buffered.slice(0, end);
        buffered = buffered.slice(end + 1);
        return line;
      }
      const { done, value } = await reader.read();
      if (done) throw new Error("The stream has ended.");
      buffered += value;
    }
  };
}
