import assert from "node:assert/strict";
import test from "node:test";
import { signIn } from "../../../../systems/authentik/session/machineSignIn.ts";
import { Secret } from "../../../../core/secrets/secret.ts";
import { signedIn } from "../../../../systems/zot/signIn/check.ts";
import type { SignInArgs } from "../../../../systems/zot/signIn/check.ts";
import { withSeed } from "../../../../lab/authentik/server.ts";
import { measured, people } from "../../../lab/authentik/support.ts";
import type { Lab } from "../../../lab/authentik/support.ts";
import {
  NOTHING,
  SIGNAL,
  authentik,
  coded,
  contextWith,
  inFrontOf,
  serve,
  settingsFor,
} from "../../zot/signIn/support.ts";

// Each way in which the machines' flow fails. The tests set it up in the lab's Authentik by API or blueprint; where the lab cannot,
// a fake server responds.

// No zot is running: a sign-in that got as far as zot would fail there.
const NO_ZOT = "http://127.0.0.1:1";

async function fails(
  lab: Lab,
  code: string,
  text: RegExp,
  change: Partial<SignInArgs> = {},
  warnings: string[] = [],
): Promise<void> {
  await assert.rejects(
    signedIn({ ...settingsFor(lab, NO_ZOT), ...change }, contextWith(warnings), NOTHING),
    coded(code, text),
  );
}

async function ok(answer: Promise<{ readonly status: number; readonly text: string }>): Promise<void> {
  const { status, text } = await answer;
  assert.ok(status >= 200 && status < 300, `${status} ${text}`);
}

async function pkOf(lab: Lab, path: string): Promise<string> {
  return String((await lab.one(path))["pk"]);
}

/** Puts a stage into the machines' flow. */
async function addStage(lab: Lab, stage: string, order: number): Promise<void> {
  const flow = await pkOf(lab, "/flows/instances/?slug=machine-login");
  await ok(lab.api("POST", "/flows/bindings/", { target: flow, stage, order }));
}

const zotCi = async (lab: Lab): Promise<string> => `/core/users/${await pkOf(lab, "/core/users/?username=zot-ci")}/`;

const account = (authentikUrl: string, change: { readonly username?: string; readonly appPassword?: string } = {}) => ({
  authentikUrl,
  flow: "machine-login",
  username: change.username ?? "zot-ci",
  appPassword: new Secret(change.appPassword ?? "any"),
});

test("with the declared blueprint, the account is signed in and the program continues at zot", async (t) => {
  const lab = await authentik(t);
  const session = await signIn(account(lab.server.url, { appPassword: await lab.appPassword() }), SIGNAL);
  assert.equal((await session.get("/api/v3/core/users/me/")).status, 200);
  await fails(lab, "SERVER_UNREACHABLE", /^zot does not answer/);
});

test("the flow is missing", async (t) => {
  const lab = await authentik(t);
  await ok(lab.api("DELETE", "/flows/instances/machine-login/"));
  await fails(lab, "MACHINE_FLOW_MISSING", /no flow "machine-login" \(setting authentik\.machineFlow\)/);
});

test("the flow denies everyone before it asks for a name", async (t) => {
  const lab = await authentik(t);
  await ok(lab.api("PATCH", "/flows/instances/machine-login/", { authentication: "require_superuser" }));
  await fails(
    lab,
    "MACHINE_FLOW_DENIED",
    /denies everyone .*\(Flow does not apply to current user\.\)\. It needs `authentication: none`/,
  );
});

test("the password is wrong", async (t) => {
  const lab = await authentik(t);
  await assert.rejects(
    signIn(account(lab.server.url, { appPassword: "not-the-app-password" }), SIGNAL),
    coded("APP_PASSWORD_REFUSED", /app password of zot-ci on the flow "machine-login" \(Failed to authenticate\.\)/),
  );
});

test("the flow does not accept app passwords", async (t) => {
  const lab = await authentik(t);
  const stage = await pkOf(lab, "/stages/password/?name=machine-login-password");
  const backends = ["authentik.core.auth.InbuiltBackend"];
  await ok(lab.api("PATCH", `/stages/password/${stage}/`, { backends }));
  await fails(lab, "APP_PASSWORD_REFUSED", /a flow that accepts app passwords/);
});

