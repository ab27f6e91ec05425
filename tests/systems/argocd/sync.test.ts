import assert from "node:assert/strict";
import test from "node:test";
import type { TestContext } from "node:test";
import { ArgoCd } from "../../../systems/argocd/client.ts";
import { argocdSync, keyInGit } from "../../../systems/argocd/sync.ts";
import type { ArgoCdSyncInputs, ArgoCdSyncState } from "../../../systems/argocd/sync.ts";
import { TestArgoCd } from "../../lab/argocd/support.ts";
import { listen, passOn } from "../zot/signIn/support.ts";
import { connectionTo, failureOf, testContext } from "../../support/provider.ts";

// Our sync of the application that owns the ConfigMap, against the lab's Argo CD.

function inputsFor(t: TestContext, argocd: TestArgoCd, more: Partial<ArgoCdSyncInputs> = {}): ArgoCdSyncInputs {
  return {
    argocdUrl: argocd.url,
    argocdToken: connectionTo(t, "", "bot").authentikToken,
    application: "authentik",
    project: "default",
    blueprintHash: "hash",
    configMap: "blueprints",
    namespace: "authentik",
    key: "zot.yaml",
    busyTimeout: 5,
    timeout: 5,
    ...more,
  };
}

test("syncs to the commit in the response; no warning if Git does not contain our key", async (t) => {
  const argocd = await TestArgoCd.start(t);
  argocd.commit({ "common.yaml": "c" });
  const context = testContext();
  const { state } = await argocdSync.create(inputsFor(t, argocd), context);
  assert.match(state.revision, /^[0-9a-f]{40}$/);
  assert.equal((await argocd.get()).status.sync.revision, state.revision);
  assert.deepEqual([state.keyInGit, context.warned], ["", []]);
});

test("if Git contains our key, sync and refresh report where", async (t) => {
  const argocd = await TestArgoCd.start(t);
  argocd.commit({ "common.yaml": "c" });
  const { state } = await argocdSync.create(inputsFor(t, argocd), testContext());
  argocd.commit({ "common.yaml": "c", "zot.yaml": "theirs" });
  const context = testContext();
  const updated = await argocdSync.update?.(state, inputsFor(t, argocd), context);
  assert.notEqual(updated?.keyInGit, "");
  assert.match(
    context.warned.join(),
    /Git also contains the key zot\.yaml of the ConfigMap authentik\/blueprints, in .* Remove the key there/,
  );
  assert.ok(updated);
  assert.equal((await argocdSync.read?.(updated, testContext()))?.keyInGit, updated.keyInGit);
});

