// The machines' flow of the measured blueprint: who can sign in, and how it fails.
import assert from "node:assert/strict";
import test from "node:test";
import { Browser, measured, startLab } from "../support.ts";

test("zot-ci signs in with the app password from the blueprint", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const browser = new Browser(lab);

  const path = "/api/v3/flows/executor/machine-login/?query=";
  const asked = await browser.request("GET", path);
  assert.equal(asked.status, 200);
  assert.equal(asked.json["component"], "ak-stage-identification");
  assert.equal(asked.json["password_fields"], true);
  assert.deepEqual(asked.json["user_fields"], ["username"]);
  assert.match(asked.headers.getSetCookie().join(), /^authentik_session=[^;]+; HttpOnly; Path=\/; SameSite=Lax$/);

  const password = await lab.appPassword();
  const answer = { component: "ak-stage-identification", uid_field: "zot-ci", password };
  const passed = await browser.request("POST", path, answer);
  assert.equal(passed.status, 302);
  assert.equal(passed.headers.get("location"), path);

  const done = await browser.request("GET", path);
  assert.deepEqual([done.status, done.json], [200, { component: "xak-flow-redirect", to: "/" }]);
  assert.match(done.headers.getSetCookie().join("\n"), /^authentik_session=.*; HttpOnly; Max-Age=(299|300); Path=\//m);
  assert.deepEqual(await browser.cookieNames(), ["authentik_csrf", "authentik_device", "authentik_session"]);
  assert.equal(await browser.me(), "zot-ci");
});

test("an account outside the group reaches the end of the flow but is not signed in", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const browser = new Browser(lab);
  const end = await browser.machineLogin("other-ci", "other-app-password");
  assert.deepEqual(end, { component: "xak-flow-redirect", to: "/" });
  assert.deepEqual(await browser.cookieNames(), ["authentik_session"]);
  assert.equal(await browser.me(), undefined);
});

test("rejects passwords that are not the account's app passwords", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const { pk } = await lab.one("/core/users/?username=zot-ci");
  assert.equal((await lab.api("POST", `/core/users/${String(pk)}/set_password/`, { password: "real" })).status, 204);
  for (const [username, password] of [
    ["zot-ci", "wrong"],
    ["zot-ci", "real"],
    ["alice", "alice-password"],
    ["unknown", "wrong"],
  ] as const) {
    const browser = new Browser(lab);
    const step = await browser.machineLogin(username, password);
    assert.equal(step.component, "ak-stage-identification");
    const errors = { non_field_errors: [{ string: "Failed to authenticate.", code: "invalid" }] };
    assert.deepEqual(step["response_errors"], errors);
    assert.equal(await browser.me(), undefined);
  }
});

test("an inactive account passes the password stage and is then denied", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const signedInBefore = new Browser(lab);
  await signedInBefore.machineLogin("zot-ci", await lab.appPassword());
  const { pk } = await lab.one("/core/users/?username=zot-ci");
  const patched = await lab.api("PATCH", `/core/users/${String(pk)}/`, { is_active: false });
  assert.deepEqual([patched.status, patched.json["is_active"]], [200, false]);

  const browser = new Browser(lab);
  const step = await browser.machineLogin("zot-ci", await lab.appPassword());
  assert.equal(step.component, "ak-stage-access-denied");
  assert.equal(step["error_message"], "Unknown error");
  assert.equal(await browser.me(), undefined);
  assert.equal(await signedInBefore.me(), undefined);
});

test("a flow that does not exist is an HTML page", async (t) => {
  const lab = await startLab(t);
  const { status, headers } = await new Browser(lab).request("GET", "/api/v3/flows/executor/nope/?query=");
  assert.deepEqual([status, headers.get("content-type")?.split(";")[0]], [404, "text/html"]);
});

test("with an https public URL, cookies are Secure", async (t) => {
  const lab = await startLab(t, { publicUrl: "https://authentik.example.test" });
  const { headers } = await new Browser(lab).request(
    "GET",
    "/api/v3/flows/executor/default-authentication-flow/?query=",
  );
  assert.match(headers.getSetCookie().join(), /SameSite=None; Secure/);
});
