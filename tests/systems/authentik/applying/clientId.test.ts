import assert from "node:assert/strict";
import test from "node:test";
import { checkClientId } from "../../../../systems/authentik/applying/clientId.ts";
import { adminKey, measured, startLab } from "../../../lab/authentik/support.ts";
import { connectionTo, failureOf, testContext } from "../../../support/provider.ts";

test("a client ID of another provider is an error that names the provider, its application and the settings", async (t) => {
  const lab = await startLab(t);
  const connection = connectionTo(t, lab.server.url, adminKey);
  const declared = { clientId: "zot", providerName: "Zot" };
  await checkClientId(connection, declared, testContext());
  await lab.apply("zot.yaml", measured);
  const { name } = await lab.one("/providers/oauth2/?client_id=zot");
  await checkClientId(connection, { clientId: "zot", providerName: String(name) }, testContext());
  const { code, message } = await failureOf(
    checkClientId(connection, { clientId: "zot", providerName: "Registry" }, testContext()),
  );
  assert.equal(code, "CLIENT_ID_TAKEN");
  assert.match(
    message,
    /^The client ID "zot" \(authentik\.clientId\) belongs to the OAuth2 provider "Zot" in Authentik\./,
  );
  assert.match(
    message,
    /set authentik\.providerName to "Zot" and authentik\.application to "zot"; otherwise choose another authentik\.clientId\.$/,
  );
});