test("an application outside of Argo CD's namespace is found, synced and looked through by its namespace", async (t) => {
  const argocd = await TestArgoCd.start(t, {
    application: { applicationNamespace: "team" },
    accounts: [{ name: "workflow-bot", token: "bot", applications: ["default/team/authentik"] }],
  });
  argocd.commit({ "common.yaml": "c", "zot.yaml": "theirs" });
  const inputs = inputsFor(t, argocd, { applicationNamespace: "team" });
  await new ArgoCd(inputs, new AbortController().signal).assertMaySync();
  const { state } = await argocdSync.create(inputs, testContext());
  assert.notEqual(state.keyInGit, "");
  assert.ok(((await keyInGit(inputs, testContext())).inGit ?? "") !== "");
  const without = await failureOf(argocdSync.create(inputsFor(t, argocd), testContext()));
  assert.equal(without.code, "ARGOCD_APPLICATION_UNKNOWN");
  assert.match(
    without.message,
    /Correct argocd\.application, argocd\.applicationNamespace, or grant its account `applications, get\/sync, default\/authentik`/,
  );
  const elsewhere = await failureOf(
    argocdSync.create(inputsFor(t, argocd, { applicationNamespace: "other" }), testContext()),
  );
  assert.match(elsewhere.message, /does not exist in the namespace "other" in Argo CD's project "default"/);
});

test("Argo CD's own namespace may be named, although its policies leave it out", async (t) => {
  const argocd = await TestArgoCd.start(t, {
    accounts: [{ name: "workflow-bot", token: "bot", applications: ["default/authentik"] }],
  });
  argocd.commit({ "common.yaml": "c", "zot.yaml": "theirs" });
  const inputs = inputsFor(t, argocd, { applicationNamespace: "argocd" });
  await new ArgoCd(inputs, new AbortController().signal).assertMaySync();
  await argocdSync.create(inputs, testContext());
});

const change = (inputs: ArgoCdSyncInputs, state: ArgoCdSyncState) => ({
  inputs,
  oldInputs: inputs,
  state,
  now: new Date(),
});

test("after the key was removed from Git, up has Git compared and syncs; Argo CD has not looked at Git since the push", async (t) => {
  const argocd = await TestArgoCd.start(t);
  argocd.commit({ "common.yaml": "c", "zot.yaml": "theirs" });
  const inputs = inputsFor(t, argocd);
  const { state } = await argocdSync.create(inputs, testContext());
  assert.notEqual(state.keyInGit, "");
  const still = await keyInGit(inputs, testContext());
  assert.equal(still.inGit, state.keyInGit);
  assert.deepEqual(argocdSync.diff?.(change({ ...inputs, ...still }, state)), { due: [] });

  argocd.commit({ "common.yaml": "c" });
  const refreshed = await argocdSync.read?.(state, testContext());
  assert.deepEqual([refreshed?.keyInGit, refreshed?.drift], [state.keyInGit, ""], "a refresh does not make it look");
  const observed = await keyInGit(inputs, testContext());
  assert.equal(observed.inGit, "");
  assert.deepEqual(argocdSync.diff(change({ ...inputs, ...observed }, state)), { due: ["keyInGit"] });
  // Now that Argo CD knows, a refresh reports it, too.
  const known = await argocdSync.read?.(state, testContext());
  assert.match(known?.drift ?? "", /^Git no longer contains the key zot\.yaml, so the next sync deletes ours/);
  assert.equal(known?.keyInGit, state.keyInGit);

  const updated = await argocdSync.update?.(state, { ...inputs, ...observed }, testContext());
  assert.notEqual(updated?.revision, state.revision, "the patch follows the revision");
  assert.deepEqual([updated?.keyInGit, updated?.drift, updated !== undefined && "inGit" in updated], ["", "", false]);
  assert.deepEqual(argocdSync.diff(change({ ...inputs, ...observed }, updated ?? state)), { due: [] });
});

test("without Argo CD, an up with nothing to do succeeds with a warning", async (t) => {
  const argocd = await TestArgoCd.start(t);
  argocd.commit({ "common.yaml": "c" });
  const inputs = inputsFor(t, argocd);
  const { state } = await argocdSync.create(inputs, testContext());
  const context = testContext();
  const observed = await keyInGit({ ...inputs, application: "unknown" }, context);
  assert.deepEqual(observed, {});
  assert.match(
    context.warned.join(),
    /^Whether Git contains the key zot\.yaml is unknown: The application "unknown" does not exist/,
  );
  assert.deepEqual(argocdSync.diff?.(change({ ...inputs, ...observed }, state)), { due: [] });
});

test("waits for someone else's operation that ends in time", async (t) => {
  const argocd = await TestArgoCd.start(t, { timings: { pickUpMs: 5, syncMs: 700, settleMs: 10 } });
  argocd.commit({ "common.yaml": "c" });
  assert.equal((await argocd.post()).status, 200);
  const context = testContext();
  const { state } = await argocdSync.create(inputsFor(t, argocd), context);
  assert.equal(state.drift, "");
  assert.match(context.said.join("\n"), /waiting for an operation of workflow-bot to end/);
});

for (const [what, timings] of [
  ["still runs", { pickUpMs: 5, syncMs: 1500, settleMs: 10 }],
  ["has ended", { pickUpMs: 5, syncMs: 5, settleMs: 10 }],
] as const) {
  test(`the response to our own sync is lost, and it ${what}: it is recognized by its mark, and not started again`, async (t) => {
    const argocd = await TestArgoCd.start(t, { timings });
    argocd.commit({ "common.yaml": "c" });
    let posts = 0;
    const url = await listen(t, (request, response) => {
      void passOn(request, response, argocd.url, () => request.method === "POST" && ++posts === 1);
    });
    const inputs = inputsFor(t, argocd, { argocdUrl: url, busyTimeout: 10 });
    const { state } = await argocdSync.create(inputs, testContext());
    assert.equal(state.revision, (await argocd.get()).status.sync.revision);
    assert.equal(posts, 1);
  });
}

test("stops waiting for someone else's long operation, and reports who started it and how to terminate it", async (t) => {
  const argocd = await TestArgoCd.start(t, { timings: { pickUpMs: 5, syncMs: 60_000, settleMs: 10 } });
  argocd.commit({ "common.yaml": "c" });
  assert.equal((await argocd.post()).status, 200);
  const error = await failureOf(argocdSync.create(inputsFor(t, argocd, { busyTimeout: 1 }), testContext()));
  assert.equal(error.code, "ARGOCD_BUSY");
  assert.match(
    error.message,
    /workflow-bot started it; it is Running.*argocd app terminate-op authentik.*argocd\.busyTimeout/,
  );
});

test("distinguishes a controller that does not pick up the operation from a slow sync", async (t) => {
  const slow = await TestArgoCd.start(t, { timings: { pickUpMs: 60_000, syncMs: 10, settleMs: 10 } });
  slow.commit({ "common.yaml": "c" });
  const never = await failureOf(argocdSync.create(inputsFor(t, slow, { timeout: 1 }), testContext()));
  assert.equal(never.code, "ARGOCD_SYNC_UNFINISHED");
  assert.match(never.message, /The operation has not started: Argo CD's application controller is not running/);

  const long = await TestArgoCd.start(t, { timings: { pickUpMs: 5, syncMs: 60_000, settleMs: 10 } });
  long.commit({ "common.yaml": "c" });
  const running = await failureOf(argocdSync.create(inputsFor(t, long, { timeout: 1 }), testContext()));
  assert.match(running.message, /It is Running.*argocd\.syncTimeout/);
});

test("a failed sync is reported in Argo CD's words, resource by resource", async (t) => {
  const argocd = await TestArgoCd.start(t);
  argocd.commitFile(
    "configmap.yaml",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: blueprints, namespace: nowhere}\ndata: {a: '1'}\n",
  );
  const error = await failureOf(argocdSync.create(inputsFor(t, argocd), testContext()));
  assert.equal(error.code, "ARGOCD_SYNC_FAILED");
  assert.match(error.message, /ended as Failed: .*ConfigMap blueprints: .*nowhere/);
});

test("a ConfigMap that only Git has is one that the next sync creates", async (t) => {
  const argocd = await TestArgoCd.start(t);
  argocd.commit({ "common.yaml": "c" });
  const client = new ArgoCd(inputsFor(t, argocd), AbortSignal.timeout(10_000));
  const has = async (configMap: string, namespace = "authentik"): Promise<boolean> =>
    client.hasConfigMapInGit({ configMap, namespace });
  assert.deepEqual(
    [await has("blueprints"), await has("others"), await has("blueprints", "other")],
    [true, false, false],
  );
});

for (const [status, code] of [
  [403, "ARGOCD_APPLICATION_UNKNOWN"],
  [500, "UNEXPECTED_ANSWER"],
] as const) {
  test(`an application that Argo CD does not show (${status}) beside its manifests is an error, and not one without a destination`, async (t) => {
    const argocd = await TestArgoCd.start(t);
    argocd.commit({ "zot.yaml": "theirs" });
    const url = await listen(t, (request, response) => {
      const isApplication = /^\/api\/v1\/applications\/authentik(?:\?|$)/.test(request.url ?? "");
      if (isApplication) response.writeHead(status, { "content-type": "application/json" }).end("{}");
      else void passOn(request, response, argocd.url);
    });
    const client = new ArgoCd(inputsFor(t, argocd, { argocdUrl: url }), AbortSignal.timeout(30_000));
    const place = { configMap: "blueprints", namespace: "elsewhere", key: "zot.yaml" };
    assert.equal((await failureOf(client.hasConfigMapInGit(place))).code, code);
    const found = client.findInGit({ ...place, namespace: "authentik" }, "HEAD");
    assert.equal((await failureOf(found)).code, code);
  });
}
