import assert from "node:assert/strict";
import test from "node:test";
import { renderBlueprint } from "../../../../systems/authentik/blueprint/render.ts";
import { blueprintArgs } from "../../../../stack/arguments.ts";
import { inlineBlueprint } from "../../../../systems/authentik/resources/inlineBlueprint.ts";
import { appliedBlueprint } from "../../../../systems/authentik/resources/appliedBlueprint.ts";
import { adminKey, clientSecret, startLab } from "../../../lab/authentik/support.ts";
import { appliedInputs, connectionTo, settingsWith, testContext } from "../../../support/provider.ts";

const settings = settingsWith();

test("a changed client secret is applied although text and hash are unchanged and Authentik does not notice it", async (t) => {
  const environment: Record<string, string> = { AUTHENTIK_ZOT_CLIENT_SECRET: "the secret of before" };
  const lab = await startLab(t, { environment });
  lab.write("zot.yaml", renderBlueprint(blueprintArgs(settings)));
  const inputs = appliedInputs(settings, connectionTo(t, lab.server.url, adminKey));
  const { state } = await appliedBlueprint.create(inputs, testContext());
  const secret = async () => (await lab.one("/providers/oauth2/?name=Zot"))["client_secret"];
  assert.equal(await secret(), "the secret of before");
  environment["AUTHENTIK_ZOT_CLIENT_SECRET"] = "the new secret";
  const updated = await appliedBlueprint.update?.(state, { ...inputs, clientSecretFingerprint: "new" }, testContext());
  assert.equal(await secret(), "the new secret");
  assert.equal(updated?.hash, state.hash);
});

test("an old hash and status prove nothing: objects deleted since then are created again", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", renderBlueprint(blueprintArgs(settings)));
  assert.equal((await lab.api("DELETE", "/core/applications/zot/")).status, 204);
  const inputs = appliedInputs(settings, connectionTo(t, lab.server.url, adminKey));
  await appliedBlueprint.create(inputs, testContext());
  assert.equal((await lab.api("GET", "/core/applications/zot/")).status, 200);
});

test("a different text applied since then is drift, and so is a deleted blueprint: the row stays, and an update removes nothing of before", async (t) => {
  const lab = await startLab(t);
  const text = renderBlueprint(blueprintArgs(settings));
  await lab.apply("zot.yaml", text);
  const inputs = appliedInputs(settings, connectionTo(t, lab.server.url, adminKey));
  const { state } = await appliedBlueprint.create(inputs, testContext());
  assert.equal((await appliedBlueprint.read?.(state, testContext()))?.drift, "");
  await lab.apply("zot.yaml", text.replace("Zot Registry", "Images"));
  assert.match((await appliedBlueprint.read?.(state, testContext()))?.drift ?? "", /last applied different content/);
  await lab.api("DELETE", `/managed/blueprints/${state.instance}/`);
  const seen = await appliedBlueprint.read?.(state, testContext());
  assert.equal(seen?.drift, "the blueprint custom/zot.yaml is not in Authentik");
});

test("what an interrupted run delivered by the API, before the delivery was set back to a file, is drift, and an update deletes it", async (t) => {
  const environment = { AUTHENTIK_ZOT_CLIENT_SECRET: clientSecret };
  const lab = await startLab(t, { environment, serverEnvironment: environment });
  const text = renderBlueprint(blueprintArgs(settings));
  await lab.apply("zot.yaml", text);
  const connection = connectionTo(t, lab.server.url, adminKey);
  const inputs = appliedInputs(settings, connection);
  const { state } = await appliedBlueprint.create(inputs, testContext());
  const { clientSecretVariable, hash } = inputs;
  const inline = { ...connection, name: "zot-auth zot", text, hash, appliedAfter: [], clientSecretVariable };
  await inlineBlueprint.create(inline, testContext());
  const left = await appliedBlueprint.read?.(state, testContext());
  assert.match(left?.drift ?? "", /^an interrupted run left the blueprint "zot-auth zot [0-9a-f]{12}" in Authentik$/);
  const updated = await appliedBlueprint.update?.(left ?? state, inputs, testContext());
  assert.equal((await appliedBlueprint.read?.(updated ?? state, testContext()))?.drift, "");
  assert.equal((await lab.api("GET", "/core/applications/zot/")).status, 200, "the objects are the file's, too");
});
