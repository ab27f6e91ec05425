import assert from "node:assert/strict";
import test from "node:test";
import { REAL_CASE } from "../support/settings.ts";
import { runProgram } from "./mocks.ts";
import { ARGOCD, inOrder, one } from "./registered.ts";

// How the program hands the blueprint to Authentik.

test("the ConfigMap patch writes one key, forced, with its own field manager", async () => {
  const { inputs } = one(await runProgram(), "kubernetes:core/v1:ConfigMapPatch");
  assert.deepEqual(Object.keys(inputs["data"] as object), ["zot.yaml"]);
  assert.deepEqual((inputs["metadata"] as Record<string, unknown>)["annotations"], {
    "pulumi.com/patchFieldManager": "zot-auth/zot.yaml",
    "pulumi.com/patchForce": "true",
  });
});

test("with Argo CD, the ConfigMap patch follows each sync, which may have deleted its key", async () => {
  const { inputs } = one(await runProgram(ARGOCD), "kubernetes:core/v1:ConfigMapPatch");
  assert.deepEqual((inputs["metadata"] as Record<string, unknown>)["annotations"], {
    "pulumi.com/patchFieldManager": "zot-auth/zot.yaml",
    "pulumi.com/patchForce": "true",
    "zot-auth/synced-revision": "0123abcd",
  });
});

for (const [delivery, type] of [
  ["file:../homelab/authentik/zot.yaml", "zot-auth:authentik:BlueprintFile"],
  ["api", "zot-auth:authentik:InlineBlueprint"],
] as const) {
  test(`with the delivery ${delivery} no Kubernetes resource is registered, and the rest still waits for the blueprint`, async () => {
    const { authentik } = REAL_CASE;
    const run = await runProgram({ authentik: { ...authentik, delivery } });
    assert.deepEqual(
      run.resources.filter((resource) => /kubernetes|argocd/.test(resource.type)),
      [],
    );
    const { inputs } = one(run, type, "authentik-blueprint");
    assert.match(String(inputs["text"]), /^version: 1\n/);
    inOrder(run, "zot-auth:authentik:ObjectCleanup", type, "zot-auth:authentik:AppliedBlueprint");
    if (delivery !== "api") inOrder(run, "zot-auth:authentik:BlueprintFileCleanup", type);
    const applied = one(run, "zot-auth:authentik:AppliedBlueprint").inputs;
    assert.equal(applied["text"], inputs["text"], "Authentik is expected to apply the delivered text");
    assert.equal(applied["path"], delivery === "api" ? "inline:zot-auth zot" : "custom/zot.yaml");
  });
}

test("the blueprint's objects are recorded before it is delivered", async () => {
  const run = await runProgram(ARGOCD);
  inOrder(run, "zot-auth:authentik:ObjectCleanup", "zot-auth:argocd:Sync", "kubernetes:core/v1:ConfigMapPatch");
  const { inputs } = one(run, "zot-auth:authentik:ObjectCleanup");
  assert.deepEqual(inputs["objects"], one(run, "zot-auth:authentik:AppliedBlueprint").inputs["objects"]);
});

test("without Argo CD there is no sync", async () => {
  const run = await runProgram();
  assert.equal(run.resources.filter(({ type }) => type === "zot-auth:argocd:Sync").length, 0);
});