test("the app password is gone, is another account's, or has expired", async (t) => {
  const lab = await authentik(t);
  const token = "/core/tokens/zot-ci-app-password/";
  const expired = { expiring: true, expires: "2026-01-01T00:00:00.000000Z" };
  await ok(lab.api("PATCH", token, expired));
  await fails(
    lab,
    "APP_PASSWORD_INVALID",
    /token "zot-ci-app-password" cannot sign zot-ci in: it expired at 2026-01-01T00:00:00.*`pulumi refresh` and `pulumi up` restore it/,
  );
  const other = await lab.one("/core/users/?username=other-ci");
  await ok(lab.api("PATCH", token, { user: other["pk"], expiring: false }));
  await fails(lab, "APP_PASSWORD_INVALID", /it belongs to another account/);
  await ok(lab.api("DELETE", token));
  await fails(
    lab,
    "APP_PASSWORD_MISSING",
    /app password "zot-ci-app-password" does not exist in Authentik.*run `pulumi refresh` and `pulumi up`/,
  );
});

test("the account is gone", async (t) => {
  const lab = await authentik(t);
  await ok(lab.api("DELETE", await zotCi(lab)));
  await fails(lab, "ACCOUNT_MISSING", /no account "zot-ci" \(setting ci\.user\)/);
});

test("the account is inactive", async (t) => {
  const lab = await authentik(t);
  await ok(lab.api("PATCH", await zotCi(lab), { is_active: false }));
  await fails(lab, "ACCOUNT_INACTIVE", /account "zot-ci" is disabled in Authentik.*`pulumi up` restore it/);
});

test("if the token may not look up the reason, the error says so and quotes the flow", async (t) => {
  const lab = await authentik(t, measured, {
    seed: withSeed(people, {
      users: [{ username: "viewer", type: "service_account" }],
      tokens: [
        {
          identifier: "viewer",
          user: "viewer",
          intent: "api",
          key: "viewer-token",
          permissions: ["authentik_core.view_token", "authentik_core.view_token_key"],
        },
      ],
    }),
  });
  process.env["SIGN_IN_TEST_VIEWER"] = "viewer-token";
  await ok(lab.api("PATCH", await zotCi(lab), { is_active: false }));
  const warnings: string[] = [];
  await fails(
    lab,
    "ACCOUNT_DENIED",
    /denies zot-ci the sign-in on the flow "machine-login" \(Unknown error\)/,
    { authentikToken: "env:SIGN_IN_TEST_VIEWER" },
    warnings,
  );
  assert.match(
    warnings.join(),
    /Could not look up the reason in Authentik: .* has insufficient permissions to find a user .*authentik_core\.view_user/,
  );
});

test("the account is not in the group", async (t) => {
  const lab = await authentik(t);
  await ok(lab.api("PATCH", await zotCi(lab), { groups: [await pkOf(lab, "/core/groups/?name=admins")] }));
  await fails(
    lab,
    "ACCOUNT_NOT_IN_GROUP",
    /zot-ci is not signed in\. .*member of the group "artifact-workloads" \(setting access\.ciGroup\).*its groups are: "admins"/,
  );
});

test("the account is in the group, and the flow lets another one in", async (t) => {
  const lab = await authentik(
    t,
    measured.replace(
      "target: !KeyOf login-binding\n      order: 0\n    attrs:\n      group: !KeyOf workloads",
      "target: !KeyOf login-binding\n      order: 0\n    attrs:\n      group: !Find [authentik_core.group, [name, admins]]",
    ),
  );
  await fails(lab, "NOT_SIGNED_IN", /ended, but zot-ci is not signed in/);
});

test("a second factor is demanded", async (t) => {
  const lab = await authentik(t, measured, { seed: withSeed(people, { mfa: "configure" }) });
  const stage = await pkOf(lab, "/stages/authenticator/validate/?name=default-authentication-mfa-validation");
  await addStage(lab, stage, 50);
  await fails(lab, "MFA_DEMANDED", /requires a second factor from zot-ci\. Set authentik\.machineFlow to a flow for/);
});

test("an account without a second factor is denied", async (t) => {
  const lab = await authentik(t, measured, { seed: withSeed(people, { mfa: "deny" }) });
  const stage = await pkOf(lab, "/stages/authenticator/validate/?name=default-authentication-mfa-validation");
  await addStage(lab, stage, 50);
  await fails(
    lab,
    "ACCOUNT_DENIED",
    /although it accepted the app password\. Check the policies and stages of that flow/,
  );
});

test("people's own flow, when the settings name it, stops at the second factor", async (t) => {
  const lab = await authentik(t, measured, { seed: withSeed(people, { mfa: "configure" }) });
  const machineFlow = "default-authentication-flow";
  await fails(lab, "MFA_DEMANDED", /flow "default-authentication-flow" requires a second factor/, { machineFlow });
});

