import assert from "node:assert/strict";
import test from "node:test";
import type { TestContext } from "node:test";
import { declaredEntries, parseDeclared } from "../../../../systems/authentik/blueprint/declared.ts";
import type { DeclaredEntry } from "../../../../systems/authentik/blueprint/declared.ts";
import { blueprintHash } from "../../../../systems/authentik/blueprint/hash.ts";
import { redirectUri, renderBlueprint } from "../../../../systems/authentik/blueprint/render.ts";
import {
  application,
  policyBinding,
  serviceAccount,
} from "../../../../systems/authentik/resources/authentikObjects.ts";
import { parseSettings } from "../../../../settings/parse.ts";
import { blueprintArgs } from "../../../../stack/arguments.ts";
import type { Lab } from "../../../lab/authentik/support.ts";
import { REAL_CASE } from "../../../support/settings.ts";
import { authentik, contextWith, inFrontOf } from "../../zot/signIn/support.ts";
import { entriesOf } from "../blueprint/blueprintEntries.ts";
import { mainAccount } from "../../../../settings/accounts/accounts.ts";

// Somebody changes an attribute that the blueprint sets, each in turn: the resource whose object it is names the attribute, and `up` repairs it.

const SETTINGS = parseSettings(REAL_CASE);
const ARGS = blueprintArgs(SETTINGS);
const ACCOUNT = mainAccount(SETTINGS);
const TEXT = renderBlueprint(ARGS);
const DECLARED = declaredEntries(ARGS);
const ACCOUNT_DECLARED = DECLARED.accounts["ci"] ?? "";

type Entry = DeclaredEntry;
type ApiObject = Readonly<Record<string, unknown>>;

async function pk(lab: Lab, path: string): Promise<unknown> {
  return (await lab.one(path))["pk"];
}

/** Creates an object that a reference can be changed to. */
async function made(lab: Lab, path: string, body: object): Promise<unknown> {
  const answer = await lab.api("POST", path, body);
  assert.equal(answer.status, 201, answer.text);
  return answer.json["pk"];
}

const otherFlow = async (lab: Lab): Promise<unknown> => pk(lab, "/flows/instances/?slug=default-authentication-flow");

/** Another value for each attribute of the blueprint. A new attribute without one fails the test. */
const OTHERS: Readonly<Record<string, unknown>> = {
  "authentik_core.group name": "renamed",
  "authentik_core.user name": "Somebody",
  "authentik_core.user type": "internal",
  "authentik_core.user path": "users",
  "authentik_core.user is_active": false,
  "authentik_core.user groups": async (lab: Lab) => [
    await pk(lab, "/core/groups/?name=admins"),
    await pk(lab, "/core/groups/?name=artifact-workloads"),
  ],
  "authentik_core.token user": async (lab: Lab) => pk(lab, "/core/users/?username=robot"),
  "authentik_core.token intent": "api",
  "authentik_core.token expiring": true,
  "authentik_core.token description": "somebody's",
  "authentik_core.application slug": "registry",
  "authentik_core.application name": "Registry",
  "authentik_core.application provider": null,
  "authentik_core.application meta_launch_url": "https://elsewhere.example.test",
  "authentik_core.application policy_engine_mode": "all",
  "authentik_providers_oauth2.oauth2provider name": "Registry",
  "authentik_providers_oauth2.oauth2provider authorization_flow": otherFlow,
  "authentik_providers_oauth2.oauth2provider invalidation_flow": otherFlow,
  "authentik_providers_oauth2.oauth2provider client_type": "public",
  "authentik_providers_oauth2.oauth2provider client_id": "other",
  "authentik_providers_oauth2.oauth2provider grant_types": ["authorization_code", "implicit"],
  "authentik_providers_oauth2.oauth2provider redirect_uris": [
    { matching_mode: "strict", url: redirectUri(ARGS.registryUrl) },
    { matching_mode: "regex", url: ".*" },
  ],
  "authentik_providers_oauth2.oauth2provider issuer_mode": "global",
  "authentik_providers_oauth2.oauth2provider signing_key": null,
  "authentik_providers_oauth2.oauth2provider encryption_key": async (lab: Lab) =>
    pk(lab, "/crypto/certificatekeypairs/?name=authentik%20Self-signed%20Certificate"),
  "authentik_providers_oauth2.oauth2provider property_mappings": async (lab: Lab) => [
    await pk(lab, "/propertymappings/provider/scope/?scope_name=openid"),
  ],
  "authentik_providers_oauth2.oauth2provider sub_mode": "user_email",
  "authentik_providers_oauth2.oauth2provider include_claims_in_id_token": false,
  "authentik_policies.policybinding order": 9,
  "authentik_policies.policybinding enabled": false,
  "authentik_policies.policybinding negate": true,
  "authentik_policies.policybinding timeout": 3,
  "authentik_policies.policybinding group": async (lab: Lab) => pk(lab, "/core/groups/?name=admins"),
  "authentik_flows.flow name": "Another",
  "authentik_flows.flow title": "Another",
  "authentik_flows.flow designation": "enrollment",
  "authentik_flows.flow authentication": "require_superuser",
  "authentik_flows.flowstagebinding evaluate_on_plan": true,
  "authentik_flows.flowstagebinding re_evaluate_policies": false,
  "authentik_stages_password.passwordstage backends": ["authentik.core.auth.InbuiltBackend"],
  "authentik_stages_password.passwordstage failed_attempts_before_cancel": 500,
  "authentik_stages_identification.identificationstage user_fields": ["email"],
  "authentik_stages_identification.identificationstage password_stage": async (lab: Lab) =>
    made(lab, "/stages/password/", { name: "another", backends: [] }),
  "authentik_stages_user_login.userloginstage session_duration": "days=30",
};

