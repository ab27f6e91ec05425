// Our blueprint does not change the default flow for people, which still requires a second factor.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { totpCode } from "../../../../lab/authentik/models/credentials.ts";
import { withSeed } from "../../../../lab/authentik/server.ts";
import type { Lab } from "../support.ts";
import { Browser, measured, people, startLab } from "../support.ts";

const slug = "default-authentication-flow";
const validate = "ak-stage-authenticator-validate";
const totpSecret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
const mfa = readFileSync(new URL("../../../../lab/homelab/seed/blueprints/mfa.yaml", import.meta.url), "utf8");

/** All objects that determine how people sign in. */
async function defaultFlow(lab: Lab): Promise<readonly string[]> {
  const flow = await lab.api("GET", `/flows/instances/${slug}/`);
  const bindings = await lab.api("GET", `/flows/bindings/?target=${String(flow.json["pk"])}`);
  const stages = ["identification", "password", "authenticator/validate", "user_login"];
  const shown = stages.map((kind) => lab.api("GET", `/stages/${kind}/?name=${names[kind] ?? ""}`));
  return [flow, bindings, ...(await Promise.all(shown))].map((answer) => {
    assert.equal(answer.status, 200);
    return answer.text;
  });
}

const names: Readonly<Record<string, string>> = {
  identification: "default-authentication-identification",
  password: "default-authentication-password",
  "authenticator/validate": "default-authentication-mfa-validation",
  user_login: "default-authentication-login",
};

async function homelab(t: test.TestContext): Promise<Lab> {
  const users = [{ username: "ada", password: "ada-password", groups: ["admins"], totpSecret }];
  const lab = await startLab(t, { seed: withSeed(people, { users }) });
  await lab.apply("mfa.yaml", mfa);
  return lab;
}

test("the blueprint does not change the default flow, its stages or its policies", async (t) => {
  const lab = await homelab(t);
  const before = await defaultFlow(lab);
  await lab.apply("zot.yaml", measured);
  assert.deepEqual(await defaultFlow(lab), before);
});

test("with the blueprint applied, the default flow still requires a second factor from everyone", async (t) => {
  const lab = await homelab(t);
  await lab.apply("zot.yaml", measured);

  const withDevice = new Browser(lab);
  const asked = await withDevice.login("ada", "ada-password");
  assert.equal(asked.component, validate);
  assert.equal((asked["device_challenges"] as unknown[]).length, 1);
  assert.equal(await withDevice.me(), undefined);
  assert.equal((await withDevice.flow(slug, { component: validate, code: "000000x" })).component, validate);
  assert.equal(await withDevice.me(), undefined);
  await withDevice.flow(slug, { component: validate, code: totpCode(totpSecret, Date.now()) });
  assert.equal(await withDevice.me(), "ada");

  for (const [username, password] of [
    ["alice", "alice-password"],
    ["zot-ci", await lab.appPassword()],
  ] as const) {
    const without = new Browser(lab);
    const offered = await without.login(username, password);
    assert.equal(offered.component, validate, username);
    assert.deepEqual(offered["device_challenges"], []);
    assert.equal((offered["configuration_stages"] as unknown[]).length, 2);
    assert.equal(await without.me(), undefined, username);
  }
});

test("people cannot bypass the second factor with the machines' flow", async (t) => {
  const lab = await homelab(t);
  await lab.apply("zot.yaml", measured);
  const browser = new Browser(lab);
  const step = await browser.machineLogin("ada", "ada-password");
  assert.ok("response_errors" in step);
  // Their own app password does not work either, since they are not in the machines' group.
  const { pk } = await lab.one("/core/users/?username=ada");
  const token = { identifier: "ada-app", user: pk, intent: "app_password", expiring: false };
  assert.equal((await lab.api("POST", "/core/tokens/", token)).status, 201);
  const end = await browser.machineLogin("ada", await lab.appPassword("ada-app"));
  assert.equal(end.component, "xak-flow-redirect");
  assert.equal(await browser.me(), undefined);
});
