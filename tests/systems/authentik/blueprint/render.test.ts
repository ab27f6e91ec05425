import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { renderBlueprint } from "../../../../systems/authentik/blueprint/render.ts";
import { blueprintArgs } from "../../../../stack/arguments.ts";
import { parseSettings } from "../../../../settings/parse.ts";
import { entriesOf } from "./blueprintEntries.ts";
import type { Entry } from "./blueprintEntries.ts";
import { REAL_CASE, realCase } from "../../../support/settings.ts";

/** The one entry of a model. */
function one(model: string): Required<Pick<Entry, "identifiers" | "attrs">> {
  const [entry, ...more] = find(model);
  assert.ok(entry?.attrs !== undefined && entry.identifiers !== undefined && more.length === 0, `one ${model}`);
  return { identifiers: entry.identifiers, attrs: entry.attrs };
}

const find = (model: string) =>
  entriesOf(renderBlueprint(blueprintArgs(realCase()))).filter((entry) => entry.model === model);

test("the real case renders to the recorded bytes", () => {
  const recorded = readFileSync(new URL("../../../data/authentik/blueprint.real-case.yaml", import.meta.url), "utf8");
  assert.equal(renderBlueprint(blueprintArgs(realCase())), recorded);
});

test("every group that may sign in has one PolicyBinding on the application, in order", () => {
  const bindings = find("authentik_policies.policybinding").filter(
    (entry) => entry.identifiers?.["target"] === "!KeyOf application",
  );
  assert.deepEqual(
    bindings.map(({ identifiers, attrs }) => [attrs?.["order"], identifiers?.["group"]]),
    [
      [0, '!Find ["authentik_core.group",["name","admins"]]'],
      [1, "!KeyOf ci-group"],
    ],
  );
  assert.ok(
    bindings.every(({ attrs }) => attrs?.["enabled"] === true && attrs["negate"] === false && attrs["timeout"] === 30),
  );
});

test("the provider has grant_types, a strict redirect URI, and its secret from the worker's environment", () => {
  const provider = one("authentik_providers_oauth2.oauth2provider");
  assert.deepEqual(provider.attrs["grant_types"], ["authorization_code", "refresh_token"]);
  assert.deepEqual(provider.attrs["redirect_uris"], [
    { matching_mode: "strict", url: "https://registry.ops.eblu.me/zot/auth/callback/oidc" },
  ]);
  assert.equal(provider.attrs["client_secret"], "!Env AUTHENTIK_ZOT_CLIENT_SECRET");
});

test("the flow for machines accepts app passwords only, and members of the CI group only", () => {
  const password = one("authentik_stages_password.passwordstage");
  assert.deepEqual(password.attrs["backends"], ["authentik.core.auth.TokenBackend"]);
  const binding = find("authentik_policies.policybinding").find(
    (entry) => entry.identifiers?.["target"] === "!KeyOf login-binding",
  );
  assert.equal(binding?.attrs?.["group"], "!KeyOf ci-group");
});

test("the app password has no key of ours and does not expire", () => {
  const token = one("authentik_core.token");
  assert.deepEqual(token.identifiers, { identifier: "zot-ci-app-password" });
  assert.equal(token.attrs["expiring"], false);
  assert.equal(token.attrs["intent"], "app_password");
  assert.ok(!("key" in token.attrs));
});

test("the blueprint does not write the sign-in flow for people", () => {
  const flows = find("authentik_flows.flow").map((entry) => entry.identifiers?.["slug"]);
  assert.deepEqual(flows, ["machine-login"]);
});

test("any number of groups may sign in: admins, CI, those with rights anywhere, then those without", () => {
  const access = {
    signInGroups: ["family", "guests"],
    groups: { developers: ["read", "create"] },
    namespaces: { "games/**": { groups: { players: ["read"], developers: ["read"] } } },
  };
  const bound = entriesOf(renderBlueprint(blueprintArgs(parseSettings({ ...REAL_CASE, access })))).filter(
    (entry) => entry.identifiers?.["target"] === "!KeyOf application",
  );
  const names = ["admins", "ci-group", "developers", "players", "family", "guests"];
  assert.deepEqual(
    bound.map(({ attrs }) => attrs?.["order"]),
    names.map((_name, order) => order),
  );
  for (const [index, { identifiers }] of bound.entries()) {
    assert.ok(String(identifiers?.["group"]).includes(names[index] ?? "?"), `${names[index] ?? ""} at ${index}`);
  }
});

test("a group with permissions is rejected in access.signInGroups", () => {
  const access = { signInGroups: ["developers", "admins"], groups: { developers: ["read"] } };
  assert.throws(
    () => parseSettings({ ...REAL_CASE, access }),
    /access\.signInGroups\.0: got "developers", which may sign in already.*\n.*access\.signInGroups\.1: got "admins"/,
  );
});

test("blueprints that ours needs are applied before it", () => {
  const authentik = { ...REAL_CASE.authentik, appliedAfter: ["common", "flows"] };
  const entries = entriesOf(renderBlueprint(blueprintArgs(parseSettings({ ...REAL_CASE, authentik }))));
  assert.deepEqual(
    entries.slice(0, 2),
    ["common", "flows"].map((name) => ({
      model: "authentik_blueprints.metaapplyblueprint",
      attrs: { identifiers: { name }, required: true },
    })),
  );
  assert.equal(find("authentik_blueprints.metaapplyblueprint").length, 0, "none unless named");
});
