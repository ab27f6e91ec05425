// Sign-in to an application: authorize, token and userinfo, as measured.
import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import type { JsonWebKey } from "node:crypto";
import test from "node:test";
import type { Answer, Lab } from "../support.ts";
import { Browser, callback, clientSecret, measured, startLab } from "../support.ts";

const authorizePath = (change: Record<string, string> = {}): string =>
  `/application/o/authorize/?${new URLSearchParams({
    client_id: "zot",
    redirect_uri: callback,
    response_type: "code",
    scope: "openid email profile",
    state: "some-state",
    ...change,
  }).toString()}`;

async function code(browser: Browser): Promise<string> {
  const { status, headers, text } = await browser.request("GET", authorizePath());
  assert.equal(status, 302, text);
  const to = new URL(headers.get("location") ?? "");
  assert.equal(`${to.origin}${to.pathname}`, callback);
  assert.deepEqual([...to.searchParams.keys()], ["code", "state"]);
  assert.equal(to.searchParams.get("state"), "some-state");
  return to.searchParams.get("code") ?? "";
}

async function token(lab: Lab, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> {
  const body = new URLSearchParams({ grant_type: "authorization_code", redirect_uri: callback, ...form });
  const response = await fetch(`${lab.server.url}/application/o/token/`, { method: "POST", body, headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: JSON.parse(text) as Answer["json"] };
}

async function machine(lab: Lab): Promise<Browser> {
  const browser = new Browser(lab);
  await browser.machineLogin("zot-ci", await lab.appPassword());
  return browser;
}

/** Verifies an ID token with the provider's published key and returns its claims. */
async function claimsOf(lab: Lab, idToken: string): Promise<Record<string, unknown>> {
  const [header = "", payload = "", signature = ""] = idToken.split(".");
  const { keys } = (await (await fetch(`${lab.server.url}/application/o/zot/jwks/`)).json()) as { keys: JsonWebKey[] };
  const [key] = keys;
  assert.ok(key);
  const publicKey = createPublicKey({ key, format: "jwk" });
  const signed = Buffer.from(`${header}.${payload}`);
  assert.ok(verify("sha256", signed, publicKey, Buffer.from(signature, "base64url")));
  return JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
}

test("discovery works as soon as the blueprint is applied, with URLs of this server", async (t) => {
  const lab = await startLab(t);
  const address = `${lab.server.url}/application/o/zot/.well-known/openid-configuration`;
  assert.equal((await fetch(address)).status, 404);
  await lab.apply("zot.yaml", measured);
  const document = (await (await fetch(address)).json()) as Record<string, unknown>;
  assert.equal(document["issuer"], `${lab.server.url}/application/o/zot/`);
  assert.equal(document["authorization_endpoint"], `${lab.server.url}/application/o/authorize/`);
  assert.equal(document["token_endpoint"], `${lab.server.url}/application/o/token/`);
  assert.equal(document["jwks_uri"], `${lab.server.url}/application/o/zot/jwks/`);
});

test("zot-ci gets a code without a prompt, exchanges it for tokens, and gets its groups in the ID token and from userinfo", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const issued = await token(lab, {
    code: await code(await machine(lab)),
    client_id: "zot",
    client_secret: clientSecret,
  });
  assert.equal(issued.status, 200);
  assert.equal(issued.json["token_type"], "Bearer");
  assert.equal(issued.json["expires_in"], 3600);

  const claims = await claimsOf(lab, String(issued.json["id_token"]));
  assert.equal(claims["iss"], `${lab.server.url}/application/o/zot/`);
  assert.equal(claims["aud"], "zot");
  assert.equal(claims["preferred_username"], "zot-ci");
  assert.deepEqual(claims["groups"], ["artifact-workloads"]);
  const user = await lab.one("/core/users/?username=zot-ci");
  assert.equal(claims["sub"], user["uid"]);

  const authorization = `Bearer ${String(issued.json["access_token"])}`;
  const userinfo = await fetch(`${lab.server.url}/application/o/userinfo/`, { headers: { authorization } });
  assert.equal(userinfo.status, 200);
  assert.deepEqual(await userinfo.json(), {
    sub: user["uid"],
    email: "",
    email_verified: false,
    name: "Zot CI",
    given_name: "Zot CI",
    preferred_username: "zot-ci",
    nickname: "zot-ci",
    groups: ["artifact-workloads"],
  });
  assert.equal((await fetch(`${lab.server.url}/application/o/userinfo/`)).status, 401);
});

test("a person's group is included too, and the client can send its secret with HTTP Basic", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const browser = new Browser(lab);
  assert.deepEqual(await browser.login("alice", "alice-password"), { component: "xak-flow-redirect", to: "/" });
  // Not percent-encoded, since Authentik does not decode it.
  const authorization = `Basic ${Buffer.from(`zot:${clientSecret}`).toString("base64")}`;
  const issued = await token(lab, { code: await code(browser) }, { authorization });
  const claims = await claimsOf(lab, String(issued.json["id_token"]));
  assert.deepEqual([claims["groups"], claims["email"]], [["admins"], "alice@example.test"]);
});

test("without include_claims_in_id_token, the ID token has no scope claims", async (t) => {
  const lab = await startLab(t);
  await lab.apply(
    "zot.yaml",
    measured.replace("include_claims_in_id_token: true", "include_claims_in_id_token: false"),
  );
  const issued = await token(lab, {
    code: await code(await machine(lab)),
    client_id: "zot",
    client_secret: clientSecret,
  });
  const claims = await claimsOf(lab, String(issued.json["id_token"]));
  assert.deepEqual([claims["groups"], claims["preferred_username"]], [undefined, undefined]);
});

