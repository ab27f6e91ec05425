import assert from "node:assert/strict";
import test from "node:test";
import { renderBlueprint } from "../../../../systems/authentik/blueprint/render.ts";
import { blueprintArgs } from "../../../../stack/arguments.ts";
import { appliedBlueprint } from "../../../../systems/authentik/resources/appliedBlueprint.ts";
import { removeObjects } from "../../../../systems/authentik/applying/removal/removal.ts";
import { objectCleanup } from "../../../../systems/authentik/resources/objectCleanup.ts";
import { accountCleanup } from "../../../../systems/authentik/resources/accountCleanup.ts";
import { settingsWith, testContext } from "../../../support/provider.ts";
import { LESS, MORE, PLAIN, stackWithGroups } from "./stack.ts";

// Objects that the settings no longer declare are removed from the lab's Authentik; other people's objects stay.

test("a group removed from the settings loses its binding; the others move up, and the group itself stays", async (t) => {
  const stack = await stackWithGroups(t);
  await stack.up(MORE);
  assert.deepEqual(await stack.bound(), ["admins", "artifact-workloads", "family", "guests"]);
  await stack.up(LESS);
  assert.deepEqual(await stack.bound(), ["admins", "artifact-workloads", "guests"]);
  assert.equal((await stack.lab.one("/core/groups/?name=family"))["name"], "family");
  assert.deepEqual(await stack.removals(), [], "no removal is left");
});

test("a group of people that the settings named as CI's stays, with a warning, whether Authentik ever got the blueprint or not", async (t) => {
  const stack = await stackWithGroups(t);
  const { lab } = stack;
  const { pk: family } = await lab.one("/core/groups/?name=family");
  const created = await lab.api("POST", "/core/users/", { username: "zoe", name: "Zoe", groups: [family] });
  assert.equal(created.status, 201, created.text);
  const wrong = settingsWith({ access: { ciGroup: "family" } });
  // The first run ends before anything is delivered.
  await stack.deliver(wrong);
  await stack.up(PLAIN);
  assert.equal((await lab.one("/core/groups/?name=family"))["name"], "family");
  await stack.up(wrong);
  await stack.up(settingsWith({ access: { ciGroup: "robots" } }));
  assert.equal((await lab.one("/core/groups/?name=family"))["name"], "family");
  assert.equal((await lab.api("GET", "/core/groups/?name=artifact-workloads")).text.includes('"count":0'), true);
  const context = testContext();
  await removeObjects({ ...stack.connection, timeout: 5 }, "a test", ["authentik_core.group family"], context);
  assert.match(
    context.warned.join(),
    /The group "family" in Authentik has members that this program did not add \(zoe\), so it stays\./,
  );
});

test("after a run interrupted after delivery, the next run removes what that run created and is no longer declared", async (t) => {
  const stack = await stackWithGroups(t);
  // The first run is killed right after Authentik applied the text: the state has only the first resource.
  await stack.deliver(MORE);
  await stack.lab.apply("zot.yaml", renderBlueprint(blueprintArgs(MORE)));
  await stack.up(PLAIN);
  assert.deepEqual(await stack.bound(), ["admins", "artifact-workloads"]);

  await stack.deliver(MORE);
  await stack.lab.apply("zot.yaml", renderBlueprint(blueprintArgs(MORE)));
  await stack.deliver(LESS);
  await stack.up(LESS);
  assert.deepEqual(await stack.bound(), ["admins", "artifact-workloads", "guests"]);
});

test("an object removed once and later created by someone else is not removed again", async (t) => {
  const stack = await stackWithGroups(t);
  await stack.up(MORE);
  await stack.up(LESS);
  const target = (await stack.lab.api("GET", "/core/applications/zot/")).json["pk"];
  const { pk: group } = await stack.lab.one("/core/groups/?name=family");
  await stack.lab.api("POST", "/policies/bindings/", { target, group, order: 9 });
  await stack.up(settingsWith({ access: { signInGroups: ["guests"] }, authentik: { applicationName: "Images" } }));
  assert.deepEqual(await stack.bound(), ["admins", "artifact-workloads", "guests", "family"]);
  assert.ok(stack.objects);
  assert.deepEqual((await objectCleanup.read?.(stack.objects, testContext()))?.others, ["group family"]);
});

test("a group of ours that an interrupted run has not removed yet is no unmanaged one of the next run, whose settings differ again", async (t) => {
  const stack = await stackWithGroups(t);
  await stack.up(MORE);
  await stack.deliver(LESS);
  await stack.up(PLAIN);
  assert.deepEqual(await stack.bound(), ["admins", "artifact-workloads"]);
  assert.deepEqual(stack.warned, []);
});

