// The API: permissions of a token, and measured behaviour that the documentation does not mention.
import assert from "node:assert/strict";
import test from "node:test";
import { Browser, measured, startLab } from "./support.ts";

test("a token can do exactly what its permissions allow", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const { pk } = await lab.instance("zot.yaml");
  const rows: readonly (readonly [string, string, number, number])[] = [
    // method, path, status with the least permissions, status without any
    ["GET", "/managed/blueprints/?path=custom%2Fzot.yaml", 200, 403],
    ["GET", `/managed/blueprints/${String(pk)}/`, 200, 403],
    ["GET", "/managed/blueprints/available/", 200, 200],
    ["POST", `/managed/blueprints/${String(pk)}/apply/`, 200, 403],
    ["GET", "/core/users/?username=zot-ci", 200, 403],
    ["GET", "/core/users/me/", 200, 200],
    ["GET", "/core/tokens/zot-ci-app-password/", 200, 404],
    ["GET", "/core/tokens/zot-ci-app-password/view_key/", 200, 403],
    ["POST", "/core/users/service_account/", 403, 403],
    ["GET", "/core/groups/?name=admins", 403, 403],
    ["GET", "/core/applications/zot/", 403, 403],
    ["GET", "/providers/oauth2/", 403, 403],
    ["GET", "/policies/bindings/", 403, 403],
    ["GET", "/flows/instances/machine-login/", 403, 403],
    ["DELETE", "/core/tokens/zot-ci-app-password/", 403, 404],
    ["GET", "/admin/version/", 200, 200],
  ];
  for (const [method, path, robot, nobody] of rows) {
    const body = method === "POST" ? {} : undefined;
    assert.equal((await lab.api(method, path, body, "robot-token")).status, robot, `robot ${method} ${path}`);
    assert.equal((await lab.api(method, path, body, "nobody-token")).status, nobody, `nobody ${method} ${path}`);
  }
  const { json } = await lab.api("GET", "/core/users/", undefined, "nobody-token");
  assert.deepEqual(json, { detail: "You do not have permission to perform this action." });
  const unknown = await lab.api("GET", "/core/tokens/nope/view_key/");
  assert.deepEqual([unknown.status, unknown.json], [404, { detail: "No Token matches the given query." }]);
});

test("a missing and an invalid token are both 403, with different messages", async (t) => {
  const lab = await startLab(t);
  const bad = await lab.api("GET", "/core/users/me/", undefined, "bad");
  assert.deepEqual([bad.status, bad.json], [403, { detail: "Token invalid/expired" }]);
  const none = await lab.api("GET", "/core/users/me/", undefined, null);
  assert.deepEqual([none.status, none.json], [403, { detail: "Authentication credentials were not provided." }]);
});

test("every path of the API ends in a slash", async (t) => {
  const lab = await startLab(t);
  assert.equal((await lab.api("GET", "/core/users/me")).status, 404);
  assert.equal((await lab.api("GET", "/managed/blueprints")).status, 404);
});

test("a token created for someone else belongs to its creator, unless the creator is a superuser", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const { pk } = await lab.one("/core/users/?username=zot-ci");
  const robot = await lab.one("/core/users/?username=robot");
  const wanted = { identifier: "made", user: pk, intent: "app_password", expiring: false };
  const made = await lab.api("POST", "/core/tokens/", wanted, "robot-token");
  assert.deepEqual([made.status, made.json["user"], made.json["expiring"]], [201, robot["pk"], true]);
  const again = await lab.api("POST", "/core/tokens/", wanted, "robot-token");
  assert.deepEqual([again.status, again.json], [400, { identifier: ["Token with this identifier already exists."] }]);
  const byAdmin = await lab.api("POST", "/core/tokens/", { ...wanted, identifier: "by-admin" });
  assert.deepEqual([byAdmin.status, byAdmin.json["user"], byAdmin.json["expires"]], [201, pk, null]);
  const recovery = await lab.api("POST", "/core/tokens/", { ...wanted, identifier: "r", intent: "recovery" });
  assert.equal(recovery.status, 400);
});