/** Attributes whose message does not name them: the resource has one of its own. */
const OWN_WORDS: Readonly<Record<string, RegExp>> = {
  "authentik_core.group name": /the account "zot-ci" is not a member of "artifact-workloads"/,
  "authentik_core.user is_active": /the account "zot-ci" is disabled/,
  "authentik_core.token user": /does not belong to "zot-ci"/,
  "authentik_core.token intent": /is not an app password/,
  "authentik_core.token expiring": /expires/,
  "authentik_core.application slug": /there is no application "zot"/,
  "authentik_core.application name": /is called "Registry"/,
  "authentik_core.application provider": /has no provider/,
  "authentik_providers_oauth2.oauth2provider client_id": /client id is "other"/,
  "authentik_providers_oauth2.oauth2provider signing_key": /no signing key/,
  "authentik_policies.policybinding enabled": /is disabled|has enabled false/,
  "authentik_policies.policybinding negate": /is negated|has negate true/,
};

/** Attributes by which the objects of other resources refer to the object. */
const SEEN_BY_OTHERS = ["authentik_core.group name", "authentik_core.application slug"];

/** The path of an entry's object in the API. */
async function pathOf(lab: Lab, { model, identifiers }: Entry): Promise<string> {
  const one = async (path: string): Promise<string> => `${path.split("?")[0] ?? ""}${String(await pk(lab, path))}/`;
  switch (model) {
    case "authentik_core.group":
      return one(`/core/groups/?name=${ACCOUNT.group}`);
    case "authentik_core.user":
      return one(`/core/users/?username=${ACCOUNT.user}`);
    case "authentik_core.token":
      return `/core/tokens/${plain(identifiers["identifier"])}/`;
    case "authentik_core.application":
      return `/core/applications/${ARGS.application}/`;
    case "authentik_providers_oauth2.oauth2provider":
      return one(`/providers/oauth2/?name=${ARGS.providerName}`);
    case "authentik_flows.flow":
      return `/flows/instances/${ARGS.machineFlow}/`;
    case "authentik_flows.flowstagebinding":
      return one(`/flows/bindings/?target=${await flowPk(lab)}&order=${plain(identifiers["order"])}`);
    case "authentik_policies.policybinding":
      return bindingPath(lab, identifiers);
  }
  const stage = /_stages_(\w+)\./.exec(model)?.[1] ?? "";
  return one(`/stages/${stage}/?name=${plain(identifiers["name"])}`);
}

const plain = (value: unknown): string => String(value);