test("a binding created by hand is reported and kept, even one for an account or one with an order of ours", async (t) => {
  const stack = await stackWithGroups(t);
  await stack.up(PLAIN);
  const target = (await stack.lab.api("GET", "/core/applications/zot/")).json["pk"];
  const { pk: group } = await stack.lab.one("/core/groups/?name=family");
  const { pk: user } = await stack.lab.one("/core/users/?username=alice");
  await stack.lab.api("POST", "/policies/bindings/", { target, group, order: 2 });
  await stack.lab.api("POST", "/policies/bindings/", { target, user, order: 3 });
  const context = testContext();
  assert.ok(stack.objects);
  const seen = await objectCleanup.read?.(stack.objects, context);
  assert.deepEqual(seen?.others, ["group family", "user alice"]);
  assert.match(context.warned.join(), /unmanaged PolicyBindings: group family, user alice\. They stay/);
  // A third group of ours would have order 2.
  await stack.up(LESS);
  assert.match(stack.warned.join(), /group family, user alice/);
  assert.deepEqual((await stack.bound()).toSorted(), ["admins", "alice", "artifact-workloads", "family", "guests"]);
  await stack.up(PLAIN);
  assert.deepEqual((await stack.bound()).toSorted(), ["admins", "alice", "artifact-workloads", "family"]);
});

test("an application and a provider renamed by hand: up restores the names, and destroy removes both", async (t) => {
  const stack = await stackWithGroups(t);
  await stack.up(PLAIN);
  const pk = async (path: string): Promise<unknown> => (await stack.lab.one(path))["pk"];
  const [provider, application] = [
    await pk("/providers/oauth2/"),
    await pk("/core/applications/?superuser_full_list=true"),
  ];
  const rename = async (): Promise<void> => {
    await stack.lab.api("PATCH", `/providers/oauth2/${String(provider)}/`, { name: "Theirs" });
    await stack.lab.api("PATCH", "/core/applications/zot/", { slug: "theirs" });
  };
  await rename();
  await stack.up(settingsWith({ authentik: { applicationName: "Images" } }));
  assert.deepEqual(await stack.bound(), ["admins", "artifact-workloads"]);
  assert.deepEqual(
    [await pk("/providers/oauth2/?name=Zot"), await pk("/core/applications/?superuser_full_list=true")],
    [provider, application],
  );

  const left = async () =>
    Promise.all(
      ["/providers/oauth2/", "/core/applications/?superuser_full_list=true"].map(
        async (path) => ((await stack.lab.api("GET", path)).json["results"] as unknown[]).length,
      ),
    );
  await rename();
  assert.deepEqual(await left(), [1, 1]);
  assert.ok(stack.applied && stack.objects);
  await appliedBlueprint.delete?.(stack.applied, testContext());
  assert.deepEqual(await left(), [0, 0]);

  // The same for what only the cleanup knows, of a run that was interrupted after the delivery.
  await stack.lab.apply("zot.yaml", renderBlueprint(blueprintArgs(PLAIN)));
  await stack.lab.api("DELETE", "/core/applications/zot/");
  assert.deepEqual(await left(), [1, 0]);
  await objectCleanup.delete?.(stack.objects, testContext());
  assert.deepEqual(await left(), [0, 0]);
});

test("destroy leaves another application and provider that took the names of ours", async (t) => {
  const stack = await stackWithGroups(t);
  await stack.up(PLAIN);
  const { lab } = stack;
  const ours = await lab.one("/providers/oauth2/");
  await lab.api("PATCH", `/providers/oauth2/${String(ours["pk"])}/`, { name: "Ours" });
  await lab.api("PATCH", "/core/applications/zot/", { slug: "ours" });
  const created = async (path: string, values: object): Promise<unknown> => {
    const { status, json } = await lab.api("POST", path, values);
    assert.equal(status, 201, JSON.stringify(json));
    return json["pk"];
  };
  const { authorization_flow, invalidation_flow } = ours;
  const provider = await created("/providers/oauth2/", {
    name: "Zot",
    client_id: "theirs",
    authorization_flow,
    invalidation_flow,
    redirect_uris: [],
  });
  const target = await created("/core/applications/", { slug: "zot", name: "Theirs", provider });
  const group = (await lab.one("/core/groups/?name=admins"))["pk"];
  await created("/policies/bindings/", { target, group, order: 0 });

  assert.ok(stack.applied && stack.objects);
  await appliedBlueprint.delete?.(stack.applied, testContext());
  await objectCleanup.delete?.(stack.objects, testContext());
  assert.equal((await lab.one("/providers/oauth2/"))["pk"], provider);
  assert.equal((await lab.one("/core/applications/?superuser_full_list=true"))["pk"], target);
  assert.deepEqual(await stack.bound(), ["admins"]);
});