test("answers a stage that asks whether to remember the device", async (t) => {
  const lab = await authentik(t);
  const stage = await pkOf(lab, "/stages/user_login/?name=machine-login-login");
  await ok(lab.api("PATCH", `/stages/user_login/${stage}/`, { remember_me_offset: "days=1" }));
  await fails(lab, "SERVER_UNREACHABLE", /^zot does not answer/);
});

test("a stage that no machine can answer", async (t) => {
  const lab = await authentik(t);
  const url = await inFrontOf(
    t,
    () => lab,
    (request, response) => {
      if (request.method !== "POST" || request.url?.includes("/flows/executor/") !== true) return false;
      response.end(JSON.stringify({ component: "ak-stage-prompt", fields: [] }));
      return true;
    },
  );
  await fails(lab, "FLOW_STAGE_UNKNOWN", /asks for "ak-stage-prompt", which a machine cannot answer/, {
    authentikUrl: url,
  });
});

test("a flow without an end", async (t) => {
  const lab = await authentik(t);
  const identification = await pkOf(lab, "/stages/identification/?name=machine-login-identification");
  for (let order = 11; order < 20; order++) await addStage(lab, identification, order);
  await fails(lab, "FLOW_TOO_MANY_STAGES", /8 stages were answered, and it asks for more/);
});

test("a flow that fails inside Authentik", async (t) => {
  const url = await serve(t, {
    "/api/v3/flows/executor/": [200, JSON.stringify({ component: "ak-stage-flow-error", request_id: "1f2e" })],
  });
  await assert.rejects(
    signIn(account(url), SIGNAL),
    coded("FLOW_FAILED", /fails inside Authentik\. See its log, request 1f2e/),
  );
});

test("a flow that redirects to another identity provider, and a redirect to another server", async (t) => {
  const leads = await serve(t, {
    "/api/v3/flows/executor/": [
      200,
      JSON.stringify({ component: "xak-flow-redirect", to: "https://idp.example.test/saml?x=y" }),
    ],
    "/api/v3/core/users/me/": [403, JSON.stringify({ detail: "Authentication credentials were not provided." })],
  });
  await assert.rejects(
    signIn(account(leads), SIGNAL),
    coded("FLOW_LEADS_ELSEWHERE", /signs nobody in and redirects to https:\/\/idp\.example\.test\./),
  );
  const moved = await serve(t, {
    "/api/v3/": [301, "", { location: "https://authentik.example.test/api/v3/flows/executor/machine-login/?query=" }],
  });
  await assert.rejects(
    signIn(account(moved), SIGNAL),
    coded(
      "AUTHENTIK_SENDS_ELSEWHERE",
      /redirects the sign-in to https:\/\/authentik\.example\.test\. Set authentik\.url/,
    ),
  );
});

test("a session counts only for the requested account", async (t) => {
  const lab = await authentik(t);
  await fails(
    lab,
    "SIGNED_IN_AS_OTHER",
    /signed in "zot-ci", not "Zot-CI"\. Set ci\.user to the account's name exactly/,
    {
      username: "Zot-CI",
    },
  );
});

test("older Authentik redirects between stages in JSON", async (t) => {
  const lab = await authentik(t);
  const executor = "/api/v3/flows/executor/machine-login/?query=";
  const url = await inFrontOf(
    t,
    () => lab,
    (request, response) => {
      if (request.url !== executor || request.method !== "GET") return false;
      response.end(JSON.stringify({ component: "xak-flow-redirect", to: `${executor}&older=1` }));
      return true;
    },
  );
  const session = await signIn(account(url, { appPassword: await lab.appPassword() }), SIGNAL);
  assert.equal((await session.get("/api/v3/core/users/me/")).status, 200);
});

test("cookies marked Secure are kept on plain http to loopback, and their loss elsewhere is reported", async (t) => {
  const lab = await authentik(t, measured, { publicUrl: "https://authentik.example.test" });
  const appPassword = await lab.appPassword();
  await signIn(account(lab.server.url, { appPassword }), SIGNAL);
  // The same server by an address that browsers do not treat as loopback.
  const elsewhere = lab.server.url.replace("127.0.0.1", "0.0.0.0");
  await assert.rejects(
    signIn(account(elsewhere, { appPassword }), SIGNAL),
    coded(
      "COOKIE_NOT_KEPT",
      /marks its cookies \(authentik_session\) `Secure`, and authentik\.url http:\/\/0\.0\.0\.0:\d+ is plain http/,
    ),
  );
});
