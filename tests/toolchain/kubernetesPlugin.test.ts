// The stand-in for @pulumi/kubernetes' plugin with the lab's API server.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import { kubeconfig, startKubernetes } from "../../lab/kubernetes/server.ts";
import { Plugin, UNKNOWN_TEXT, messageOf, secret, urnOf } from "./support/plugin.ts";
import type { Properties } from "./support/plugin.ts";

const PLUGIN = join(import.meta.dirname, "../../toolchain/plugins/kubernetes/pulumi-resource-kubernetes");
const urn = urnOf("kubernetes:core/v1:ConfigMapPatch", "blueprint");
const NAMESPACE = "authentik";
const ID = "authentik/blueprints";

function patchOf(text: string, { force = true, manager = "zot-auth" } = {}): Properties {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "blueprints",
      namespace: NAMESPACE,
      annotations: { "pulumi.com/patchFieldManager": manager, "pulumi.com/patchForce": String(force) },
    },
    data: { "zot.yaml": text },
  };
}

interface Live {
  readonly data: Readonly<Record<string, string>>;
  readonly metadata: { readonly managedFields: readonly { readonly manager: string; readonly fieldsV1: unknown }[] };
}

/** A cluster with a foreign ConfigMap, and the plugin configured for it. */
async function start(t: TestContext) {
  const data = mkdtempSync(join(tmpdir(), "zot-auth-kubernetes-"));
  const seed = {
    namespaces: [NAMESPACE],
    configMaps: [{ namespace: NAMESPACE, name: "blueprints", data: { "other.yaml": "x" } }],
  };
  const server = await startKubernetes({ port: 0, data, seed });
  const plugin = await Plugin.start(PLUGIN);
  t.after(async () => {
    await plugin[Symbol.asyncDispose]();
    await server.close().catch(() => undefined); // a test may have closed it
    rmSync(data, { recursive: true });
  });
  await plugin.configure({ kubeconfig: kubeconfig(server.url, "") });
  const url = `${server.url}/api/v1/namespaces/${NAMESPACE}/configmaps/blueprints`;
  const edit = async (manager: string, zot: string) => {
    const headers = { "content-type": "application/merge-patch+json" };
    const body = JSON.stringify({ data: { "zot.yaml": zot } });
    assert.equal((await fetch(`${url}?fieldManager=${manager}`, { method: "PATCH", headers, body })).status, 200);
  };
  const live = async () => (await (await fetch(url)).json()) as Live;
  return { plugin, server, url, edit, live };
}

await test("a patch owns only its key: create, update and delete leave other keys unchanged", async (t) => {
  const { plugin, live } = await start(t);
  const { id, state } = await plugin.create({ urn }, patchOf("a: 1\n"));
  assert.equal(id, ID);
  assert.deepEqual((await live()).data, { "other.yaml": "x", "zot.yaml": "a: 1\n" });
  assert.deepEqual(state["data"], { "other.yaml": "x", "zot.yaml": "a: 1\n" });
  assert.deepEqual(state["__inputs"], patchOf("a: 1\n"));
  assert.equal(state["__fieldManager"], "zot-auth");

  const previewed = await plugin.update({ urn, preview: true }, id, state, patchOf("a: 2\n"));
  assert.deepEqual(previewed["data"], { "other.yaml": "x", "zot.yaml": "a: 2\n" });
  assert.equal((await live()).data["zot.yaml"], "a: 1\n");

  const updated = await plugin.update({ urn }, id, state, patchOf("a: 2\n"));
  assert.equal((await live()).data["zot.yaml"], "a: 2\n");

  await plugin.delete(urn, id, updated);
  const left = await live();
  assert.deepEqual(left.data, { "other.yaml": "x" });
  assert.equal(
    left.metadata.managedFields.some(({ manager }) => manager === "zot-auth"),
    false,
  );
});

await test("read sees a manual edit; update reverts it with force and reports a conflict without", async (t) => {
  const { plugin, edit, live } = await start(t);
  const { id, state } = await plugin.create({ urn }, patchOf("a: 1\n"));
  await edit("kubectl-edit", "a: 9\n");

  const read = await plugin.read(urn, id, state, patchOf("a: 1\n"));
  assert.deepEqual(read.inputs, patchOf("a: 9\n"), "the inputs have the server's values");
  assert.equal(read.id, ID);

  const gentle = patchOf("a: 1\n", { force: false });
  const conflict =
    /^server-side apply field conflict detected, see https:\S+ for troubleshooting help\nThe resource managed by field manager "zot-auth" had an apply conflict: Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: \.data\.zot\.yaml$/;
  await assert.rejects(plugin.update({ urn, preview: true }, id, state, gentle), (error) =>
    conflict.test(messageOf(error)),
  );
  await assert.rejects(plugin.update({ urn }, id, state, gentle), (error) =>
    messageOf(error).startsWith(
      `the Kubernetes API server reported that "${ID}" failed to fully initialize or become live: server-side`,
    ),
  );
  assert.equal((await live()).data["zot.yaml"], "a: 9\n");

  await plugin.update({ urn }, id, state, patchOf("a: 1\n"));
  assert.equal((await live()).data["zot.yaml"], "a: 1\n");
});

