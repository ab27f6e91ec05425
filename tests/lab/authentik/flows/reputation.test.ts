// How wrong names and passwords lower the reputation score, and how a reputation policy uses it.
import assert from "node:assert/strict";
import test from "node:test";
import type { Lab } from "../support.ts";
import { Browser, measured, startLab } from "../support.ts";

async function scoreOf(lab: Lab, identifier: string): Promise<unknown> {
  const { json } = await lab.api("GET", `/policies/reputation/scores/?identifier=${identifier}`);
  const [score] = json["results"] as Record<string, unknown>[];
  assert.equal(score?.["ip"] ?? "127.0.0.1", "127.0.0.1");
  return score?.["score"];
}

/** The measured blueprint with a policy on the login stage that denies names with a low score. */
const guarded = `${measured}
  - model: authentik_policies_reputation.reputationpolicy
    id: low
    identifiers: { name: low }
    attrs: { check_ip: false, check_username: true, threshold: -3 }
  - model: authentik_flows.flowstagebinding
    identifiers:
      target: !KeyOf flow
      stage: !KeyOf login
      order: 100
    attrs:
      policy_engine_mode: all
  - model: authentik_policies.policybinding
    identifiers:
      target: !KeyOf login-binding
      order: 1
    attrs:
      policy: !KeyOf low
      negate: true
`;

test("wrong passwords lower the score of a name to a limit, and a sign-in raises it", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  assert.equal(await scoreOf(lab, "zot-ci"), undefined);
  for (let wrong = 1; wrong <= 7; wrong++) await new Browser(lab).machineLogin("zot-ci", "wrong");
  assert.equal(await scoreOf(lab, "zot-ci"), -5);
  await new Browser(lab).login("nobody-has-this-name", "wrong");
  assert.equal(await scoreOf(lab, "nobody-has-this-name"), -2, "one for the name, one for its password");

  // No policy uses the score, so no account is locked out.
  const browser = new Browser(lab);
  await browser.machineLogin("zot-ci", await lab.appPassword());
  assert.equal(await browser.me(), "zot-ci");
  assert.equal(await scoreOf(lab, "zot-ci"), -4);
});

test("a reputation policy locks out a name after some wrong passwords, but no others", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", guarded);
  const password = await lab.appPassword();
  const signIn = async (): Promise<string | undefined> => {
    const browser = new Browser(lab);
    await browser.machineLogin("zot-ci", password);
    return browser.me();
  };
  assert.equal(await signIn(), "zot-ci");
  for (let wrong = 1; wrong <= 4; wrong++) await new Browser(lab).machineLogin("zot-ci", "wrong");
  assert.equal(await scoreOf(lab, "zot-ci"), -3);
  assert.equal(await signIn(), undefined);

  const { json } = await lab.api("GET", "/policies/reputation/scores/?identifier=zot-ci");
  const [{ pk }] = json["results"] as [{ pk: string }];
  assert.equal((await lab.api("DELETE", `/policies/reputation/scores/${pk}/`)).status, 204);
  assert.equal(await signIn(), "zot-ci");
});
