import assert from "node:assert/strict";
import test from "node:test";
import type { TestContext } from "node:test";
import { preflightInputs } from "../../../stack/preflightArguments.ts";
import { configure } from "../../../systems/onePassword/resolver.ts";
import { preflight } from "../../../systems/preflight/preflight.ts";
import type { PreflightInputs, PreflightState } from "../../../systems/preflight/preflight.ts";
import type { Lab } from "../../lab/authentik/support.ts";
import { adminKey, startLab } from "../../lab/authentik/support.ts";
import { connectionTo, failureOf, settingsWith, testContext } from "../../support/provider.ts";

// What the preflight says of CI's account, beside everything else that is wrong.

function inputsFor(t: TestContext, lab: Lab, user: string, token = adminKey): PreflightInputs {
  configure({ connectUrl: "http://127.0.0.1:1", connectToken: "env:ZOT_AUTH_TEST_NOT_THERE" });
  const inputs = preflightInputs(settingsWith({ ci: { user } }));
  return { ...inputs, authentik: connectionTo(t, lab.server.url, token), argocd: null, targets: [], sources: [] };
}

async function problems(work: Promise<unknown> | undefined): Promise<readonly string[]> {
  assert.ok(work !== undefined);
  const { code, message } = await failureOf(work);
  assert.equal(code, "PREFLIGHT_FAILED");
  return message.split("\n");
}

const ofAccount = (lines: readonly string[]): readonly string[] => lines.filter((line) => line.startsWith("ci.user: "));

test("somebody's account is listed with the other problems, when it is new to the stack", async (t) => {
  const lab = await startLab(t);
  const inputs = inputsFor(t, lab, "alice");
  const first = await problems(preflight.create(inputs, testContext()));
  assert.match(ofAccount(first).join("\n"), /^ci\.user: the account "alice" exists .*is of the type internal/);
  assert.ok(first.some((line) => line.startsWith("ci.keyStore: ")));
  assert.equal(first.at(-1), "Nothing was changed.");

  const state = (ciUser: string | undefined): PreflightState => {
    const { ciUsers: _users, ...others } = inputs;
    return { ...others, ...(ciUser === undefined ? {} : { ciUsers: [ciUser] }), drift: "" };
  };
  const updated = async (from: PreflightState) =>
    ofAccount(await problems(preflight.update?.(from, inputs, testContext())));
  assert.equal((await updated(state("zot-ci"))).length, 1, "another account than before");
  assert.equal((await updated({ ...state("alice"), authentik: connectionTo(t, "http://127.0.0.1:1", "x") })).length, 1);
  assert.deepEqual(await updated(state("alice")), [], "the stack's own, whatever it is now");
  assert.deepEqual(await updated(state(undefined)), [], "a state of an earlier version does not say whose it is");
});

test("the account of the token is refused at any time", async (t) => {
  const lab = await startLab(t);
  const inputs = inputsFor(t, lab, "robot", "robot-token");
  for (const work of [
    preflight.create(inputs, testContext()),
    preflight.update?.({ ...inputs, drift: "" }, inputs, testContext()),
  ])
    assert.match(
      ofAccount(await problems(work)).join("\n"),
      /^ci\.user: the token of authentik\.token belongs to the account "robot"/,
    );
});

test("a token without the permission to view accounts is reported once", async (t) => {
  const lab = await startLab(t);
  const lines = await problems(preflight.create(inputsFor(t, lab, "zot-ci", "nobody-token"), testContext()));
  assert.equal(lines.filter((line) => line.includes("view_user")).length, 1, lines.join("\n"));
});
