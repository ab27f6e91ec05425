// A second factor in the people's flow stops accounts without a device, so machines have their own flow.
import assert from "node:assert/strict";
import test from "node:test";
import { totpCode } from "../../../../lab/authentik/models/credentials.ts";
import { withSeed } from "../../../../lab/authentik/server.ts";
import { Browser, measured, people, startLab } from "../support.ts";

const slug = "default-authentication-flow";
const validate = "ak-stage-authenticator-validate";

test("an app password stops at the second factor in the people's flow, and signs in with the machines' flow", async (t) => {
  const lab = await startLab(t, { seed: withSeed(people, { mfa: "configure" }) });
  await lab.apply("zot.yaml", measured);
  const password = await lab.appPassword();
  const browser = new Browser(lab);
  const step = await browser.login("zot-ci", password);
  assert.equal(step.component, validate);
  assert.deepEqual(step["device_challenges"], []);
  assert.equal((step["configuration_stages"] as unknown[]).length, 2);
  assert.equal(await browser.me(), undefined);

  const machine = new Browser(lab);
  await machine.machineLogin("zot-ci", password);
  assert.equal(await machine.me(), "zot-ci");
});

test("a new Authentik skips the second factor for accounts without a device", async (t) => {
  const lab = await startLab(t);
  const browser = new Browser(lab);
  await browser.login("alice", "alice-password");
  assert.equal(await browser.me(), "alice");
});

test("deny rejects accounts without a device", async (t) => {
  const lab = await startLab(t, { seed: withSeed(people, { mfa: "deny" }) });
  const step = await new Browser(lab).login("alice", "alice-password");
  assert.equal(step.component, "ak-stage-access-denied");
});

test("a code from an authenticator app signs in, a wrong one does not", async (t) => {
  const totpSecret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
  const users = [{ username: "bob", password: "bob-password", totpSecret, staticCodes: ["one-time"] }];
  const lab = await startLab(t, { seed: withSeed(people, { users, mfa: "configure" }) });
  const browser = new Browser(lab);
  const asked = await browser.login("bob", "bob-password");
  const challenges = asked["device_challenges"] as { readonly device_class: string }[];
  assert.deepEqual(challenges.map((challenge) => challenge.device_class).sort(), ["static", "totp"]);

  const wrong = await browser.flow(slug, { component: validate, code: "not-a-code" });
  assert.equal(wrong.component, validate);
  assert.ok("code" in (wrong["response_errors"] as object));
  await browser.flow(slug, { component: validate, code: totpCode(totpSecret, Date.now()) });
  assert.equal(await browser.me(), "bob");

  const again = async (): Promise<string | undefined> => {
    const other = new Browser(lab);
    await other.login("bob", "bob-password");
    await other.flow(slug, { component: validate, code: "one-time" });
    return other.me();
  };
  assert.equal(await again(), "bob");
  assert.equal(await again(), undefined);
});

test("an account without a device can enrol one and sign in with it the next time", async (t) => {
  const lab = await startLab(t, { seed: withSeed(people, { mfa: "configure" }) });
  const browser = new Browser(lab);
  const offer = await browser.login("alice", "alice-password");
  const stages = offer["configuration_stages"] as { readonly pk: string; readonly name: string }[];
  const totp = stages.find((stage) => stage.name.includes("totp"));
  const setup = await browser.flow(slug, { component: validate, selected_stage: totp?.pk });
  assert.equal(setup.component, "ak-stage-authenticator-totp");
  const secret = new URL(String(setup["config_url"])).searchParams.get("secret") ?? "";
  await browser.flow(slug, { component: setup.component, code: totpCode(secret, Date.now()) });
  assert.equal(await browser.me(), "alice");

  const next = new Browser(lab);
  const asked = await next.login("alice", "alice-password");
  assert.equal((asked["device_challenges"] as unknown[]).length, 1);
  const used = await next.flow(slug, { component: validate, code: totpCode(secret, Date.now()) });
  assert.ok("code" in (used["response_errors"] as object), "a code works only once");
  await next.flow(slug, { component: validate, code: totpCode(secret, Date.now() + 30_000) });
  assert.equal(await next.me(), "alice");
});

test("too many wrong passwords end the flow", async (t) => {
  const lab = await startLab(t);
  const browser = new Browser(lab);
  await browser.flow(slug);
  await browser.flow(slug, { component: "ak-stage-identification", uid_field: "alice" });
  const wrong = () => browser.flow(slug, { component: "ak-stage-password", password: "wrong" });
  for (let attempt = 1; attempt <= 4; attempt++) assert.equal((await wrong()).component, "ak-stage-password");
  assert.equal((await wrong()).component, "ak-stage-access-denied");
});