for (const [what, authentik] of [
  ["client ID and provider name", { clientId: "registry", providerName: "Registry" }],
  ["application slug", { application: "images" }],
] as const) {
  test(`a new ${what}, and a group that may no longer sign in: its PolicyBinding goes`, async (t) => {
    const stack = await stackWithGroups(t);
    await stack.up(LESS);
    assert.ok((await stack.bound()).includes("guests"), "the group may sign in at first");
    await stack.up(settingsWith({ authentik }));
    const slug = "application" in authentik ? authentik.application : "zot";
    assert.deepEqual([...(await stack.bound(slug))].sort(), ["admins", "artifact-workloads"]);
  });
}

test("a new application slug and provider name: the objects keep what people added to them", async (t) => {
  const stack = await stackWithGroups(t);
  await stack.up(PLAIN);
  await stack.lab.api("PATCH", "/core/applications/zot/", { meta_description: "theirs" });
  const moved = settingsWith({ authentik: { application: "images", providerName: "Images" } });
  await stack.up(moved);
  assert.deepEqual(await stack.bound("images"), ["admins", "artifact-workloads"]);
  assert.equal((await stack.lab.api("GET", "/core/applications/zot/")).status, 404);
  assert.equal((await stack.lab.one("/providers/oauth2/"))["name"], "Images");
  assert.equal((await stack.lab.one("/core/applications/?superuser_full_list=true"))["meta_description"], "theirs");
});

test("a new machine flow and CI group: the old ones are removed, but a group that still has permissions stays", async (t) => {
  const stack = await stackWithGroups(t);
  await stack.up(PLAIN);
  const count = async (path: string) => ((await stack.lab.api("GET", path)).json["results"] as unknown[]).length;
  await stack.up(settingsWith({ authentik: { machineFlow: "robots" }, access: { ciGroup: "pushers" } }));
  assert.equal(await count("/flows/instances/?slug=machine-login"), 0);
  assert.equal(await count("/flows/instances/?slug=robots"), 1);
  assert.equal(await count("/stages/password/?name=machine-login-password"), 0);
  assert.equal(await count("/core/groups/?name=artifact-workloads"), 0);
  await stack.up(settingsWith({ access: { ciGroup: "builders", groups: { pushers: ["read"] } } }));
  assert.deepEqual(await stack.bound(), ["admins", "builders", "pushers"]);
});

test("an account is removed with its own cleanup, not when the blueprint is applied: in between, it must sign in to revoke its key", async (t) => {
  const stack = await stackWithGroups(t);
  await stack.up(PLAIN);
  await stack.up(settingsWith({ ci: { user: "robot-ci" } }));
  const users = async (name: string) =>
    ((await stack.lab.api("GET", `/core/users/?username=${name}`)).json["results"] as unknown[]).length;
  assert.deepEqual([await users("zot-ci"), await users("robot-ci")], [1, 1]);
  const inputs = { ...stack.connection, username: "zot-ci", timeout: 10 };
  const { state } = await accountCleanup.create(inputs, testContext());
  const context = testContext();
  await accountCleanup.delete?.(state, { ...context, declared: () => [{ username: "zot-ci" }] });
  assert.equal(await users("zot-ci"), 1, "another account of the settings has that name");
  await accountCleanup.delete?.(state, context);
  assert.deepEqual([await users("zot-ci"), await users("robot-ci")], [0, 1]);
  assert.equal((await stack.lab.api("GET", "/core/tokens/zot-ci-app-password/")).status, 404);
});

test("any later removal cleans up after a removal that was killed", async (t) => {
  const stack = await stackWithGroups(t);
  await stack.up(PLAIN);
  const left = { path: "", content: "version: 1\nentries: []\n", enabled: true };
  const names = ["zot-auth removal: all of custom/zot.yaml", "zot-auth removal: the account somebody"];
  for (const name of names) await stack.lab.api("POST", "/managed/blueprints/", { ...left, name });
  assert.deepEqual((await stack.removals()).toSorted(), names);
  await stack.up(settingsWith({ authentik: { applicationName: "Images" } }));
  assert.deepEqual(await stack.removals(), [], "by an up");

  await stack.lab.api("POST", "/managed/blueprints/", { ...left, name: names[0] });
  assert.ok(stack.applied);
  await appliedBlueprint.delete?.(stack.applied, testContext());
  assert.deepEqual(await stack.removals(), [], "by the destroy that is run again");
  assert.equal((await stack.lab.api("GET", "/core/applications/zot/")).status, 404);
});

test("a destroy after an interrupted first run removes what that run created", async (t) => {
  const stack = await stackWithGroups(t);
  await stack.deliver(PLAIN);
  await stack.lab.apply("zot.yaml", renderBlueprint(blueprintArgs(PLAIN)));
  assert.ok(stack.objects);
  await objectCleanup.delete?.(stack.objects, testContext());
  assert.deepEqual(await stack.bound(), []);
  assert.equal(((await stack.lab.api("GET", "/core/users/?username=zot-ci")).json["results"] as unknown[]).length, 0);
  assert.deepEqual(await stack.removals(), []);
});
