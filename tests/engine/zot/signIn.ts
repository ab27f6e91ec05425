import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../../core/secrets/secret.ts";
import { signIn } from "../../../systems/authentik/session/machineSignIn.ts";
import { beginSignIn, finishSignIn } from "../../../systems/zot/signIn/zotSignIn.ts";
import { restoreGroups, setGroups } from "./claims.ts";
import { printed, run } from "./printed.ts";
import { homelab, lab, mayPush } from "./stack.ts";

// Faults on a lab's servers that only a real sign-in reveals. The tests depend on their order.

/** Signs in to the registry as CI's account, outside a run. */
async function signInAsCi(): Promise<void> {
  const { authentik, registry } = lab.layout.settings;
  const signal = AbortSignal.timeout(20_000);
  const { body } = await homelab.authentik("/core/tokens/zot-ci-app-password/view_key/");
  const account = {
    authentikUrl: authentik.url,
    flow: authentik.machineFlow,
    username: "zot-ci",
    appPassword: new Secret((body as { key: string }).key),
  };
  const begun = await beginSignIn(registry.url, signal);
  await finishSignIn({ registryUrl: registry.url }, begun, await signIn(account, signal), signal);
}

function rotate(trigger: string): void {
  lab.changeSettings((config) => {
    config["zot-auth:ci"] = { ...(config["zot-auth:ci"] as object), rotationTrigger: trigger };
  });
}

test("with stale groups, refresh reports that the key cannot push, and up updates the groups and says so", async () => {
  const key = homelab.ciKey("homelab/apps") ?? "";
  await setGroups(undefined);
  await signInAsCi();
  await restoreGroups();
  assert.equal(await mayPush(key), 403);
  const repaired = await run(lab.pulumi("up", "--refresh", "--yes", "--skip-preview", "--diff", "--non-interactive"));
  assert.equal(repaired.code, 0, repaired.output);
  assert.match(repaired.output, /the stored key of zot-ci may not push to zot-auth\/acceptance/);
  assert.match(repaired.output, /those were stale\. The sign-in of this check refreshed them for every key of zot-ci/);
  assert.equal(homelab.ciKey("homelab/apps"), key, "the key did not change");
  assert.equal(await mayPush(key), 202);
  const after = await run(lab.pulumi("preview", "--expect-no-changes", "--diff", "--non-interactive"));
  assert.equal(after.code, 0, after.output);
});

test("if the claim disappears later, the acceptance check reports it, and the next up after the repair passes", async () => {
  await setGroups(undefined);
  await signInAsCi();
  const broken = await run(lab.pulumi("up", "--refresh", "--yes", "--skip-preview", "--non-interactive"));
  assert.notEqual(broken.code, 0);
  assert.match(broken.output, /Check "groups claim" failed/);
  assert.match(broken.output, /Check "key groups" failed: .*The cause is the groups claim/);
  await restoreGroups();
  const { code, output } = await run(lab.up());
  assert.equal(code, 0, output);
  assert.equal(await mayPush(homelab.ciKey("homelab/apps") ?? ""), 202);
});

test("if the account is not in the CI group, a rotation names the group, and CI keeps its key", async () => {
  const key = homelab.ciKey("homelab/apps") ?? "";
  const one = async (path: string) =>
    ((await homelab.authentik(path)).body as { results: [{ pk: unknown }] }).results[0];
  const group = await one("/core/groups/?name=artifact-workloads");
  const { pk } = await one("/core/users/?username=zot-ci");
  const path = `/core/groups/${String(group.pk)}`;
  assert.equal((await homelab.authentik(`${path}/remove_user/`, "POST", { pk })).status, 204);
  rotate("out of the group");
  const { code, output } = await run(lab.up());
  assert.notEqual(code, 0);
  assert.match(
    output,
    /zot-ci is not signed in\. The account must be a member of the group .*\(setting access\.ciGroup\)/,
  );
  assert.equal(homelab.ciKey("homelab/apps"), key);
  assert.equal(await mayPush(key), 202);
  assert.equal((await homelab.authentik(`${path}/add_user/`, "POST", { pk })).status, 204);
  const repaired = await run(lab.up());
  assert.equal(repaired.code, 0, repaired.output);
  assert.notEqual(homelab.ciKey("homelab/apps"), key);
});

test("no secret was printed, and none is in the state", () => {
  for (const [name, secret] of Object.entries({ ...lab.secrets, key: homelab.ciKey("homelab/apps") ?? "" })) {
    assert.ok(secret.length > 20);
    assert.ok(!printed.includes(secret), `${name} was printed`);
    assert.ok(!lab.stateText().includes(secret), `${name} is in the state`);
  }
  assert.doesNotMatch(
    printed + lab.stateText(),
    /eyJ[\w-]{10,}\.|[?&]code=|authentik_session/,
    "no token, no code, no cookie",
  );
});