await test("a new field manager replaces the previous one", async (t) => {
  const { plugin, live } = await start(t);
  const { id, state } = await plugin.create({ urn }, patchOf("a: 1\n"));
  await plugin.update({ urn }, id, state, patchOf("a: 1\n", { manager: "other" }));
  const managers = (await live()).metadata.managedFields.map(({ manager }) => manager);
  assert.deepEqual([managers.includes("other"), managers.includes("zot-auth")], [true, false]);
});

await test("read: imports a ConfigMap by id, and reports a deleted one as gone", async (t) => {
  const { plugin, url } = await start(t);
  const imported = await plugin.read(urn, ID, {}, {});
  assert.deepEqual(imported.inputs, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "blueprints", namespace: NAMESPACE },
  });
  assert.equal((await fetch(url, { method: "DELETE" })).status, 200);
  assert.equal((await plugin.read(urn, ID, {}, patchOf("x"))).id, "");
  await plugin.delete(urn, ID, { __inputs: patchOf("x"), __fieldManager: "zot-auth" });
  assert.equal((await fetch(url)).status, 404, "deleting the patch does not recreate a deleted ConfigMap");
});

await test("a preview sends no unknown values and no patch of an object that does not exist yet", async (t) => {
  const { plugin, live } = await start(t);
  const unknown = { ...patchOf("x"), data: UNKNOWN_TEXT };
  assert.deepEqual(await plugin.create({ urn, preview: true }, unknown), { id: "", state: unknown });
  const elsewhere = { ...patchOf("x"), metadata: { name: "nowhere", namespace: "nowhere" } };
  assert.deepEqual((await plugin.create({ urn, preview: true }, elsewhere)).state, elsewhere);
  assert.equal((await live()).data["zot.yaml"], undefined);
});

await test("check and diff", async (t) => {
  const { plugin } = await start(t);
  const { inputs } = await plugin.check(urn, { metadata: { name: "a" }, data: { k: secret("v") } });
  assert.deepEqual(inputs, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "a", namespace: "default" },
    data: secret({ k: "v" }),
  });
  await assert.rejects(
    plugin.check(urn, { data: {} }),
    (error) => messageOf(error) === "patch resources require the `.metadata.name` field to be set",
  );
  assert.deepEqual(await plugin.diff(urn, { old: patchOf("a"), inputs: patchOf("b") }), {
    changes: true,
    replaces: [],
    detailed: { 'data["zot.yaml"]': "UPDATE" },
  });
  const moved = { ...patchOf("a"), metadata: { name: "blueprints", namespace: "other" } };
  const { replaces, detailed } = await plugin.diff(urn, { old: patchOf("a"), inputs: moved });
  assert.deepEqual([replaces, detailed["metadata.namespace"]], [["metadata"], "UPDATE_REPLACE"]);
  assert.equal((await plugin.diff(urn, { old: patchOf("a"), inputs: patchOf("a") })).changes, false);
});

await test("secret data is secret in both places in the state", async (t) => {
  const { plugin } = await start(t);
  const { state } = await plugin.create({ urn }, { ...patchOf("x"), data: secret({ "zot.yaml": "x" }) });
  assert.deepEqual(state["data"], secret({ "other.yaml": "x", "zot.yaml": "x" }));
  assert.deepEqual(state["__inputs"], secret(patchOf("x")));
});

await test("an unreachable cluster: previews of new patches continue, everything else reports the reason", async (t) => {
  const { plugin, server } = await start(t);
  await server.close();
  const why = `configured Kubernetes cluster is unreachable: unable to load schema information from the API server: Get "${server.url}/openapi/v2?timeout=32s": dial tcp ${new URL(server.url).host}: connect: connection refused`;
  assert.deepEqual((await plugin.create({ urn, preview: true }, patchOf("x"))).state, patchOf("x"));
  assert.deepEqual(await plugin.update({ urn, preview: true }, ID, {}, patchOf("x")), patchOf("x"));
  await assert.rejects(plugin.create({ urn }, patchOf("x")), (error) => messageOf(error) === why);
  await assert.rejects(plugin.read(urn, ID, {}, patchOf("x")), (error) =>
    messageOf(error).startsWith("failed to read resource state due to unreachable cluster."),
  );
  await assert.rejects(plugin.delete(urn, ID, {}), (error) =>
    messageOf(error).startsWith("configured Kubernetes cluster is unreachable. If the cluster was deleted"),
  );
});

await test("reports an unusable kubeconfig and a provider without server-side apply as errors of the resource", async () => {
  for (const [settings, expected] of [
    [
      { kubeconfig: "contexts: []\n", context: "x" },
      'failed to parse kubeconfig data in `kubernetes:config:kubeconfig`- context "x" does not exist',
    ],
    [{ kubeconfig: "/nowhere/config" }, "ENOENT"],
  ] as const) {
    await using plugin = await Plugin.start(PLUGIN);
    await plugin.configure(settings);
    await assert.rejects(plugin.create({ urn }, patchOf("x")), (error) => messageOf(error).includes(expected));
  }
  await using plugin = await Plugin.start(PLUGIN);
  await plugin.configure({ kubeconfig: kubeconfig("http://127.0.0.1:1", ""), enableServerSideApply: "false" });
  await assert.rejects(plugin.check(urn, patchOf("x")), (error) =>
    messageOf(error).startsWith("patch resources require Server-Side Apply mode"),
  );
});
