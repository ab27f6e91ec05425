// Every group name that Authentik allows reaches it exactly as the settings have it.
import assert from "node:assert/strict";
import test from "node:test";
import { blueprintArgs } from "../../../../stack/arguments.ts";
import { needsOf } from "../../../../systems/authentik/blueprint/needs.ts";
import { bindingOf, renderRemoval } from "../../../../systems/authentik/blueprint/objects.ts";
import {
  appPasswordIdentifier,
  blueprintNeeds,
  renderBlueprint,
} from "../../../../systems/authentik/blueprint/render.ts";
import { parseSettings } from "../../../../settings/parse.ts";
import { startLab } from "../../../lab/authentik/support.ts";
import { settingsWith } from "../../../support/provider.ts";
import { REAL_CASE } from "../../../support/settings.ts";

const GROUPS = [
  "authentik Admins",
  "Registry, Users",
  'the "best" ones',
  "it's ours",
  "Größe",
  "a: b",
  "a/b",
  "#1",
  "- x",
  "yes",
  "NO",
  "1:30",
  "2026-11-28",
  "0x1f",
  "1e3",
  "~",
  "null",
  "<<",
  "=",
  "!Env HOME",
  "@all",
  "{x}",
  "[x]",
  "*",
  "&a",
  "%x",
  "C:\\team",
];

test("every group name is looked up and bound as it is, and a removal names it", async (t) => {
  const lab = await startLab(t);
  // Authentik itself creates the first one.
  for (const name of GROUPS.slice(1))
    assert.equal((await lab.api("POST", "/core/groups/", { name })).status, 201, name);
  const text = renderBlueprint(blueprintArgs(settingsWith({ access: { signInGroups: GROUPS } })));
  assert.deepEqual(
    needsOf(text)
      .filter(({ model }) => model === "authentik_core.group")
      .map(({ value }) => value)
      .slice(1),
    GROUPS,
  );
  await lab.apply("zot.yaml", text);
  const { pk } = await lab.one("/core/applications/?slug=zot");
  const bound = async (): Promise<readonly unknown[]> => {
    const { json } = await lab.api("GET", `/policies/bindings/?target=${String(pk)}&page_size=100`);
    return (json["results"] as { readonly group_obj: { readonly name: string } }[]).map(
      ({ group_obj }) => group_obj.name,
    );
  };
  assert.deepEqual(new Set(await bound()), new Set(["admins", "artifact-workloads", ...GROUPS]));
  lab.write("removal.yaml", renderRemoval(GROUPS.map((group) => bindingOf("zot", group))));
  await lab.apply("removal.yaml", renderRemoval(GROUPS.map((group) => bindingOf("zot", group))));
  assert.deepEqual(new Set(await bound()), new Set(["admins", "artifact-workloads"]));
});

test("what a blueprint looks up is the same before it is text", () => {
  const args = blueprintArgs(settingsWith({ access: { signInGroups: GROUPS }, authentik: { appliedAfter: ["mfa"] } }));
  const needs = blueprintNeeds(args);
  assert.ok(needs.length > GROUPS.length);
  assert.deepEqual(needs, needsOf(renderBlueprint(args)));
});

test("text is quoted where YAML 1.1 would read something else", () => {
  const names = [...GROUPS, "on", "off", "y", "010", "1_000", "0b1", ".5", "12:30:45", "trailing:", "a #b"];
  const text = renderBlueprint(blueprintArgs(settingsWith({ access: { signInGroups: names } })));
  for (const name of names) assert.ok(text.includes(`[ name, ${plain(name) ? name : JSON.stringify(name)} ]`), name);
});

/** What needs no quotes in any version. */
const plain = (name: string): boolean => /^(authentik Admins|a\/b)$/.test(name);

test("an app password's identifier is a slug, and no two users share one", () => {
  assert.equal(appPasswordIdentifier("zot-ci"), "zot-ci-app-password");
  const users = ["a.b", "a-b", "a@b", "größe", "a+b", "a_b"].map(appPasswordIdentifier);
  assert.equal(new Set(users).size, users.length);
  for (const identifier of users) assert.match(identifier, /^[-a-zA-Z0-9_]+$/);
});

test("what the systems do not allow is an error of the settings", () => {
  const wrong = [
    [{ access: { adminGroup: " admins" } }, /access\.adminGroup: got " admins"; must be a group's name/],
    [
      { access: { groups: { "a\nb": ["read"] } } },
      /access\.groups\.a\nb: got the name "a\\nb"; must be a group's name/,
    ],
    [{ ci: { ...REAL_CASE.ci, user: "zot ci" } }, /ci\.user: got "zot ci"; must be a user name that Authentik accepts/],
    [{ ci: { ...REAL_CASE.ci, user: "zot:ci" } }, /ci\.user: got "zot:ci"/],
    [
      { authentik: { ...REAL_CASE.authentik, application: "zot.registry" } },
      /authentik\.application: got "zot\.registry"; must be a slug/,
    ],
  ] as const;
  for (const [change, message] of wrong) assert.throws(() => parseSettings({ ...REAL_CASE, ...change }), message);
});
