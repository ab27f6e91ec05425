import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import { kubeconfig, startKubernetes } from "../../../lab/kubernetes/server.ts";
import { fieldManager } from "../../../systems/kubernetes/fieldManager.ts";
import { patchCleanup } from "../../../systems/kubernetes/patchCleanup.ts";
import type { PatchCleanupInputs } from "../../../systems/kubernetes/patchCleanup.ts";
import { testContext } from "../../support/provider.ts";

const TOKEN = "token-of-the-test";
const PATH = "/api/v1/namespaces/authentik/configmaps/blueprints";

interface Place {
  readonly inputs: PatchCleanupInputs;
  readonly data: () => Promise<Readonly<Record<string, string>>>;
  readonly apply: (manager: string, data: object) => Promise<void>;
  readonly stop: () => Promise<void>;
}

async function start(t: TestContext): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-patch-"));
  const cluster = await startKubernetes({
    port: 0,
    data: join(folder, "kubernetes"),
    tokens: [{ token: TOKEN }],
    // Over http, clients send no credentials.
    anonymous: { namespaces: ["authentik"] },
    projections: [],
    seed: {
      namespaces: ["authentik"],
      configMaps: [{ namespace: "authentik", name: "blueprints", data: { "somebodys.txt": "not ours" } }],
    },
  });
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (!stopped) await cluster.close();
    stopped = true;
  };
  t.after(async () => {
    await stop();
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, "kubeconfig");
  writeFileSync(file, kubeconfig(cluster.url, TOKEN), { mode: 0o600 });
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/apply-patch+yaml" };
  return {
    inputs: { kubeconfig: file, namespace: "authentik", configMap: "blueprints", key: "zot.yaml" },
    data: async () => {
      const { data } = (await (await fetch(`${cluster.url}${PATH}`, { headers })).json()) as {
        data: Record<string, string>;
      };
      return data;
    },
    apply: async (manager, data) => {
      const object = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "blueprints", namespace: "authentik" },
        data,
      };
      const url = `${cluster.url}${PATH}?fieldManager=${encodeURIComponent(manager)}&force=true`;
      const answer = await fetch(url, { method: "PATCH", headers, body: JSON.stringify(object) });
      assert.equal(answer.status, 200);
    },
    stop,
  };
}

test("what our field manager wrote is removed, and nothing else; a second time changes nothing", async (t) => {
  const { inputs, data, apply } = await start(t);
  await apply("zot-auth/zot.yaml", { "zot.yaml": "ours" });
  await apply("another", { "another.yaml": "theirs" });
  const context = testContext();
  const { state } = await patchCleanup.create(inputs, context);
  assert.deepEqual(await data(), { "somebodys.txt": "not ours", "zot.yaml": "ours", "another.yaml": "theirs" });
  for (let times = 0; times < 2; times += 1) {
    await patchCleanup.delete?.(state, context);
    assert.deepEqual(await data(), { "somebodys.txt": "not ours", "another.yaml": "theirs" });
  }
  assert.deepEqual(context.warned, []);
});

test("what an earlier version wrote has its manager, and is removed, too", async (t) => {
  const { inputs, data, apply } = await start(t);
  await apply("zot-auth", { "zot.yaml": "ours" });
  await apply("zot-auth/other.yaml", { "other.yaml": "another stack's" });
  const { key: _absent, ...earlier } = inputs;
  const context = testContext();
  const { state } = await patchCleanup.create(inputs, context);
  await patchCleanup.delete?.(state, context);
  assert.equal((await data())["zot.yaml"], "ours");
  await patchCleanup.delete?.((await patchCleanup.create(earlier, context)).state, context);
  assert.deepEqual(await data(), { "somebodys.txt": "not ours", "other.yaml": "another stack's" });
  assert.deepEqual(context.warned, []);
});

test("the manager's name is one that the API server takes, and each key's own", () => {
  const long = ["a", "b"].map((end) => fieldManager(`${"k".repeat(240)}${end}.yaml`));
  assert.equal(new Set(long).size, 2);
  for (const name of [...long, fieldManager(`${"k".repeat(114)}.yaml`)]) assert.ok(name.length <= 128, name);
});

test("a ConfigMap that is gone needs no cleanup; a cluster that cannot be asked is a warning that says what to look for", async (t) => {
  const { inputs, stop } = await start(t);
  const context = testContext();
  const other = await patchCleanup.create({ ...inputs, configMap: "gone" }, context);
  await patchCleanup.delete?.(other.state, context);
  assert.deepEqual(context.warned, []);
  await stop();
  const { state } = await patchCleanup.create(inputs, context);
  await patchCleanup.delete?.(state, context);
  assert.match(
    context.warned.join(),
    /^Whether an interrupted run left the blueprint in the ConfigMap authentik\/blueprints is unknown: .*delete that key there/,
  );
});