test("lists only the applications that the caller may open, even for an administrator", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const count = async (query: string): Promise<unknown> =>
    ((await lab.api("GET", `/core/applications/${query}`)).json["pagination"] as Record<string, unknown>)["count"];
  assert.equal(await count(""), 0);
  assert.equal(await count("?superuser_full_list=true"), 1);
});

test("lists are paginated", async (t) => {
  const lab = await startLab(t);
  const { json } = await lab.api("GET", "/core/users/?page_size=2&page=2");
  const { total_pages, ...pagination } = json["pagination"] as Record<string, unknown>;
  assert.deepEqual(pagination, { next: 3, previous: 1, count: 5, current: 2, start_index: 3, end_index: 4 });
  assert.equal(total_pages, 3);
  assert.equal((json["results"] as unknown[]).length, 2);
});

test("an administrator can change and delete bindings, with effect on the next sign-in", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const { json: application } = await lab.api("GET", "/core/applications/zot/");
  const { json } = await lab.api("GET", `/policies/bindings/?target=${String(application["pk"])}`);
  const [first, second] = json["results"] as Record<string, unknown>[];
  const changed = await lab.api("PATCH", `/policies/bindings/${String(first?.["pk"])}/`, { enabled: false, order: 7 });
  assert.deepEqual([changed.status, changed.json["enabled"], changed.json["order"]], [200, false, 7]);
  const wrong = await lab.api("PATCH", `/policies/bindings/${String(first?.["pk"])}/`, { group: "no-such-group" });
  assert.deepEqual(wrong.json, { group: ['Invalid pk "no-such-group" - object does not exist.'] });

  const group = await lab.api("DELETE", `/core/groups/${String(second?.["group"])}/`);
  assert.equal(group.status, 204);
  assert.equal((await lab.api("GET", `/policies/bindings/${String(second?.["pk"])}/`)).status, 404);
  assert.deepEqual((await lab.one("/core/users/?username=zot-ci"))["groups"], []);
  assert.equal((await lab.api("DELETE", "/core/tokens/zot-ci-app-password/")).status, 204);
  const { pk } = await lab.one("/core/users/?username=zot-ci");
  assert.equal((await lab.api("DELETE", `/core/users/${String(pk)}/`)).status, 204);
  assert.equal((await lab.api("GET", "/core/users/?username=zot-ci")).text.includes('"count":0'), true);
});

test("a browser session requires a CSRF token for changes", async (t) => {
  const lab = await startLab(t);
  const browser = new Browser(lab);
  await browser.login("alice", "alice-password");
  const body = { identifier: "mine", intent: "app_password" };
  assert.equal((await browser.request("POST", "/api/v3/core/tokens/", body)).status, 403);
  const csrf = (await browser.jar.getCookies(lab.server.url)).find(({ key }) => key === "authentik_csrf")?.value ?? "";
  const made = await browser.request("POST", "/api/v3/core/tokens/", body, { "X-authentik-CSRF": csrf });
  assert.equal(made.status, 201);
});

test("a session and a signing key survive a restart", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const browser = new Browser(lab);
  await browser.machineLogin("zot-ci", await lab.appPassword());
  const keys = async (): Promise<string> => (await fetch(`${lab.server.url}/application/o/zot/jwks/`)).text();
  const before = await keys();
  await lab.restart();
  assert.equal(await browser.me(), "zot-ci");
  assert.equal(await keys(), before);
});

test("health, version and configuration", async (t) => {
  const lab = await startLab(t);
  for (const name of ["live", "ready"]) assert.equal((await fetch(`${lab.server.url}/-/health/${name}/`)).status, 200);
  assert.equal((await lab.api("GET", "/admin/version/")).json["version_current"], "2026.2.0");
  assert.equal((await lab.api("GET", "/root/config/", undefined, null)).json["cache_timeout"], 300);
  const page = await new Browser(lab).request("GET", "/if/user/");
  assert.equal(page.status, 302);
});
