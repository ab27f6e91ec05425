import assert from "node:assert/strict";
import test from "node:test";
import { TestArgoCd, application } from "./support.ts";

const accounts = [
  { name: "workflow-bot", token: "bot", applications: ["default/authentik"] },
  { name: "reader", token: "reader", actions: ["get"] as const },
  { name: "nobody", token: "nobody", actions: [] },
  { name: "admin", token: "admin" },
];

const denied = { error: "permission denied", code: 7, message: "permission denied" };

test("without a valid token, every request returns 401, with one of two messages", async (t) => {
  const argocd = await TestArgoCd.start(t, { accounts });
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const foreign = `${part({ alg: "HS256" })}.${part({ sub: "x" })}.c2ln`;
  for (const [token, message] of [
    ["", "no session information"],
    ["garbage", "no session information"],
    [foreign, "invalid session: SSO is not configured"],
  ] as const) {
    const refused = await argocd.request("GET", application, { token });
    assert.deepEqual([refused.status, refused.body], [401, { error: message, code: 16, message }]);
  }
});

test("a missing application returns the same error as one without permission", async (t) => {
  const argocd = await TestArgoCd.start(t, { accounts });
  const get = (path: string, token: string) => argocd.request("GET", `/api/v1/applications/${path}`, { token });
  for (const [path, token] of [
    ["authentik", "nobody"],
    ["nosuch", "bot"],
    ["nosuch", "admin"],
    ["nosuch?project=default", "bot"],
    ["authentik?project=other", "bot"],
    ["authentik?appNamespace=elsewhere", "admin"],
  ] as const) {
    const refused = await get(path, token);
    assert.deepEqual([refused.status, refused.body], [403, denied], `${path} by ${token}`);
  }
  for (const path of ["nosuch?project=default", "authentik?project=other"]) {
    const missing = await get(path, "admin");
    assert.deepEqual([missing.status, missing.body.code], [404, 5]);
    assert.match(missing.body.message, /^applications\.argoproj\.io ".+" not found$/);
  }
  const found = await get("authentik?project=default&appNamespace=argocd", "bot");
  assert.equal(found.status, 200);
  assert.equal(found.headers.get("grpc-metadata-content-type"), "application/grpc");
});

test("a sync without permission is rejected, and the error names the permission", async (t) => {
  const argocd = await TestArgoCd.start(t, { accounts });
  const refused = await argocd.request("POST", `${application}/sync`, { token: "reader", body: {} });
  assert.equal(refused.status, 403);
  assert.match(
    refused.body.message,
    /^permission denied: applications, sync, default\/authentik, sub: reader, iat: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  );
  const terminate = await argocd.request("DELETE", `${application}/operation`, { token: "reader" });
  assert.deepEqual([terminate.status, terminate.body], [403, denied]);
  const can = async (what: string, token: string) =>
    (await argocd.request("GET", `/api/v1/account/can-i/applications/${what}`, { token })).text;
  assert.equal(await can("sync/default/authentik", "bot"), '{"value":"yes"}');
  assert.equal(await can("sync/default/authentik", "reader"), '{"value":"no"}');
  assert.equal(await can("delete/default/authentik", "bot"), '{"value":"no"}');
  assert.equal(await can("sync/default/other", "bot"), '{"value":"no"}');
});

test("writes require the content type, even without a body", async (t) => {
  const argocd = await TestArgoCd.start(t, { accounts });
  argocd.commit({ a: "1" });
  for (const type of ["", "text/plain"]) {
    for (const [method, path] of [
      ["POST", `${application}/sync`],
      ["DELETE", `${application}/operation`],
    ] as const) {
      const refused = await argocd.request(method, path, { type });
      assert.deepEqual([refused.status, refused.text], [415, "Invalid content type\n"]);
    }
  }
  assert.equal((await argocd.request("POST", `${application}/sync`)).status, 200);
});

test("malformed bodies are rejected with Go's messages", async (t) => {
  const argocd = await TestArgoCd.start(t, { accounts });
  for (const [body, message] of [
    ["{", "unexpected EOF"],
    [{ prune: "yes" }, "json: cannot unmarshal string into Go struct field ApplicationSyncRequest.prune of type bool"],
  ] as const) {
    const refused = await argocd.post(body);
    assert.deepEqual([refused.status, refused.body], [400, { error: message, code: 3, message }]);
  }
});

test("the user info, version and health endpoints respond, and unknown paths return 404", async (t) => {
  const argocd = await TestArgoCd.start(t, { accounts });
  const get = (path: string, token: string) => argocd.request("GET", path, { token });
  const { body: user } = await get("/api/v1/session/userinfo", "bot");
  assert.deepEqual(user, { loggedIn: true, username: "workflow-bot", iss: "argocd" });
  assert.equal((await get("/api/version", "")).text, '{"Version":"v3.3.2+8a3940d.dirty"}');
  assert.match((await get("/api/version", "bot")).text, /"GoVersion"/);
  assert.equal((await get("/healthz?full=true", "")).text, "ok\n");
  const unknown = await get("/api/v1/nosuch", "bot");
  assert.deepEqual([unknown.status, unknown.text], [404, "Not Found\n"]);
});

test("the stream has another error format, and does not respond if no application is visible", async (t) => {
  const argocd = await TestArgoCd.start(t, { accounts });
  const refused = await argocd.request("GET", "/api/v1/stream/applications?name=authentik", { token: "garbage" });
  assert.equal(refused.status, 401);
  assert.deepEqual(refused.body, {
    error: { grpc_code: 16, http_code: 401, message: "no session information", http_status: "Unauthorized" },
  });
  const silent = fetch(`${argocd.url}/api/v1/stream/applications?name=nosuch`, {
    headers: { authorization: "Bearer bot" },
    signal: AbortSignal.timeout(100),
  });
  await assert.rejects(silent, { name: "TimeoutError" });
  const events = await fetch(`${argocd.url}/api/v1/stream/applications?name=authentik`, {
    headers: { authorization: "Bearer bot", accept: "text/event-stream" },
  });
  assert.equal(events.headers.get("content-type"), "text/event-stream");
  assert.ok(events.body);
  const { value } = await events.body.pipeThrough(new TextDecoderStream()).getReader().read();
  assert.match(value ?? "", /^data: \{"result":\{"type":"ADDED","application":/);
});
