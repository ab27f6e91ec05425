import assert from "node:assert/strict";
import test from "node:test";
import { adapt } from "../../../../provider/adapter.ts";
import { UNKNOWN } from "../../../../provider/grpc/types.ts";
import type { Values } from "../../../../provider/grpc/types.ts";
import { actionsSecret } from "../../../../systems/forgejo/resources/actionsSecret.ts";
import { copiedSecret } from "../../../../systems/forgejo/resources/copiedSecret.ts";
import { testContext } from "../../../support/provider.ts";
import { Bench } from "../support/between.ts";

/** What a preview of a new secret says. */
async function said(bench: Bench, change: Values = {}, state?: Values): Promise<readonly string[]> {
  const context = testContext();
  const inputs: Values = {
    ...bench.connection(),
    target: "own/app",
    secretName: "KEY",
    source: "env:T_UNUSED",
    fingerprint: UNKNOWN,
    label: UNKNOWN,
    expires: UNKNOWN,
    ...change,
  };
  await adapt(actionsSecret).preview(inputs, state, context);
  return [...context.warned, ...context.said];
}

test("a preview names a secret that `up` would overwrite, and when it was created, never its value; nothing without one", async (t) => {
  const bench = await Bench.start(t);
  assert.deepEqual(await said(bench), []);
  await bench.ask("PUT", "/repos/own/app/actions/secrets/KEY", { data: "made by hand" });
  const [warning = "", ...others] = await said(bench);
  assert.match(
    warning,
    /^`up` overwrites the existing secret KEY of own\/app, created on \d{4}-\d\d-\d\d\. Forgejo does not show its value: if it is still needed, store it elsewhere first\.$/,
  );
  assert.deepEqual(others, []);
  const state = { ...bench.connection(), target: "own/app", secretName: "KEY", drift: "" };
  assert.deepEqual(await said(bench, {}, state), [], "an existing stack's preview asks nobody");
  assert.deepEqual(await said(bench, {}, { ...state, secretName: "BEFORE" }), [warning], "unless the name is new");
  assert.deepEqual(await said(bench, { target: UNKNOWN }), []);
});

test("a preview says whose the secret is: another stack's, or this one's from before", async (t) => {
  const bench = await Bench.start(t);
  process.env["T_SOURCE"] = "made by hand";
  const inputs = { ...bench.connection(), target: "org1", secretName: "KEY", source: "env:T_SOURCE" } as const;
  await copiedSecret.create({ ...inputs, label: "zot-auth/other/KEY" }, bench.context());
  const preview = async (label: string): Promise<readonly string[]> => {
    const context = testContext();
    await adapt(copiedSecret).preview({ ...inputs, label }, undefined, context);
    return [...context.warned, ...context.said];
  };
  assert.match(
    (await preview("zot-auth/test/KEY")).join(),
    /the existing secret KEY of org1, created on \S+ and managed by zot-auth\/other\/KEY\. /,
  );
  assert.deepEqual(await preview("zot-auth/other/KEY"), [
    "`up` overwrites the secret KEY of org1, which is this stack's (zot-auth/other/KEY).",
  ]);
});

test("a preview says what it could not look up, and goes on", async (t) => {
  const bench = await Bench.start(t);
  const unknown = /^Whether \S+ has a secret KEY already, which `up` would overwrite, is unknown: /;
  assert.match((await said(bench, { target: "own/nothing" })).join(), unknown);
  assert.match((await said(bench, { forgejoToken: "env:T_WRONG" })).join(), unknown);
  assert.match((await said(bench, { forgejoUrl: "http://127.0.0.1:9" })).join(), unknown);
  assert.match((await said(bench, { target: "user:own" })).join(), /Forgejo does not list a user's secrets\.$/);
  await bench.ask("POST", "/repos/own/app/actions/variables/KEY_INFO", { value: "somebody's own" });
  assert.match((await said(bench)).join(), /own\/app has a variable KEY_INFO that this program did not create/);
});
