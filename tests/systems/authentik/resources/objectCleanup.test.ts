import assert from "node:assert/strict";
import test from "node:test";
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
