import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { beginSignIn, finishSignIn } from "../../systems/zot/signIn/zotSignIn.ts";
import { Secret } from "../../core/secrets/secret.ts";
import { signIn } from "../../systems/authentik/session/machineSignIn.ts";
import { EngineLab } from "./harness.ts";
import type { PulumiResult } from "./harness.ts";
import { Homelab } from "./homelab.ts";

// Faults on a lab's servers that only a real sign-in reveals. The tests depend on their order.

let lab: EngineLab;
let homelab: Homelab;
/** Authentik's default mapping for the scope `profile`. */
let profile: { readonly pk: string; readonly expression: string };
let printed = "";

before(async () => {
  lab = await EngineLab.start();
  homelab = new Homelab(lab);
  const { body } = await homelab.authentik(
    "/propertymappings/provider/scope/?managed=goauthentik.io/providers/oauth2/scope-profile",
  );
  [profile] = (body as { results: [typeof profile] }).results;
});
after(async () => lab.stop());

async function run(command: Promise<PulumiResult>): Promise<PulumiResult> {
  const result = await command;
  printed += result.output + JSON.stringify(result.events);
  // Pulumi indents each line of a message.
  return { ...result, output: result.output.replaceAll(/\s+/g, " ") };
}

async function setProfile(expression: string): Promise<void> {
  const { status } = await homelab.authentik(`/propertymappings/provider/scope/${profile.pk}/`, "PATCH", {
    expression,
  });
  assert.equal(status, 200);
}

/** The mapping's expression with another value for `groups`, or without it. */
function withGroups(value: string | undefined): string {
  const lines = profile.expression.split("\n");
  assert.ok(lines.some((line) => line.includes('"groups":')));
  return lines
    .filter((line) => value !== undefined || !line.includes('"groups":'))
    .map((line) => (line.includes('"groups":') ? `    "groups": ${value ?? ""},` : line))
    .join("\n");
}

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
  await finishSignIn(registry.url, begun, await signIn(account, signal), signal);
}

async function mayPush(key: string): Promise<number> {
  return (await homelab.registry("/v2/homelab/any/blobs/uploads/", { method: "POST", key })).status;
}

function rotate(trigger: string): void {
  lab.changeSettings((config) => {
    config["zot-auth:ci"] = { ...(config["zot-auth:ci"] as object), rotationTrigger: trigger };
  });
}

test("without a groups claim, the first up reports scopes and claims, and stores no key", async () => {
  await setProfile(withGroups(undefined));
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
  await setProfile(withGroups('"Artifact-Workloads"'));
  const { code, output } = await run(lab.up());
  assert.notEqual(code, 0);
  assert.match(
    output,
    /arrives without "artifact-workloads" \(setting access\.ciGroup\)\. Claims: "Artifact-Workloads"/,
  );
  assert.match(output, /is spelled differently, and zot compares exactly/);
});

test("with the claim restored, the next up succeeds, and no key of the failed runs remains", async () => {
  await setProfile(profile.expression);
  const { code, output } = await run(lab.up());
  assert.equal(code, 0, output);
  const key = homelab.ciKey("homelab/apps") ?? "";
  assert.equal(await mayPush(key), 202);
  assert.equal((await homelab.keyLabels(key)).length, 1);
  const { signIn } = (await lab.outputs())["acceptanceResult"] as { signIn: Record<string, string> };
  assert.deepEqual(Object.keys(signIn).sort(), ["groups claim", "key endpoint", "key groups"]);
  assert.match(signIn["groups claim"] ?? "", /arrives with "artifact-workloads"/);
});

test("with stale groups, refresh reports that the key cannot push, and up updates the groups and says so", async () => {
  const key = homelab.ciKey("homelab/apps") ?? "";
  await setProfile(withGroups(undefined));
  await signInAsCi();
  await setProfile(profile.expression);
  assert.equal(await mayPush(key), 403);
  const refreshed = await run(lab.pulumi("refresh", "--yes", "--skip-preview", "--non-interactive"));
  assert.equal(refreshed.code, 0, refreshed.output);
  const { output } = await run(lab.pulumi("preview", "--diff", "--non-interactive"));
  assert.match(output, /the stored key of zot-ci may not push to zot-auth\/acceptance/);
  const repaired = await run(lab.up());
  assert.equal(repaired.code, 0, repaired.output);
  assert.match(repaired.output, /those were stale\. The sign-in of this check refreshed them for every key of zot-ci/);
  assert.equal(homelab.ciKey("homelab/apps"), key, "the key did not change");
  assert.equal(await mayPush(key), 202);
  const after = await run(lab.pulumi("preview", "--expect-no-changes", "--diff", "--non-interactive"));
  assert.equal(after.code, 0, after.output);
});

test("if the claim disappears later, the acceptance check reports it, and the next up after the repair passes", async () => {
  await setProfile(withGroups(undefined));
  await signInAsCi();
  const broken = await run(lab.pulumi("up", "--refresh", "--yes", "--skip-preview", "--non-interactive"));
  assert.notEqual(broken.code, 0);
  assert.match(broken.output, /Check "groups claim" failed/);
  assert.match(broken.output, /Check "key groups" failed: .*The cause is the groups claim/);
  await setProfile(profile.expression);
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
