import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { renderBlueprint } from "../../../../systems/authentik/blueprint/render.ts";
import { blueprintArgs } from "../../../../stack/arguments.ts";
import { Browser, clientSecret, startLab } from "../../../lab/authentik/support.ts";
import type { Lab } from "../../../lab/authentik/support.ts";
import { realCase } from "../../../support/settings.ts";

// Our blueprint does not change people's sign-in over HTTP. tests/browser covers what a browser shows.

const FLOW = "default-authentication-flow";
const MFA = readFileSync(new URL("../../../../lab/homelab/seed/blueprints/mfa.yaml", import.meta.url), "utf8");

/** All objects of people's sign-in. */
async function peoplesFlow(lab: Lab): Promise<unknown> {
  const flow = await lab.one(`/flows/instances/?slug=${FLOW}`);
  const read = async (path: string): Promise<unknown> => (await lab.api("GET", path)).json;
  const { json: bindings } = await lab.api("GET", `/flows/bindings/?target=${String(flow["pk"])}`);
  const places = bindings["results"] as { readonly policybindingmodel_ptr_id: string }[];
  return {
    flow,
    places,
    policies: await Promise.all(
      places.map(async (place) => read(`/policies/bindings/?target=${place.policybindingmodel_ptr_id}`)),
    ),
    stages: await Promise.all(
      ["identification", "password", "user_login", "authenticator/validate"].map(async (kind) => {
        const { json } = await lab.api("GET", `/stages/${kind}/`);
        return (json["results"] as { readonly name: string }[]).filter(({ name }) => name.startsWith("default-"));
      }),
    ),
  };
}

test("our blueprint leaves every object of people's flow unchanged, and it still requires the second factor", async (t) => {
  const settings = realCase();
  const lab = await startLab(t, { environment: { [settings.authentik.clientSecretVariable]: clientSecret } });
  await lab.apply("mfa.yaml", MFA);
  const before = await peoplesFlow(lab);
  await lab.apply("zot.yaml", renderBlueprint(blueprintArgs(settings)));
  assert.deepEqual(await peoplesFlow(lab), before);

  for (const [username, password] of [
    ["alice", "alice-password"],
    ["zot-ci", await lab.appPassword()],
  ] as const) {
    const browser = new Browser(lab);
    const step = await browser.login(username, password);
    assert.equal(step.component, "ak-stage-authenticator-validate", username);
    assert.equal(await browser.me(), undefined, `${username} is not signed in by a password alone`);
  }
});

test("people cannot use the machines' flow: their passwords do not work there, and no brand shows it", async (t) => {
  const settings = realCase();
  const lab = await startLab(t, { environment: { [settings.authentik.clientSecretVariable]: clientSecret } });
  await lab.apply("mfa.yaml", MFA);
  await lab.apply("zot.yaml", renderBlueprint(blueprintArgs(settings)));
  const browser = new Browser(lab);
  await browser.machineLogin("alice", "alice-password");
  assert.equal(await browser.me(), undefined);
  const page = await browser.request("GET", "/if/user/");
  assert.match(page.headers.get("location") ?? "", /^\/if\/flow\/default-authentication-flow\//);
});
