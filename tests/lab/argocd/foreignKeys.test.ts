import assert from "node:assert/strict";
import test from "node:test";
import { until } from "../kubernetes/support.ts";
import { TestArgoCd } from "./support.ts";

// What a sync does to a key that another field manager applied, for both apply modes of Argo CD.
for (const serverSideApply of [false, true]) {
  const mode = serverSideApply ? "server-side apply" : "client-side apply";
  const start = async (t: test.TestContext, git: Record<string, string>) => {
    const argocd = await TestArgoCd.start(t, { application: { serverSideApply } });
    argocd.commit(git);
    await argocd.sync();
    return argocd;
  };
  const statusBecomes = (argocd: TestArgoCd, status: string) =>
    until(`${status} after a change in the cluster`, async () => {
      const found = await argocd.get();
      return found.status.sync.status === status ? found : undefined;
    });

  test(`${mode}: a key that was never in Git is kept, and the application stays Synced`, async (t) => {
    const argocd = await start(t, { "common.yaml": "c" });
    assert.equal((await argocd.cluster.apply("zot-auth", { "zot.yaml": "z" })).status, 200);
    assert.equal((await argocd.get("?refresh=hard")).status.sync.status, "Synced");
    argocd.commit({ "common.yaml": "changed" });
    await argocd.sync();
    assert.deepEqual(await argocd.data(), { "common.yaml": "changed", "zot.yaml": "z" });
    assert.deepEqual((await argocd.cluster.owners())["zot-auth/Apply"], { "f:data": { "f:zot.yaml": {} } });
  });

  test(`${mode}: a sync overwrites a key that is also in Git`, async (t) => {
    const argocd = await start(t, { "common.yaml": "c", "zot.yaml": "git" });
    const refused = await argocd.cluster.apply("zot-auth", { "zot.yaml": "ours" });
    assert.equal(refused.status, 409);
    assert.match(refused.body.message, /conflict with "argocd-controller"/);
    await argocd.cluster.apply("zot-auth", { "zot.yaml": "ours" }, "&force=true");
    await statusBecomes(argocd, "OutOfSync");
    await argocd.sync();
    assert.deepEqual(await argocd.data(), { "common.yaml": "c", "zot.yaml": "git" });
    assert.equal((await argocd.cluster.owners())["zot-auth/Apply"], undefined);
  });

  for (const value of ["git", "ours"]) {
    const fate = serverSideApply ? "is kept" : "is deleted";
    test(`${mode}: a key that was removed from Git ${fate}, with the value ${value}`, async (t) => {
      const argocd = await start(t, { "common.yaml": "c", "zot.yaml": "git" });
      await argocd.cluster.apply("zot-auth", { "zot.yaml": value }, "&force=true");
      argocd.commit({ "common.yaml": "c" });
      assert.equal((await argocd.get("?refresh=hard")).status.sync.status, "OutOfSync");
      await argocd.sync();
      const kept = serverSideApply ? { "zot.yaml": value } : {};
      assert.deepEqual(await argocd.data(), { "common.yaml": "c", ...kept });
    });
  }

  test(`${mode}: a key that is applied after a sync removed it is kept`, async (t) => {
    const argocd = await start(t, { "common.yaml": "c", "zot.yaml": "git" });
    argocd.commit({ "common.yaml": "c" });
    await argocd.sync();
    assert.deepEqual(await argocd.data(), { "common.yaml": "c" });
    assert.equal((await argocd.cluster.apply("zot-auth", { "zot.yaml": "ours" })).status, 200);
    await argocd.sync();
    assert.deepEqual(await argocd.data(), { "common.yaml": "c", "zot.yaml": "ours" });
  });

  test(`${mode}: the field manager is argocd-controller`, async (t) => {
    const argocd = await start(t, { "common.yaml": "c" });
    const operation = serverSideApply ? "Apply" : "Update";
    assert.deepEqual(Object.keys(await argocd.cluster.owners()), [`argocd-controller/${operation}`]);
  });
}
