import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { CookieJar } from "../../../../core/http/cookies.ts";
import { readClaims } from "../../../../systems/authentik/session/idToken.ts";
import { signIn } from "../../../../systems/authentik/session/machineSignIn.ts";
import { Secret } from "../../../../core/secrets/secret.ts";
import { apiKey } from "../../../../systems/zot/keys/resources/apiKey.ts";
import type { ApiKeyInputs, ApiKeyState } from "../../../../systems/zot/keys/resources/apiKey.ts";
import { assertKeyEndpoint, assertKeyPushes, signedIn as inSession } from "../../../../systems/zot/signIn/check.ts";
import { callback, clientSecret, measured } from "../../../lab/authentik/support.ts";
import type { Lab } from "../../../lab/authentik/support.ts";
import { NOTHING, SIGNAL, authentik, authorizeUrl, coded, contextWith, serve, settingsFor } from "./support.ts";
import type { Route } from "./support.ts";

// The lab's Authentik, and small servers in place of a misconfigured zot.

const KEY = new Secret("zak_0123456789abcdef0123456789abcdef");

async function session(lab: Lab) {
  const appPassword = new Secret(await lab.appPassword());
  return signIn({ authentikUrl: lab.server.url, flow: "machine-login", username: "zot-ci", appPassword }, SIGNAL);
}

const party = (lab: Lab) => ({
  issuer: `${lab.server.url}/application/o/zot/`,
  groupsClaim: "groups",
  clientSecret: new Secret(clientSecret),
});

test("the claims of the account are read by name, with the scopes and the groups", async (t) => {
  const lab = await authentik(t);
  const seen = await readClaims(await session(lab), authorizeUrl(lab.server.url), party(lab), SIGNAL);
  assert.deepEqual(seen.scopes, ["openid", "email", "profile"]);
  assert.deepEqual(seen.groups, ["artifact-workloads"]);
  assert.equal(seen.form, "list");
  for (const name of ["sub", "iss", "groups", "preferred_username", "email"])
    assert.ok(seen.claims.includes(name), name);
});

test("a client secret with characters that HTTP Basic would percent-encode is accepted", async (t) => {
  const secret = "a+b/c=d%2B e:f";
  const lab = await authentik(t, undefined, { environment: { AUTHENTIK_ZOT_CLIENT_SECRET: secret } });
  const withSecret = { ...party(lab), clientSecret: new Secret(secret) };
  const seen = await readClaims(await session(lab), authorizeUrl(lab.server.url), withSecret, SIGNAL);
  assert.deepEqual(seen.groups, ["artifact-workloads"]);
  // Authentik undoes no percent-encoding, and refuses what RFC 6749 asks for.
  const errorWith = async (part: string): Promise<unknown> => {
    const authorization = `Basic ${Buffer.from(`zot:${part}`).toString("base64")}`;
    const body = new URLSearchParams({ grant_type: "authorization_code", code: "none", redirect_uri: callback });
    const answer = await fetch(`${lab.server.url}/application/o/token/`, {
      method: "POST",
      headers: { authorization },
      body,
    });
    return ((await answer.json()) as { readonly error: string }).error;
  };
  assert.equal(await errorWith(encodeURIComponent(secret)), "invalid_client");
  assert.equal(await errorWith(secret), "invalid_grant");
});

test("claims that are only in UserInfo count, as they do for zot", async (t) => {
  const without = measured.replace("include_claims_in_id_token: true", "include_claims_in_id_token: false");
  assert.notEqual(without, measured);
  const lab = await authentik(t, without);
  const seen = await readClaims(await session(lab), authorizeUrl(lab.server.url), party(lab), SIGNAL);
  assert.deepEqual([seen.form, seen.groups], ["list", ["artifact-workloads"]]);
});

test("without the scope that carries it, the groups claim is missing", async (t) => {
  const lab = await authentik(t);
  const seen = await readClaims(
    await session(lab),
    authorizeUrl(lab.server.url, { scope: "openid email" }),
    party(lab),
    SIGNAL,
  );
  assert.deepEqual([seen.form, seen.groups, seen.scopes], ["missing", [], ["openid", "email"]]);
});

test("a wrong client secret and an issuer that differs in its slash are told apart", async (t) => {
  const lab = await authentik(t);
  const signedIn = await session(lab);
  await assert.rejects(
    readClaims(signedIn, authorizeUrl(lab.server.url), { ...party(lab), clientSecret: new Secret("wrong") }, SIGNAL),
    coded("CLIENT_SECRET_REFUSED", /authentik\.clientSecret for the client "zot"/),
  );
  await assert.rejects(
    readClaims(
      signedIn,
      authorizeUrl(lab.server.url),
      { ...party(lab), issuer: `${lab.server.url}/application/o/zot` },
      SIGNAL,
    ),
    coded(
      "ISSUER_DIFFERS",
      /\/application\/o\/zot", but its discovery document says ".*\/application\/o\/zot\/".*byte by byte/,
    ),
  );
  await assert.rejects(
    readClaims(
      signedIn,
      authorizeUrl(lab.server.url),
      { ...party(lab), issuer: "http://127.0.0.1:1/application/o/zot/" },
      SIGNAL,
    ),
    coded("ISSUER_ELSEWHERE", /not on authentik\.url/),
  );
  const gone = `${lab.server.url}/application/o/gone/`;
  await assert.rejects(
    readClaims(signedIn, authorizeUrl(lab.server.url), { ...party(lab), issuer: gone }, SIGNAL),
    coded(
      "ISSUER_MISSING",
      /no OpenID configuration for the issuer .*\/gone\/ \(it answers 404\).*authentik\.application/,
    ),
  );
});

