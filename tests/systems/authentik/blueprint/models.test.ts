import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { renderBlueprint } from "../../../../systems/authentik/blueprint/render.ts";
import { blueprintArgs } from "../../../../stack/arguments.ts";
import { parseSettings } from "../../../../settings/parse.ts";
import { problemsOf } from "../authentikModels.ts";
import { entriesOf } from "./blueprintEntries.ts";
import { REAL_CASE, realCase } from "../../../support/settings.ts";

const all = (text: string): readonly string[] =>
  entriesOf(text)
    .filter(({ model }) => model !== "authentik_blueprints.metaapplyblueprint")
    .flatMap(problemsOf);

test("every entry has only fields of its model, all required ones, and valid values", () => {
  assert.deepEqual(all(renderBlueprint(blueprintArgs(realCase()))), []);
  const access = { signInGroups: ["family"], groups: { developers: ["read"] } };
  assert.deepEqual(all(renderBlueprint(blueprintArgs(parseSettings({ ...REAL_CASE, access })))), []);
});

test("the check accepts what a real Authentik applied", () => {
  const measured = readFileSync(new URL("../../../data/authentik/blueprint.measured.yaml", import.meta.url), "utf8");
  assert.deepEqual(all(measured), []);
});

for (const [what, from, to, expected] of [
  ["an unknown field", "is_active: true", "is_activ: true", "authentik_core.user: is_activ is no field"],
  ["a missing one", "      designation: authentication\n", "", "authentik_flows.flow: designation is missing"],
  ["a word that is none of the choices", "sub_mode: hashed_user_id", "sub_mode: hash", 'sub_mode cannot be "hash"'],
  ["a wrong type", "timeout: 30", "timeout: soon", 'timeout cannot be "soon"'],
  ["an inner field", "matching_mode: strict", "matching: strict", "redirect_uris lacks matching_mode"],
  ["an unknown model", "authentik_core.group\n", "authentik_core.gruop\n", "authentik_core.gruop: unknown model"],
] as const) {
  test(`${what} is found`, () => {
    const text = renderBlueprint(blueprintArgs(realCase()));
    const broken = text.replace(from, to);
    assert.notEqual(broken, text);
    assert.ok(
      all(broken).some((problem) => problem.includes(expected)),
      all(broken).join("; "),
    );
  });
}
