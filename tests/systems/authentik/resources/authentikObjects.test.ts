import assert from "node:assert/strict";
import test from "node:test";
import type { TestContext } from "node:test";
import {
  application,
  policyBinding,
  serviceAccount,
} from "../../../../systems/authentik/resources/authentikObjects.ts";
import { callback, measured } from "../../../lab/authentik/support.ts";
import type { Lab } from "../../../lab/authentik/support.ts";
import { authentik, contextWith } from "../../zot/signIn/support.ts";

// The drift that a refresh finds on the lab's Authentik. How the engine shows and repairs it: tests/engine/authentik/drift.ts.

interface Drift {
  readonly admins: string | undefined;
  readonly workloads: string | undefined;
  readonly application: string | undefined;
  readonly account: string | undefined;
}

async function drift({ server }: Lab): Promise<Drift> {
  const object = {
    authentikUrl: server.url,
    authentikToken: "env:SIGN_IN_TEST_TOKEN" as const,
    path: "custom/zot.yaml",
    hash: "",
    timeout: 1,
    drift: "",
  };
  const context = contextWith([]);
  const binding = async (group: string, order: number) =>
    (await policyBinding.read?.({ ...object, application: "zot", group, order }, context))?.drift;
  const app = { ...object, slug: "zot", name: "Zot", clientId: "zot", redirectUri: callback };
  const account = {
    ...object,
    username: "zot-ci",
    group: "artifact-workloads",
    appPassword: "zot-ci-app-password",
    machineFlow: "machine-login",
  };
  return {
    admins: await binding("admins", 0),
    workloads: await binding("artifact-workloads", 1),
    application: (await application.read?.(app, context))?.drift,
    account: (await serviceAccount.read?.(account, context))?.drift,
  };
}

const NOTHING: Drift = { admins: "", workloads: "", application: "", account: "" };

async function api(lab: Lab, method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const answer = await lab.api(method, path, body);
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.text}`);
  return answer.text === "" ? {} : answer.json;
}

async function bindingPath(lab: Lab, group: string): Promise<string> {
  const { pk } = await api(lab, "GET", "/core/applications/zot/");
  const { results } = await api(lab, "GET", `/policies/bindings/?target=${String(pk)}`);
  const found = (results as { readonly pk: string; readonly group_obj: { readonly name: string } }[]).find(
    (binding) => binding.group_obj.name === group,
  );
  return `/policies/bindings/${found?.pk ?? ""}/`;
}

const providerPath = async (lab: Lab): Promise<string> =>
  `/providers/oauth2/${String((await lab.one("/providers/oauth2/?client_id=zot"))["pk"])}/`;

/** A change by hand, and the one resource that shows it. */
const CHANGES: readonly (readonly [change: (lab: Lab) => Promise<unknown>, row: keyof Drift, text: string])[] = [
  [
    async (lab) => api(lab, "PATCH", await bindingPath(lab, "admins"), { enabled: false }),
    "admins",
    'the PolicyBinding of the group "admins" is disabled',
  ],
  [
    async (lab) => api(lab, "PATCH", await bindingPath(lab, "artifact-workloads"), { negate: true }),
    "workloads",
    'the PolicyBinding of the group "artifact-workloads" is negated: it keeps the group out',
  ],
  [
    async (lab) => api(lab, "PATCH", await bindingPath(lab, "artifact-workloads"), { order: 4 }),
    "workloads",
    'the PolicyBinding of the group "artifact-workloads" has order 4, not 1',
  ],
  [
    async (lab) => api(lab, "DELETE", await bindingPath(lab, "admins")),
    "admins",
    'no PolicyBinding of the application "zot" names the group "admins"',
  ],
  [
    async (lab) => api(lab, "PATCH", "/core/applications/zot/", { policy_engine_mode: "all" }),
    "application",
    'the application "zot" only lets in members of all groups at once (policy_engine_mode is "all")',
  ],
  [
    async (lab) => api(lab, "PATCH", "/core/applications/zot/", { name: "Registry" }),
    "application",
    'the application "zot" is called "Registry", not "Zot"',
  ],
  [async (lab) => api(lab, "DELETE", await providerPath(lab)), "application", 'the application "zot" has no provider'],
  [
    async (lab) => api(lab, "PATCH", await providerPath(lab), { client_id: "other" }),
    "application",
    'the provider\'s client id is "other", not "zot"',
  ],
  [
    async (lab) => api(lab, "PATCH", await providerPath(lab), { redirect_uris: [] }),
    "application",
    `the provider lacks the redirect URI ${callback}`,
  ],
  [
    async (lab) => api(lab, "PATCH", "/core/tokens/zot-ci-app-password/", { expiring: true }),
    "account",
    'the app password "zot-ci-app-password" expires',
  ],
  [
    async (lab) => api(lab, "PATCH", "/core/tokens/zot-ci-app-password/", { intent: "api" }),
    "account",
    'the token "zot-ci-app-password" is not an app password',
  ],
  [
    async (lab) => api(lab, "DELETE", "/flows/instances/machine-login/"),
    "account",
    'there is no sign-in flow "machine-login"',
  ],
];

async function fresh(t: TestContext): Promise<Lab> {
  const lab = await authentik(t);
  assert.deepEqual(await drift(lab), NOTHING);
  return lab;
}

for (const [change, row, text] of CHANGES) {
  test(`shown on one resource, by name: ${text}`, async (t) => {
    const lab = await fresh(t);
    await change(lab);
    assert.deepEqual(await drift(lab), { ...NOTHING, [row]: text });
  });
}

test("a second binding of the same group, created by hand, is no drift of ours", async (t) => {
  const lab = await fresh(t);
  const { pk } = await api(lab, "GET", "/core/applications/zot/");
  const group = await lab.one("/core/groups/?name=admins");
  await api(lab, "POST", "/policies/bindings/", { target: pk, group: group["pk"], order: -1, enabled: false });
  assert.deepEqual(await drift(lab), NOTHING);
});

test("detects a provider that lost its grant types, from 2026.5 on", async (t) => {
  const lab = await authentik(t, measured, { version: "2026.5.0" });
  assert.deepEqual(await drift(lab), NOTHING);
  await api(lab, "PATCH", await providerPath(lab), { grant_types: ["refresh_token"] });
  assert.deepEqual(await drift(lab), {
    ...NOTHING,
    application: 'the provider lacks the grant type "authorization_code"',
  });
});