const MANAGEMENT = (auth: object): Route => [200, JSON.stringify({ releaseTag: "v2.1.20", http: { auth } })];
const OPENID = MANAGEMENT({ openid: { providers: { oidc: {} } }, apikey: true });

test("reports a zot with neither apikey nor openid, and a misplaced extensions.apikey", async (t) => {
  const lab = await authentik(t);
  const zot = await serve(t, { "/v2/": [200, "{}"], "/v2/_zot/ext/mgmt": MANAGEMENT({}) });
  const warnings: string[] = [];
  await assert.rejects(
    inSession(settingsFor(lab, zot), contextWith(warnings), NOTHING),
    coded("KEY_ENDPOINT_OFF", /Check "key endpoint" failed: .*neither apikey nor openid/),
  );
  assert.match(warnings.join(), /\/nowhere\/config\.json on local could not be read \(.*No such file/i);

  const folder = mkdtempSync(join(tmpdir(), "zot-auth-sign-in-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "config.json");
  writeFileSync(file, JSON.stringify({ http: {}, extensions: { apikey: { enable: true } } }));
  await assert.rejects(
    inSession(settingsFor(lab, zot, file), contextWith([]), NOTHING),
    coded("KEY_ENDPOINT_MISPLACED", /`extensions\.apikey`, which zot ignores/),
  );
});

test("reports a zot with both bearer and openid", async (t) => {
  const lab = await authentik(t);
  const challenge = { "www-authenticate": 'Bearer realm="x",service="y"' };
  const zot = await serve(t, {
    "/v2/": [401, "{}", challenge],
    "/zot/auth/login": [400, ""],
    "/zot/auth/apikey": [401, "{}"],
  });
  await assert.rejects(
    inSession(settingsFor(lab, zot), contextWith([]), NOTHING),
    coded("BEARER_BESIDE_OPENID", /Remove it and restart zot/),
  );
});

const SESSION = { kind: "session", jar: new CookieJar() } as const;

test("reports a proxy that does not forward the paths or strips the header", async (t) => {
  const lab = await authentik(t);
  const page: Route = [200, "<!DOCTYPE html><title>Home</title>", { "content-type": "text/html" }];
  const swallowing = await serve(t, { "/v2/": [200, "{}"], "/v2/_zot/ext/mgmt": OPENID, "/zot/auth/": page });
  await assert.rejects(
    assertKeyEndpoint(settingsFor(lab, swallowing), SESSION, contextWith([])),
    coded("AUTH_PATH_SWALLOWED", /200, an HTML page/),
  );
  const stripping = await serve(t, { "/v2/": [200, "{}"], "/v2/_zot/ext/mgmt": OPENID, "/zot/auth/apikey": [500, ""] });
  await assert.rejects(
    assertKeyEndpoint(settingsFor(lab, stripping), SESSION, contextWith([])),
    coded("UI_HEADER_STRIPPED", /X-ZOT-API-CLIENT/),
  );
  const fine = await serve(t, {
    "/v2/": [200, "{}"],
    "/v2/_zot/ext/mgmt": OPENID,
    "/zot/auth/apikey": [200, '{"apiKeys":[]}'],
  });
  assert.equal(await assertKeyEndpoint(settingsFor(lab, fine), SESSION, contextWith([])), "2.1.20");
});

test("a new key that may not push although its session may has lost the account's groups", async (t) => {
  const lab = await authentik(t);
  const zot = await serve(t, { "/v2/": (byKey) => (byKey ? [403, "{}"] : [202, ""]) });
  const made = {
    key: KEY,
    repository: "zot-auth/acceptance",
    zotVersion: "2.1.20",
    session: {
      authentik: await session(lab),
      begun: { authorize: authorizeUrl(lab.server.url), jar: new CookieJar() },
      zot: { credentials: SESSION, identity: "zot-ci" },
    },
  };
  await assert.rejects(
    assertKeyPushes(settingsFor(lab, zot), made, contextWith([])),
    coded("KEY_WITHOUT_GROUPS", /^Check "key groups" failed: .*htpasswd or LDAP account of the same name/),
  );
});

test("a key created by an earlier version stays when the diagnosis adds its inputs", async (t) => {
  const lab = await authentik(t);
  const { authentikUrl, authentikToken, registryUrl, username, machineFlow, appPassword, ...more } = settingsFor(
    lab,
    "http://127.0.0.1:1",
  );
  const earlier = {
    ...{ authentikUrl, authentikToken, registryUrl, username, machineFlow, appPassword },
    owner: "zot-auth/test",
    store: "op://vault/item/key" as const,
    lifetime: 100,
    rotateAfter: 50,
    rotationTrigger: "",
    proofRepository: "zot-auth/acceptance",
    onDestroy: "blank" as const,
  };
  const inputs: ApiKeyInputs = { ...earlier, revocationTrigger: "", ...more };
  // The engine passes the state as that version wrote it.
  const state = {
    ...earlier,
    uuid: "u",
    created: new Date().toISOString(),
    rotates: "2999-01-01T00:00:00Z",
    drift: "",
  } as unknown as ApiKeyState;
  assert.equal(apiKey.keeps?.({ inputs, state, now: new Date() }), true);
  // No server is running: creating a key would fail.
  const updated = await apiKey.update?.(state, inputs, contextWith([]));
  assert.equal(updated?.uuid, "u");
  assert.equal(updated.clientSecret, "env:SIGN_IN_TEST_SECRET");
});
