import assert from "node:assert/strict";
import test from "node:test";
import type { TestContext } from "node:test";
import { readClaims } from "../../../../systems/authentik/session/idToken.ts";
import { signIn } from "../../../../systems/authentik/session/machineSignIn.ts";
import { Secret } from "../../../../core/secrets/secret.ts";
import { beginSignIn } from "../../../../systems/zot/signIn/zotSignIn.ts";
import { signedIn } from "../../../../systems/zot/signIn/check.ts";
import type { SignInArgs } from "../../../../systems/zot/signIn/check.ts";
import { clientSecret, startLab } from "../../../lab/authentik/support.ts";
import type { Lab } from "../../../lab/authentik/support.ts";
import {
  NOTHING,
  SIGNAL,
  authentik,
  authorizeUrl,
  blueprintFor,
  coded,
  contextWith,
  inFrontOf,
  serve,
  settingsFor,
  zotThatSendsTo,
} from "./support.ts";
import type { Route } from "./support.ts";

// Each way in which a sign-in fails at zot, before and after Authentik, and in the second exchange that reads the claims.

async function zotThatRefuses(t: TestContext, atCallback: Route): Promise<SignInArgs> {
  const lab = await startLab(t);
  const zot = await zotThatSendsTo(t, lab.server.url, {}, atCallback);
  await lab.apply("zot.yaml", blueprintFor(zot));
  return settingsFor(lab, zot);
}

async function fails(settings: SignInArgs, code: string, text: RegExp): Promise<void> {
  await assert.rejects(signedIn(settings, contextWith([]), NOTHING), coded(code, text));
}

test("zot does not start a sign-in", async (t) => {
  const url = await serve(t, {});
  await assert.rejects(
    beginSignIn(url, SIGNAL),
    coded(
      "ZOT_LOGIN_OFF",
      /zot answered 404 when asked to begin an OIDC sign-in.*http\.auth of its config must have openid/,
    ),
  );
});

test("zot's state cookie is Secure: kept on loopback, and its loss elsewhere is reported", async (t) => {
  const authorize = authorizeUrl("http://127.0.0.1:1").href;
  const login: Route = [
    302,
    "",
    { location: authorize, "set-cookie": "state=x; Path=/; HttpOnly; Secure; SameSite=Lax" },
  ];
  const url = await serve(t, { "/zot/auth/login": login });
  assert.equal(await (await beginSignIn(url, SIGNAL)).jar.value("state", url), "x");
  await assert.rejects(
    beginSignIn(url.replace("127.0.0.1", "0.0.0.0"), SIGNAL),
    coded(
      "COOKIE_NOT_KEPT",
      /^zot marks its cookies \(state\) `Secure`, and registry\.url http:\/\/0\.0\.0\.0:\d+ is plain http/,
    ),
  );
});

test("zot refuses at its callback: a code that it cannot redeem, and an account without a name", async (t) => {
  const broken = await zotThatRefuses(t, [401, "failed to exchange token\n"]);
  await fails(broken, "ZOT_LOGIN_FAILED", /\(401: failed to exchange token\).*compare the client secret/);
  const nameless = await zotThatRefuses(t, [401, ""]);
  await fails(nameless, "IDENTITY_MISSING", /found no account name.* the claim preferred_username \(.*scope-profile/);
  const elsewhere = { ...nameless, usernameClaim: "upn" };
  await fails(elsewhere, "IDENTITY_MISSING", /the claim upn \(zot\.auth\.usernameClaim\) .* zot\.auth\.scopes has its/);
});

test("no token for a new authorization code, none that can be read, and no UserInfo", async (t) => {
  const answers: Record<string, Route> = {};
  const url: string = await inFrontOf(
    t,
    () => lab,
    (request, response) => {
      const answer = answers[request.url ?? ""];
      if (answer === undefined) return false;
      response.writeHead(answer[0], { "content-type": "application/json" }).end(answer[1]);
      return true;
    },
  );
  const lab: Lab = await authentik(t, undefined, { publicUrl: url });
  const account = { flow: "machine-login", username: "zot-ci", appPassword: new Secret(await lab.appPassword()) };
  const session = await signIn({ ...account, authentikUrl: url }, SIGNAL);
  const party = {
    issuer: `${url}/application/o/zot/`,
    groupsClaim: "groups",
    clientSecret: new Secret(clientSecret),
  };
  const claims = async () => readClaims(session, authorizeUrl(url), party, SIGNAL);
  assert.deepEqual((await claims()).groups, ["artifact-workloads"]);

  answers["/application/o/token/"] = [400, JSON.stringify({ error: "invalid_grant" })];
  await assert.rejects(
    claims(),
    coded("TOKEN_REFUSED", /issues no token to the client "zot" for a new authorization code \(400, invalid_grant\)/),
  );
  answers["/application/o/token/"] = [200, JSON.stringify({ access_token: "opaque", id_token: "a.b.c.d.e" })];
  await assert.rejects(
    claims(),
    coded("TOKEN_REFUSED", /no valid ID token \(.*\)\. zot needs a signed, unencrypted one/),
  );
  delete answers["/application/o/token/"];
  answers["/application/o/userinfo/"] = [500, "error"];
  await assert.rejects(claims(), coded("USERINFO_REFUSED", /UserInfo answers 500 to a new access token/));
});
