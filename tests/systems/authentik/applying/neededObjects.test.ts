import assert from "node:assert/strict";
import test from "node:test";
import { checkBlueprintNeeds } from "../../../../systems/authentik/applying/neededObjects.ts";
import type { BlueprintNeeds } from "../../../../systems/authentik/applying/neededObjects.ts";
import { preflightInputs } from "../../../../stack/preflightArguments.ts";
import { adminKey, startLab } from "../../../lab/authentik/support.ts";
import { connectionTo, failureOf, settingsWith, testContext } from "../../../support/provider.ts";
import { contextWith } from "../../zot/signIn/support.ts";

// What the blueprint refers to is looked up before anything changes.

/** What the preflight looks up for these settings. */
const needsWith = (changes: Parameters<typeof settingsWith>[0]): BlueprintNeeds =>
  preflightInputs(settingsWith(changes)).blueprint;

test("every group and flow of the settings is looked up, CI's own group is not", async (t) => {
  const lab = await startLab(t);
  const connection = connectionTo(t, lab.server.url, adminKey);
  await checkBlueprintNeeds(connection, needsWith({}), testContext());
  const needs = needsWith({
    access: {
      ciGroup: "made-by-the-blueprint",
      groups: { "no-developers": ["read"] },
      signInGroups: ["no-guests"],
      namespaces: { "team/**": { groups: { "no-team": ["read"] } } },
    },
    authentik: { invalidationFlow: "no-flow" },
  });
  const { code, message } = await failureOf(checkBlueprintNeeds(connection, needs, testContext()));
  assert.equal(code, "BLUEPRINT_NEEDS_MISSING");
  for (const name of ["no-developers", "no-guests", "no-team", "no-flow"])
    assert.ok(message.includes(`"${name}"`), name);
  assert.doesNotMatch(message, /made-by-the-blueprint|"admins"/);
  assert.match(message, /Create them in Authentik, or correct the setting/);
});

test("a missing scope mapping, which Authentik answers with 400, is reported as missing", async (t) => {
  const lab = await startLab(t);
  const { pk } = await lab.one("/propertymappings/provider/scope/?scope_name=email");
  assert.equal((await lab.api("DELETE", `/propertymappings/provider/scope/${String(pk)}/`)).status, 204);
  const needs = checkBlueprintNeeds(connectionTo(t, lab.server.url, adminKey), needsWith({}), testContext());
  assert.match(
    (await failureOf(needs)).message,
    /the scope mapping with managed "goauthentik\.io\/providers\/oauth2\/scope-email"/,
  );
});

test("behind another blueprint, which may create it, a missing group is a warning", async (t) => {
  const lab = await startLab(t);
  const connection = connectionTo(t, lab.server.url, adminKey);
  const warnings: string[] = [];
  const needs = needsWith({ access: { adminGroup: "later" }, authentik: { appliedAfter: ["common"] } });
  await checkBlueprintNeeds(connection, needs, contextWith(warnings));
  assert.match(
    warnings.join(),
    /the group with name "later".* fails unless common \(authentik\.appliedAfter\) creates them/,
  );
});

test("what the token may not look up is left to Authentik", async (t) => {
  const lab = await startLab(t);
  await lab.api("POST", "/core/users/", { username: "nobody", name: "nobody", path: "users" });
  const user = await lab.one("/core/users/?username=nobody");
  await lab.api("POST", "/core/tokens/", { identifier: "nobody-api", intent: "api", user: user["pk"] });
  const key = (await lab.api("GET", "/core/tokens/nobody-api/view_key/")).json["key"];
  const needs = needsWith({ access: { adminGroup: "unseen" } });
  await checkBlueprintNeeds(connectionTo(t, lab.server.url, String(key)), needs, testContext());
});