async function flowPk(lab: Lab): Promise<string> {
  return String((await lab.api("GET", `/flows/instances/${ARGS.machineFlow}/`)).json["pk"]);
}

async function bindingPath(lab: Lab, identifiers: Entry["identifiers"]): Promise<string> {
  const login = await lab.one(`/flows/bindings/?target=${await flowPk(lab)}&order=100`);
  const { json } = await lab.api("GET", `/core/applications/${ARGS.application}/`);
  const target = "group" in identifiers ? json["pk"] : login["policybindingmodel_ptr_id"];
  const { results } = (await lab.api("GET", `/policies/bindings/?target=${String(target)}`)).json;
  const group = JSON.stringify(identifiers["group"] ?? "ci-group").includes("admins") ? "admins" : ACCOUNT.group;
  const found = (results as ApiObject[]).find(({ group_obj: of }) => (of as ApiObject)["name"] === group);
  return `/policies/bindings/${String(found?.["pk"])}/`;
}

/** What a refresh and an `up` do with the resources whose object may have been changed. */
function rows(lab: Lab, authentikToken: `env:${string}` = "env:SIGN_IN_TEST_TOKEN", authentikUrl = lab.server.url) {
  const place = {
    authentikUrl,
    authentikToken,
    path: "custom/zot.yaml",
    hash: blueprintHash(TEXT),
    timeout: 10,
  };
  const context = contextWith([]);
  const app = {
    ...place,
    slug: ARGS.application,
    name: ARGS.applicationName,
    clientId: ARGS.clientId,
    redirectUri: redirectUri(ARGS.registryUrl),
    declared: DECLARED.application,
  };
  const account = {
    ...place,
    username: ACCOUNT.user,
    group: ACCOUNT.group,
    appPassword: `${ACCOUNT.user}-app-password`,
    machineFlow: ARGS.machineFlow,
    declared: ACCOUNT_DECLARED,
  };
  const bindings = ARGS.signInGroups.map((group, order) => {
    const inputs = { ...place, application: ARGS.application, group, order, declared: DECLARED.bindings[group] ?? "" };
    return [`binding ${group}`, row(policyBinding, inputs)] as const;
  });
  return new Map([["application", row(application, app)], ["account", row(serviceAccount, account)], ...bindings]);

  function row<I extends object>(of: Handler<I>, inputs: I) {
    return {
      drift: async () => (await of.read?.({ ...inputs, drift: "" }, context))?.drift ?? "gone",
      repair: async (drift: string) => of.update?.({ ...inputs, drift }, inputs, context),
    };
  }
}

interface Handler<I> {
  read?(state: I & { readonly drift: string }, context: unknown): Promise<{ readonly drift: string } | undefined>;
  update?(state: I & { readonly drift: string }, inputs: I, context: unknown): Promise<unknown>;
}

async function drifts(lab: Lab, token?: `env:${string}`): Promise<ReadonlyMap<string, string>> {
  const seen = new Map<string, string>();
  for (const [name, { drift }] of rows(lab, token)) {
    const found = await drift();
    if (found !== "") seen.set(name, found);
  }
  return seen;
}

/** The newest release that the lab knows, which has every attribute. */
const start = async (t: TestContext): Promise<Lab> => authentik(t, TEXT, { version: "2026.5.0" });

const BY_ROW: readonly (readonly [row: string, entries: readonly Entry[]])[] = [
  ["application", parseDeclared(DECLARED.application)],
  ["account", parseDeclared(ACCOUNT_DECLARED)],
  ...Object.entries(DECLARED.bindings).map(([group, json]) => [`binding ${group}`, parseDeclared(json)] as const),
];

test("the resources compare every attribute of the blueprint but the client secret", () => {
  const compared = BY_ROW.flatMap(([row, entries]) =>
    // A PolicyBinding's row has the objects that it refers to, without attributes.
    entries.slice(row.startsWith("binding") ? -1 : 0).map(({ model, attrs }) => [model, Object.keys(attrs)]),
  );
  const written = entriesOf(TEXT).map(({ model, attrs = {} }) => [model, Object.keys(attrs)]);
  assert.deepEqual(compared.map(String).sort(), written.map(String).sort());
});

