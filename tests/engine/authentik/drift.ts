import assert from "node:assert/strict";
import { test } from "node:test";
import { signIn } from "../../../systems/authentik/session/machineSignIn.ts";
import { Secret } from "../../../core/secrets/secret.ts";
import type { PulumiResult } from "../support/harness.ts";
import { homelab, lab } from "./stack.ts";

// After others change or delete objects in Authentik, refresh detects it, the next preview names it and up restores it. The tests depend on their
// order.

/** All app passwords so far, to search the state for. */
const appPasswords: string[] = [];

interface Entry {
  readonly pk: string | number;
  readonly [field: string]: unknown;
}

async function ask(path: string, method = "GET", body?: unknown): Promise<unknown> {
  const answer = await homelab.authentik(path, method, body);
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

async function all(path: string): Promise<readonly Entry[]> {
  return ((await ask(path)) as { readonly results: readonly Entry[] }).results;
}

async function one(path: string): Promise<Entry> {
  const [only, ...more] = await all(path);
  assert.ok(only !== undefined && more.length === 0, path);
  return only;
}

const zotCi = async (): Promise<Entry> => one("/core/users/?username=zot-ci");

/** Group, order and status of the application's PolicyBindings, sorted by order. */
async function bindings(): Promise<readonly (readonly [group: unknown, order: unknown, enabled: unknown])[]> {
  const { pk } = (await ask("/core/applications/zot/")) as Entry;
  return (await all(`/policies/bindings/?target=${pk}`))
    .map((entry) => [(entry["group_obj"] as Entry)["name"], entry["order"], entry["enabled"]] as const)
    .sort((left, right) => Number(left[1]) - Number(right[1]));
}

async function bindingOf(group: string): Promise<string> {
  const { pk } = (await ask("/core/applications/zot/")) as Entry;
  const found = await all(`/policies/bindings/?target=${pk}`);
  return `/policies/bindings/${found.find((entry) => (entry["group_obj"] as Entry)["name"] === group)?.pk ?? ""}/`;
}

const DECLARED = [
  ["admins", 0, true],
  ["artifact-workloads", 1, true],
  ["family", 2, true],
  ["guests", 3, true],
];

/** Signs in as CI's account with its current app password. */
async function signInAsCi(): Promise<void> {
  const { key } = (await ask("/core/tokens/zot-ci-app-password/view_key/")) as { readonly key: string };
  appPasswords.push(key);
  const { url, machineFlow: flow } = lab.layout.settings.authentik;
  const account = { authentikUrl: url, flow, username: "zot-ci", appPassword: new Secret(key) };
  await signIn(account, AbortSignal.timeout(20_000));
}

/** The output with the quotes and line breaks of the message. */
const plain = ({ output }: PulumiResult): string => output.replaceAll('\\"', '"').replaceAll(/\s+/g, " ");

/** Asserts that `up --refresh` names the changes and reverts them, without changing CI's key. */
async function repairs(...named: readonly string[]): Promise<void> {
  const key = homelab.ciKey("homelab/apps");
  const repaired = await lab.pulumi("up", "--refresh", "--yes", "--skip-preview", "--diff", "--non-interactive");
  assert.equal(repaired.code, 0, repaired.output);
  assertNamed(repaired, named);
  assert.equal(homelab.ciKey("homelab/apps"), key);
}

function assertNamed(result: PulumiResult, named: readonly string[]): void {
  const seen = plain(result);
  for (const text of named) assert.ok(seen.includes(text), `${text}\nis not in\n${seen}`);
}

test("up repairs a disabled account, a disabled binding and a binding with another order", async () => {
  await signInAsCi();
  await ask(`/core/users/${(await zotCi()).pk}/`, "PATCH", { is_active: false });
  await ask(await bindingOf("admins"), "PATCH", { order: 7 });
  await ask(await bindingOf("artifact-workloads"), "PATCH", { enabled: false });
  const named = [
    'the account "zot-ci" is disabled',
    'the PolicyBinding of the group "admins" has order 7, not 0',
    'the PolicyBinding of the group "artifact-workloads" is disabled',
  ];
  const key = homelab.ciKey("homelab/apps");
  const refreshed = await lab.pulumi("refresh", "--yes", "--skip-preview", "--non-interactive");
  assert.equal(refreshed.code, 0, refreshed.output);
  assertNamed(await lab.pulumi("preview", "--diff", "--non-interactive"), named);
  const repaired = await lab.up();
  assert.equal(repaired.code, 0, repaired.output);
  assert.equal(homelab.ciKey("homelab/apps"), key);
  assert.equal((await zotCi())["is_active"], true);
  assert.deepEqual(await bindings(), DECLARED);
  await signInAsCi();
});

test("up repairs a removed group membership, a deleted binding and a binding that was moved to another application", async () => {
  const group = await one("/core/groups/?name=artifact-workloads");
  await ask(`/core/groups/${group.pk}/remove_user/`, "POST", { pk: (await zotCi()).pk });
  await ask(await bindingOf("artifact-workloads"), "DELETE");
  const other = (await ask("/core/applications/", "POST", { name: "Other", slug: "other" })) as Entry;
  await ask(await bindingOf("admins"), "PATCH", { target: other.pk });
  await repairs(
    'the account "zot-ci" is not a member of "artifact-workloads"',
    'no PolicyBinding of the application "zot" names the group "artifact-workloads"',
    'no PolicyBinding of the application "zot" names the group "admins"',
  );
  assert.deepEqual((await zotCi())["groups"], [group.pk]);
  assert.deepEqual(await bindings(), DECLARED);
  await signInAsCi();
});

test("up repairs a deleted app password and provider: Authentik generates a new password, which signs in", async () => {
  await ask("/core/tokens/zot-ci-app-password/", "DELETE");
  const before = await one("/providers/oauth2/?client_id=zot");
  await ask(`/providers/oauth2/${before.pk}/`, "DELETE");
  await repairs('there is no app password "zot-ci-app-password"', 'the application "zot" has no provider');
  const { provider } = (await ask("/core/applications/zot/")) as Entry;
  assert.equal((await one("/providers/oauth2/?client_id=zot")).pk, provider);
  await signInAsCi();
  assert.notEqual(appPasswords.at(-1), appPasswords.at(-2));
});

test("up restores the issuer and the password stage that somebody changed", async () => {
  const { pk } = await one("/providers/oauth2/?client_id=zot");
  await ask(`/providers/oauth2/${pk}/`, "PATCH", { issuer_mode: "global" });
  const stage = await one("/stages/password/?name=machine-login-password");
  const backends = ["authentik.core.auth.InbuiltBackend"];
  await ask(`/stages/password/${stage.pk}/`, "PATCH", { backends });
  // A restart of zot in the same `up` needs the issuer.
  lab.changeSettings((config) => {
    config["zot-auth:zot"] = { ...(config["zot-auth:zot"] as object), extra: { scheduler: { numWorkers: 3 } } };
  });
  await repairs(
    'has issuer_mode "global", not "per_provider"',
    'the password stage "machine-login-password" has backends ["authentik.core.auth.InbuiltBackend"]',
  );
  assert.equal((await one("/providers/oauth2/?client_id=zot"))["issuer_mode"], "per_provider");
  assert.equal((await homelab.registry("/v2/")).status, 200);
  await signInAsCi();
});

test("up restores a deleted application with its bindings, and the machines' sign-in flow", async () => {
  await ask("/core/applications/zot/", "DELETE");
  await ask("/flows/instances/machine-login/", "DELETE");
  await repairs('there is no application "zot"', 'there is no sign-in flow "machine-login"');
  assert.deepEqual(await bindings(), DECLARED);
  await signInAsCi();
});

test("up restores a deleted account and its app password", async () => {
  await ask(`/core/users/${(await zotCi()).pk}/`, "DELETE");
  await repairs('there is no account "zot-ci"');
  await signInAsCi();
});

test("after the repairs, refresh finds no change, a rotation signs in, and the state contains no app password", async () => {
  const before = homelab.ciKey("homelab/apps");
  lab.changeSettings((config) => {
    config["zot-auth:ci"] = { ...(config["zot-auth:ci"] as object), rotationTrigger: "after the repairs" };
  });
  const rotated = await lab.up();
  assert.equal(rotated.code, 0, rotated.output);
  assert.notEqual(homelab.ciKey("homelab/apps"), before);
  const { code, output } = await lab.pulumi(
    "preview",
    "--refresh",
    "--expect-no-changes",
    "--diff",
    "--non-interactive",
  );
  assert.equal(code, 0, output);
  assert.equal(new Set(appPasswords).size, 3, "one for each time it was created");
  for (const password of appPasswords) {
    assert.ok(password.length > 20);
    assert.ok(!lab.stateText().includes(password));
  }
});
