import assert from "node:assert/strict";
import test from "node:test";
import { checkClientId } from "../../../../systems/authentik/applying/clientId.ts";
import { adminKey, measured, startLab } from "../../../lab/authentik/support.ts";
import { connectionTo, failureOf, testContext } from "../../../support/provider.ts";

test("a client ID or a name of another provider is an error that names the provider and the settings", async (t) => {
  const lab = await startLab(t);
  const connection = connectionTo(t, lab.server.url, adminKey);
  const check = async (clientId: string, providerName: string): Promise<void> =>
    checkClientId(connection, { clientId, providerName }, testContext());
  await check("zot", "Zot");
  await lab.apply("zot.yaml", measured);
  await check("zot", "Zot");
  await check("registry", "Registry");
  const byId = await failureOf(check("zot", "Registry"));
  assert.equal(byId.code, "CLIENT_ID_TAKEN");
  assert.equal(
    byId.message,
    'The client ID "zot" (authentik.clientId) belongs to the OAuth2 provider "Zot" in Authentik. To take that provider over, set authentik.providerName to "Zot" and authentik.application to "zot"; otherwise choose another authentik.clientId.',
  );
  await checkClientId(connection, { clientId: "registry", providerName: "Zot" }, testContext(), "zot");
  const byName = await failureOf(check("registry", "Zot"));
  assert.equal(byName.code, "CLIENT_ID_TAKEN");
  assert.equal(
    byName.message,
    'The OAuth2 provider "Zot" (authentik.providerName) in Authentik has another client ID, "zot". To take that provider over, set authentik.clientId to "zot"; otherwise choose another authentik.providerName.',
  );
});