for (const [row, entries] of BY_ROW) {
  test(`${row}: a changed attribute is named, and up restores it`, async (t) => {
    const lab = await start(t);
    assert.deepEqual([...(await drifts(lab))], []);
    for (const entry of entries) {
      for (const field of Object.keys(entry.attrs).filter((name) => name !== "client_secret")) {
        const key = `${entry.model} ${field}`;
        assert.ok(key in OTHERS, `${key} has no other value in this test`);
        const other = OTHERS[key];
        const value: unknown = typeof other === "function" ? await (other as (of: Lab) => unknown)(lab) : other;
        const answer = await lab.api("PATCH", await pathOf(lab, entry), { [field]: value });
        assert.equal(answer.status, 200, `${key}: ${answer.text}`);
        const seen = await drifts(lab);
        assert.match(seen.get(row) ?? "", OWN_WORDS[key] ?? new RegExp(String.raw`\b${field}\b`), key);
        if (!SEEN_BY_OTHERS.includes(key)) assert.deepEqual([...seen.keys()], [row], key);
        await rows(lab)
          .get(row)
          ?.repair(seen.get(row) ?? "");
        assert.deepEqual([...(await drifts(lab))], [], `${key} after up`);
      }
    }
  });
}

test("what several resources miss at once is restored by one run of the blueprint, though the worker is slow", async (t) => {
  const lab = await authentik(t, TEXT, { workerDelayMs: 400 });
  let applied = 0;
  const url = await inFrontOf(
    t,
    () => lab,
    (request) => {
      if (request.method === "POST" && request.url?.endsWith("/apply/") === true) applied += 1;
      return false;
    },
  );
  const user = await pk(lab, `/core/users/?username=${ACCOUNT.user}`);
  await lab.api("PATCH", `/core/users/${String(user)}/`, { is_active: false });
  await lab.api("DELETE", `/core/tokens/${ACCOUNT.user}-app-password/`);
  for (const entry of BY_ROW.flatMap(([row, entries]) => (row.startsWith("binding") ? entries.slice(-1) : [])))
    await lab.api("DELETE", await pathOf(lab, entry));
  await Promise.all([...rows(lab, undefined, url).values()].map(async ({ repair }) => repair("drift")));
  assert.equal(applied, 1);
  assert.deepEqual([...(await drifts(lab))], []);
});

test("an update without a refresh finds the change by itself", async (t) => {
  const lab = await start(t);
  const [provider] = parseDeclared(DECLARED.application);
  assert.ok(provider);
  await lab.api("PATCH", await pathOf(lab, provider), { issuer_mode: "global" });
  await rows(lab).get("application")?.repair("");
  assert.deepEqual([...(await drifts(lab))], []);
});

test("what the token may not read is not compared", async (t) => {
  const lab = await start(t);
  process.env["DIFFERENCES_TEST_TOKEN"] = "robot-token";
  const [provider] = parseDeclared(DECLARED.application);
  assert.ok(provider);
  await lab.api("PATCH", await pathOf(lab, provider), {
    issuer_mode: "global",
    authorization_flow: await otherFlow(lab),
  });
  await lab.api("PATCH", `/flows/instances/${ARGS.machineFlow}/`, { title: "Another" });
  assert.deepEqual([...(await drifts(lab, "env:DIFFERENCES_TEST_TOKEN"))], []);
});

test("with issuer_mode global, Authentik names another issuer than zot's config", async (t) => {
  const lab = await start(t);
  const [provider] = parseDeclared(DECLARED.application);
  assert.ok(provider);
  const issuer = async (): Promise<unknown> => {
    const root = `${lab.server.url}/application/o/${ARGS.application}/`;
    const document = (await (await fetch(`${root}.well-known/openid-configuration`)).json()) as ApiObject;
    assert.equal(document["jwks_uri"], `${root}jwks/`);
    assert.equal((await fetch(`${root}jwks/`)).status, 200);
    return document["issuer"];
  };
  assert.equal(await issuer(), `${lab.server.url}/application/o/${ARGS.application}/`);
  await lab.api("PATCH", await pathOf(lab, provider), { issuer_mode: "global" });
  assert.equal(await issuer(), `${lab.server.url}/`);
});
