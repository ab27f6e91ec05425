import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { blueprintFileCleanup } from "../../../../systems/authentik/resources/blueprintFile.ts";
import { adapt } from "../../../../provider/adapter.ts";
import { UNKNOWN } from "../../../../provider/grpc/types.ts";
import type { Values } from "../../../../provider/grpc/types.ts";
import { formerAccountsIn } from "../../../../systems/authentik/blueprint/former.ts";
import type { FormerObject } from "../../../../systems/authentik/blueprint/former.ts";
import { blueprintArgs } from "../../../../stack/arguments.ts";
import { declaredObjects, neededObjects } from "../../../../systems/authentik/blueprint/objects.ts";
import { renderBlueprint } from "../../../../systems/authentik/blueprint/render.ts";
import { objectCleanup } from "../../../../systems/authentik/resources/objectCleanup.ts";
import { adminKey, startLab } from "../../../lab/authentik/support.ts";
import { connectionTo, settingsWith, testContext } from "../../../support/provider.ts";

test("another address of the same Authentik is no move; another Authentik is one, and a warning names what stays", async (t) => {
  const [old, other] = await Promise.all([startLab(t), startLab(t)]);
  const settings = settingsWith({});
  const args = blueprintArgs(settings);
  const inputs = (url: string) => ({
    ...connectionTo(t, url, adminKey),
    objects: declaredObjects(args),
    needed: neededObjects(args),
    application: args.application,
    groups: args.signInGroups,
    timeout: 60,
  });
  const { state } = await objectCleanup.create(inputs(old.server.url), testContext());
  await old.apply("zot.yaml", renderBlueprint(args));

  const same = testContext();
  await objectCleanup.update?.(state, inputs(old.server.url.replace("127.0.0.1", "localhost")), same);
  assert.deepEqual(same.warned, []);

  const moved = testContext();
  await objectCleanup.update?.(state, inputs(other.server.url), moved);
  assert.match(
    moved.warned.join(),
    /^authentik\.url leads to another Authentik now\. What the blueprint created at http:\S+ stays there: .*authentik_core\.user zot-ci.* Delete it there/,
  );
});

test("a preview knows the former accounts: the key depends on them, and would seem to change with each change of the blueprint", async () => {
  const inputs = (more: Parameters<typeof settingsWith>[0]) => {
    const args = blueprintArgs(settingsWith(more));
    const connection = { authentikUrl: "https://authentik.example.test", authentikToken: "env:UNUSED" };
    const { application, signInGroups: groups } = args;
    const objects = declaredObjects(args);
    return { ...connection, objects, needed: neededObjects(args), application, groups, timeout: 5 };
  };
  const former = [{ object: "authentik_core.user somebody", generation: 2 }] as const;
  const state = { ...inputs({}), former, generation: 2, others: [], drift: "" };
  const preview = async (more: Parameters<typeof settingsWith>[0]) =>
    adapt(objectCleanup).preview(inputs(more), state, testContext());
  const accounts = (seen: Values) => formerAccountsIn(seen["former"] as unknown as readonly FormerObject[]);

  const group = await preview({ access: { ciGroup: "robots" } });
  assert.deepEqual(accounts(group), [{ username: "somebody", generation: 2 }]);
  assert.equal(group["others"], UNKNOWN);
  assert.deepEqual(
    accounts(await preview({ ci: { user: "robot" } })).map(({ username }) => username),
    ["somebody", "zot-ci"],
  );
});

test("a change of the delivery deletes the instance of the former file, as soon as the worker no longer sees that file", async (t) => {
  const lab = await startLab(t);
  const args = blueprintArgs(settingsWith());
  const connection = connectionTo(t, lab.server.url, adminKey);
  const inputs = {
    ...connection,
    objects: declaredObjects(args),
    needed: neededObjects(args),
    application: args.application,
    groups: args.signInGroups,
    place: "custom/zot.yaml",
    timeout: 10,
  };
  const instances = async (): Promise<number> =>
    ((await lab.api("GET", "/managed/blueprints/?path=custom/zot.yaml")).json["results"] as unknown[]).length;
  const { state } = await objectCleanup.create(inputs, testContext());
  await lab.apply("zot.yaml", renderBlueprint(args));

  const changed = await objectCleanup.update?.(state, { ...inputs, place: "inline:zot-auth zot" }, testContext());
  assert.deepEqual(changed?.formerPlaces, ["custom/zot.yaml"]);
  assert.equal(await instances(), 1, "the worker would create it again");
  const back = await objectCleanup.update?.(changed, inputs, testContext());
  assert.deepEqual(back?.formerPlaces, []);

  const instance = { ...connection, place: "custom/zot.yaml" };
  const file = join(tmpdir(), "zot-auth-no-such-clone", "zot.yaml");
  const cleanup = await blueprintFileCleanup.create({ file, text: "", instance }, testContext());
  await blueprintFileCleanup.delete?.(cleanup.state, testContext());
  assert.equal(await instances(), 1, "a push is still to come");
  lab.remove("zot.yaml");
  const declares = { ...testContext(), declared: () => [{ path: "custom/zot.yaml" }] };
  await blueprintFileCleanup.delete?.(cleanup.state, declares);
  assert.equal(await instances(), 1, "another file, for the same place, is on its way");
  await blueprintFileCleanup.delete?.(cleanup.state, testContext());
  assert.equal(await instances(), 0);

  await lab.apply("zot.yaml", renderBlueprint(args));
  lab.remove("zot.yaml");
  const later = await objectCleanup.update?.(changed, { ...inputs, place: "custom/other.yaml" }, testContext());
  assert.deepEqual(later?.formerPlaces, []);
  assert.equal(await instances(), 0, "the next change deletes what the kubelet took away later");
});

test("destroy deletes the instance of a file that the worker no longer sees, and no other", async (t) => {
  const lab = await startLab(t);
  const args = blueprintArgs(settingsWith());
  const inputs = {
    ...connectionTo(t, lab.server.url, adminKey),
    objects: declaredObjects(args),
    needed: neededObjects(args),
    application: args.application,
    groups: args.signInGroups,
    place: "custom/zot.yaml",
    timeout: 10,
  };
  const { state } = await objectCleanup.create(inputs, testContext());
  const instances = async (): Promise<number> =>
    ((await lab.api("GET", "/managed/blueprints/?path=custom/zot.yaml")).json["results"] as unknown[]).length;
  await lab.apply("zot.yaml", renderBlueprint(args));
  assert.equal(await instances(), 1);
  await objectCleanup.delete?.(state, testContext());
  assert.equal(await instances(), 1, "the worker would create it again");
  lab.remove("zot.yaml");
  await objectCleanup.delete?.(state, testContext());
  assert.equal(await instances(), 0);
});
