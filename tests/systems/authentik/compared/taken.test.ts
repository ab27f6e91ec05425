import assert from "node:assert/strict";
import test from "node:test";
import type { Values } from "../../../../provider/grpc/types.ts";
import { declaredEntries } from "../../../../systems/authentik/blueprint/declared.ts";
import { declaredObjects } from "../../../../systems/authentik/blueprint/objects.ts";
import { objectCleanup } from "../../../../systems/authentik/resources/objectCleanup.ts";
import { adminKey, startLab } from "../../../lab/authentik/support.ts";
import { testContext } from "../../../support/provider.ts";
import { ARGS, ACCOUNT, LOST, byHand, inputsFor, made, previewOf } from "./byHand.ts";

// What is somebody else's is never taken over: the preview says that `up` fails, and no setting accepts it.

test("a client ID of a provider with another name: the preview says that `up` fails, and why", async (t) => {
  const lab = await startLab(t);
  await byHand(lab);
  const args = { ...ARGS, providerName: "Images" };
  const inputs = { ...inputsFor(t, lab), objects: declaredObjects(args), declared: declaredEntries(args).all };
  assert.match(
    (await previewOf(inputs)).warned,
    /^`up` fails: The client ID "zot" \(authentik\.clientId\) belongs to the OAuth2 provider "Zot" in Authentik\./,
  );
});

test("an account of somebody is never CI's: the preview says that `up` fails, and no setting accepts it", async (t) => {
  const lab = await startLab(t);
  await byHand(lab);
  const { pk } = await lab.one(`/core/users/?username=${ACCOUNT.user}`);
  const path = `/core/users/${String(pk)}/`;
  const inputs = inputsFor(t, lab, adminKey, LOST);
  const refuses = async (why: RegExp): Promise<void> => {
    assert.match((await previewOf(inputs)).warned, new RegExp(`^\`up\` fails: ${why.source}`));
    await assert.rejects(objectCleanup.create(inputs, testContext()), { code: "ACCOUNT_TAKEN", message: why });
  };
  for (const type of ["internal", "external", "internal_service_account"]) {
    await lab.api("PATCH", path, { type });
    await refuses(
      new RegExp(
        `ci\\.user: the account "zot-ci" exists in Authentik and is of the type ${type}, not a service account`,
      ),
    );
  }
  await lab.api("PATCH", path, { type: "service_account" });
  assert.doesNotMatch((await previewOf(inputs)).warned, /fails/);
  const admins = await lab.one("/core/groups/?name=authentik%20Admins");
  await lab.api("POST", `/core/groups/${String(admins["pk"])}/add_user/`, { pk });
  await refuses(/ci\.user: the account "zot-ci" exists in Authentik and is an administrator\. .*take the account out/);

  const own = (await objectCleanup.create({ ...inputs, declared: undefined }, testContext())).state;
  const again = { ...inputs, timeout: 61 };
  assert.equal((await previewOf(again, own as unknown as Values)).warned, "", "the stack's own");
});

test("each of several accounts is looked at, and named by its own setting", async (t) => {
  const lab = await startLab(t);
  await byHand(lab);
  await made(lab, "/core/users/", { username: "anna", name: "Anna", type: "internal" });
  const { group } = ACCOUNT;
  const named = (id: string, user: string, of = `${id}-group`) => ({
    user,
    group: of,
    settings: { user: `ci.accounts.${id}.user`, group: `ci.accounts.${id}.group` },
  });
  const args = {
    ...ARGS,
    accounts: { ci: named("ci", ACCOUNT.user, group), app: named("app", "anna"), own: named("own", "robot") },
  };
  const inputs = {
    ...inputsFor(t, lab, "robot-token", LOST),
    objects: declaredObjects(args),
    declared: declaredEntries(args).all,
    namedBy: { [ACCOUNT.user]: "ci.accounts.ci.user", anna: "ci.accounts.app.user", robot: "ci.accounts.own.user" },
  };
  const { warned } = await previewOf(inputs);
  assert.match(
    warned,
    /^`up` fails: ci\.accounts\.app\.user: the account "anna" exists in Authentik and is of the type internal/m,
  );
  assert.match(
    warned,
    /^`up` fails: ci\.accounts\.own\.user: the token of authentik\.token belongs to the account "robot"/m,
  );
  await assert.rejects(objectCleanup.create(inputs, testContext()), {
    code: "ACCOUNT_TAKEN",
    message: /ci\.accounts\.app\.user: the account "anna"/,
  });
});

test("the account of this program's own token is never CI's", async (t) => {
  const lab = await startLab(t);
  const args = { ...ARGS, accounts: { ci: { ...ACCOUNT, user: "robot" } } };
  const inputs = {
    ...inputsFor(t, lab, "robot-token"),
    objects: declaredObjects(args),
    declared: declaredEntries(args).all,
  };
  const message =
    /ci\.user: the token of authentik\.token belongs to the account "robot"\. .*delete it and the token with it\. Set ci\.user to another name, or authentik\.token/;
  assert.match((await previewOf(inputs)).warned, new RegExp(`^\`up\` fails: ${message.source}`));
  await assert.rejects(objectCleanup.create(inputs, testContext()), { code: "ACCOUNT_TAKEN", message });
});

test("a preview lists an account and a client ID that are both taken", async (t) => {
  const lab = await startLab(t);
  await byHand(lab);
  const { pk } = await lab.one(`/core/users/?username=${ACCOUNT.user}`);
  await lab.api("PATCH", `/core/users/${String(pk)}/`, { type: "internal" });
  const args = { ...ARGS, providerName: "Images" };
  const inputs = { ...inputsFor(t, lab), objects: declaredObjects(args), declared: declaredEntries(args).all };
  const lines = (await previewOf(inputs)).warned.split("\n");
  assert.equal(lines.length, 2);
  assert.match(lines[0] ?? "", /^`up` fails: ci\.user: the account "zot-ci" exists/);
  assert.match(lines[1] ?? "", /^`up` fails: The client ID "zot"/);
});
