import assert from "node:assert/strict";
import test from "node:test";
import { renderBlueprint } from "../../../../systems/authentik/blueprint/render.ts";
import { blueprintArgs } from "../../../../stack/arguments.ts";
import {
  declaredObjects,
  isAccount,
  neededObjects,
  renderRemoval,
} from "../../../../systems/authentik/blueprint/objects.ts";
import { parseSettings } from "../../../../settings/parse.ts";
import { entriesOf } from "./blueprintEntries.ts";
import type { Entry } from "./blueprintEntries.ts";
import { REAL_CASE, realCase } from "../../../support/settings.ts";

const key = ({ model, identifiers }: Entry): string => `${model} ${JSON.stringify(identifiers)}`;

test("the removal removes every object that the blueprint creates, and nothing else", () => {
  const removed = entriesOf(renderRemoval(declaredObjects(blueprintArgs(realCase()))));
  const made = entriesOf(renderBlueprint(blueprintArgs(realCase())));
  const named = (entries: readonly Entry[]) => entries.filter((entry) => !("target" in (entry.identifiers ?? {})));
  // The blueprint finds the two by one field or another, and for each the removal has an entry.
  const others = (entries: readonly Entry[]) =>
    named(entries).filter(({ model }) => !/application|provider/.test(model));
  assert.deepEqual(others(removed).map(key).sort(), others(made).map(key).sort());
  assert.deepEqual(
    named(removed)
      .filter((entry) => !others(removed).includes(entry))
      .map(({ identifiers }) => identifiers),
    [
      { slug: "zot", provider: '!Find ["authentik_providers_oauth2.oauth2provider",["client_id","zot"]]' },
      { pk: '!Find ["authentik_core.application",["provider__oauth2provider__client_id","zot"]]' },
      { name: "Zot", client_id: "zot" },
      { pk: '!Find ["authentik_providers_oauth2.oauth2provider",["client_id","zot"]]' },
    ],
  );
  assert.ok(removed.every((entry) => entry.state === "absent"));
  const bound = (entries: readonly Entry[], target: string) =>
    entries.filter((entry) => entry.identifiers?.["target"] === target);
  // Authentik deletes the bindings of the machines' flow with the flow.
  assert.equal(
    bound(removed, '!Find ["authentik_core.application",["slug","zot"],["provider__oauth2provider__client_id","zot"]]')
      .length,
    bound(made, "!KeyOf application").length,
  );
});

test("an object is removed before those that it refers to", () => {
  const models = entriesOf(renderRemoval([...declaredObjects(blueprintArgs(realCase()))].reverse())).map(
    ({ model }) => model,
  );
  assert.deepEqual(
    models,
    entriesOf(renderRemoval(declaredObjects(blueprintArgs(realCase())))).map(({ model }) => model),
  );
  const place = (model: string): number => models.indexOf(model);
  assert.ok(place("authentik_core.token") < place("authentik_core.user"));
  assert.ok(place("authentik_core.user") < place("authentik_core.group"));
  assert.ok(place("authentik_core.application") < place("authentik_providers_oauth2.oauth2provider"));
});

test("a binding is removed only if its application and group exist: without a group it could be the binding of an account", () => {
  const [entry, ...more] = entriesOf(renderRemoval(["authentik_policies.policybinding zot/developers"]));
  assert.ok(entry !== undefined && more.length === 0);
  assert.deepEqual(entry.conditions, Object.values(entry.identifiers ?? {}));
  assert.deepEqual(entry.identifiers, {
    target: '!Find ["authentik_core.application",["slug","zot"]]',
    group: '!Find ["authentik_core.group",["name","developers"]]',
  });
});

test("a former CI group that still has permissions is not removed", () => {
  const access = { ciGroup: "pushers", groups: { "artifact-workloads": ["read"] } };
  const changed = parseSettings({ ...REAL_CASE, access });
  assert.ok(declaredObjects(blueprintArgs(realCase())).includes("authentik_core.group artifact-workloads"));
  assert.ok(!declaredObjects(blueprintArgs(changed)).includes("authentik_core.group artifact-workloads"));
  assert.ok(neededObjects(blueprintArgs(changed)).includes("authentik_core.group artifact-workloads"));
});

test("account and app password are removed after the key", () => {
  const objects = declaredObjects(blueprintArgs(realCase()));
  assert.deepEqual(objects.filter(isAccount), [
    "authentik_core.token zot-ci-app-password",
    "authentik_core.user zot-ci",
  ]);
});
