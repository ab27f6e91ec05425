import assert from "node:assert/strict";
import { test } from "node:test";
import { restoreGroups, setGroups } from "./claims.ts";
import { run } from "./printed.ts";
import { homelab, lab, mayPush, metrics } from "./stack.ts";

// The first up, on a lab whose groups claim is wrong, and with an older zot. The tests depend on their order.

test("without a groups claim, the first up reports scopes and claims, and stores no key", async () => {
  await setGroups(undefined);
  const { code, output } = await run(lab.up());
  assert.notEqual(code, 0);
  assert.match(
    output,
    /Check "groups claim" failed: zot reads the claim "groups", but neither the ID token nor UserInfo has it/,
  );
  assert.match(output, /Claims: .*"preferred_username".*\(scopes requested: openid email profile\)/);
  assert.match(output, /goauthentik\.io\/providers\/oauth2\/scope-profile must return `groups`/);
  assert.equal((await homelab.fields("keyStore"))["zot-ci-api"] ?? "", "");
  assert.equal(homelab.ciKey("homelab/apps"), undefined);
});

test("if the claim spells the group differently, the error names both spellings", async () => {
  await setGroups('"Artifact-Workloads"');
  const { code, output } = await run(lab.up());
  assert.notEqual(code, 0);
  assert.match(
    output,
    /arrives without "artifact-workloads" \(setting access\.ciGroup\)\. Its groups: "Artifact-Workloads"/,
  );
  assert.match(output, /is spelled differently, and zot compares exactly/);
});

test("with the claim restored, the next up succeeds, and no key of the failed runs remains", async () => {
  await restoreGroups();
  const { code, output } = await run(lab.up());
  assert.equal(code, 0, output);
  const key = homelab.ciKey("homelab/apps") ?? "";
  assert.equal(await mayPush(key), 202);
  assert.equal((await homelab.keyLabels(key)).length, 1);
  const { signIn } = lab.outputs()["acceptanceResult"] as { signIn: Record<string, string> };
  assert.deepEqual(Object.keys(signIn).sort(), ["groups claim", "key endpoint", "key groups"]);
  assert.match(signIn["groups claim"] ?? "", /arrives with "artifact-workloads"/);
});

test("an older zot gets a config that it supports", async () => {
  assert.deepEqual(metrics(), { users: [""] });
  assert.equal((await homelab.registry("/metrics")).status, 200);
  assert.equal(lab.outputs()["zotVersion"], "2.1.17");
});