test("authorize redirects to the sign-in flow if there is no session, and the flow redirects back", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const browser = new Browser(lab);
  const { status, headers } = await browser.request("GET", authorizePath());
  assert.equal(status, 302);
  const to = new URL(headers.get("location") ?? "", lab.server.url);
  assert.equal(to.pathname, "/if/flow/default-authentication-flow/");
  assert.equal(to.searchParams.get("client_id"), "zot");
  assert.equal(to.searchParams.get("next"), authorizePath());
  assert.match((await browser.request("GET", to.href)).text, /<form /);

  const query = to.search.slice(1);
  const slug = "default-authentication-flow";
  await browser.flow(slug, undefined, query);
  await browser.flow(slug, { component: "ak-stage-identification", uid_field: "alice" }, query);
  const end = await browser.flow(slug, { component: "ak-stage-password", password: "alice-password" }, query);
  assert.deepEqual(end, { component: "xak-flow-redirect", to: authorizePath() });
  assert.notEqual(await code(browser), "");
});

test("an account without a matching binding gets an error page, until a group gives it access", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const browser = new Browser(lab);
  await browser.login("other-ci", "other-app-password");
  assert.equal(await browser.me(), "other-ci");
  const denied = await browser.request("GET", authorizePath());
  assert.deepEqual([denied.status, denied.headers.get("location")], [200, null]);
  assert.match(denied.text, /Permission denied/);

  const group = await lab.one("/core/groups/?name=artifact-workloads");
  const user = await lab.one("/core/users/?username=other-ci");
  const change = (action: string) =>
    lab.api("POST", `/core/groups/${String(group["pk"])}/${action}/`, { pk: user["pk"] });
  assert.equal((await change("add_user")).status, 204);
  assert.notEqual(await code(browser), "");
  assert.equal((await change("remove_user")).status, 204);
  assert.equal((await browser.request("GET", authorizePath())).status, 200);
});

test("an unknown client or redirect URI gets a page with status 400", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const browser = await machine(lab);
  const mismatch = await browser.request("GET", authorizePath({ redirect_uri: "http://127.0.0.1:5601/x" }));
  assert.equal(mismatch.status, 400);
  assert.match(mismatch.text, /Redirect URI Error/);
  const unknown = await browser.request("GET", authorizePath({ client_id: "nope" }));
  assert.equal(unknown.status, 400);
  assert.match(unknown.text, /Client ID Error/);
});

test("the token endpoint rejects wrong secrets and used codes with status 400", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const granted = await code(await machine(lab));
  const wrong = await token(lab, { code: granted, client_id: "zot", client_secret: "bad" });
  assert.deepEqual([wrong.status, wrong.json["error"]], [400, "invalid_client"]);
  assert.match(String(wrong.json["error_description"]), /^Client authentication failed/);
  assert.match(String(wrong.json["request_id"]), /^[0-9a-f]{32}$/);
  const unknown = await token(lab, { code: granted, client_id: "nope", client_secret: "bad" });
  assert.deepEqual([unknown.status, unknown.json["error"]], [400, "invalid_client"]);

  const credentials = { code: granted, client_id: "zot", client_secret: clientSecret };
  assert.equal((await token(lab, credentials)).status, 200);
  const again = await token(lab, credentials);
  assert.deepEqual([again.status, again.json["error"]], [400, "invalid_grant"]);
});

test("since 2026.5 a provider without grant types rejects every sign-in", async (t) => {
  const lab = await startLab(t, { version: "2026.5.0" });
  await lab.apply("zot.yaml", measured.replace("grant_types: [authorization_code, refresh_token]", "logout_uri: ''"));
  const browser = await machine(lab);
  const { status, headers } = await browser.request("GET", authorizePath());
  const to = new URL(headers.get("location") ?? "");
  assert.deepEqual([status, to.searchParams.get("error")], [302, "invalid_request"]);
  assert.equal(to.searchParams.get("error_description"), "The request is otherwise malformed");

  await lab.apply("zot.yaml", measured);
  assert.notEqual(await code(browser), "");
});

test("finds a scope mapping by its managed name, and a change of its expression changes the claims", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const path = "/propertymappings/provider/scope/";
  const mapping = await lab.one(`${path}?managed=goauthentik.io/providers/oauth2/scope-profile`);
  assert.equal(mapping["scope_name"], "profile");
  const expression = String(mapping["expression"]).replace(/^.*"groups".*\n/m, "");
  assert.notEqual(expression, mapping["expression"]);
  assert.equal((await lab.api("PATCH", `${path}${String(mapping["pk"])}/`, { expression })).status, 200);
  const issued = await token(lab, {
    code: await code(await machine(lab)),
    client_id: "zot",
    client_secret: clientSecret,
  });
  const claims = await claimsOf(lab, String(issued.json["id_token"]));
  assert.deepEqual([claims["groups"], claims["preferred_username"]], [undefined, "zot-ci"]);
});

test("with an encryption key, ID tokens are encrypted for its certificate, as zot cannot read them", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const { pk } = await lab.one("/providers/oauth2/?client_id=zot");
  const { pk: key } = await lab.one("/crypto/certificatekeypairs/?name=authentik%20Self-signed%20Certificate");
  await lab.api("PATCH", `/providers/oauth2/${String(pk)}/`, { encryption_key: key });
  const issued = await token(lab, {
    code: await code(await machine(lab)),
    client_id: "zot",
    client_secret: clientSecret,
  });
  assert.equal(issued.status, 200, issued.text);
  const parts = String(issued.json["id_token"]).split(".");
  assert.equal(parts.length, 5);
  const header = JSON.parse(Buffer.from(parts[0] ?? "", "base64url").toString()) as Record<string, unknown>;
  assert.deepEqual([header["alg"], header["enc"]], ["RSA-OAEP-256", "A256CBC-HS512"]);
});
