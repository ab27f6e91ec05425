// Sign-in through an OpenID provider: cookies, claims, and what survives a restart.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { startZot } from "../../../lab/zot/server/server.ts";
import { Browser } from "./support/browser.ts";
import { image, pushImage } from "./support/images.ts";
import { startRegistry } from "./support/registry.ts";
import type { TestRegistry } from "./support/registry.ts";

const ui = { "X-ZOT-API-CLIENT": "zot-ui" };
let registry: TestRegistry;

before(async () => {
  registry = await startRegistry();
});
after(() => registry.close());

function cookieNamed(answer: Response, name: string): string | undefined {
  const found = answer.headers.getSetCookie().find((cookie) => cookie.startsWith(`${name}=`));
  // Values and dates differ between runs.
  return found?.replace(/=[^;]+/, "=…").replace(/Expires=[^;]+/, "Expires=…");
}

test("login sets two cookies and redirects to the provider", async () => {
  const answer = await fetch(`${registry.url}/zot/auth/login?provider=oidc&callback_ui=/`, { redirect: "manual" });
  assert.equal(answer.status, 302);
  const location = new URL(answer.headers.get("location") ?? "");
  assert.equal(location.origin, registry.idp.issuer);
  assert.match(
    location.search,
    /^\?client_id=zot&redirect_uri=http%3A%2F%2F127\.0\.0\.1%3A\d+%2Fzot%2Fauth%2Fcallback%2Foidc&response_type=code&scope=openid\+email\+profile&state=[0-9a-f-]{36}$/,
  );
  assert.equal(
    cookieNamed(answer, "statecookie"),
    "statecookie=…; Path=/zot/auth/callback; Expires=…; Max-Age=7200; HttpOnly",
  );
  assert.equal(cookieNamed(answer, "state"), "state=…; Path=/; Max-Age=120; HttpOnly; Secure; SameSite=Lax");
  assert.match(await answer.text(), /^<a href=".*&amp;state=[0-9a-f-]{36}">Found<\/a>\.\n\n$/);
});

test("login rejects an unknown provider", async () => {
  for (const query of ["", "?provider=nope"]) {
    const answer = await fetch(`${registry.url}/zot/auth/login${query}`);
    assert.deepEqual([answer.status, await answer.text()], [400, ""]);
  }
});

test("the callback sets the session cookie and clears the state cookie", async () => {
  const answer = await new Browser("admin").signIn(registry.url, "/v2/_catalog");
  assert.deepEqual([answer.status, answer.headers.get("location")], [302, "/v2/_catalog"]);
  assert.equal(answer.headers.getSetCookie()[0], "state=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax");
  assert.equal(cookieNamed(answer, "session"), "session=…; Path=/; Expires=…; Max-Age=7200; HttpOnly");
  assert.ok(
    answer.headers.getSetCookie().some((cookie) => /^user=admin; Path=\/; Expires=[^;]+; Max-Age=7200$/.test(cookie)),
  );
});

test("sign-in redirects only to zot's own pages", async () => {
  const cases = [
    ["http://evil.test/x", "/"],
    ["//evil.test/x", "/"],
    ["/\\evil.test", "/"],
    [`${registry.url}/v2/`, `${registry.url}/v2/`],
  ] as const;
  for (const [asked, shown] of cases) {
    const answer = await new Browser("admin").signIn(registry.url, asked);
    assert.equal(answer.headers.get("location"), shown);
  }
  assert.equal((await new Browser("admin").signIn(registry.url, "")).status, 201);
});

test("a callback without cookies, or a replayed one, is rejected", async () => {
  const stranger = await fetch(`${registry.url}/zot/auth/callback/oidc?code=x&state=y`);
  const missing = "failed to get state: http: named cookie not present\n";
  assert.deepEqual([stranger.status, await stranger.text()], [401, missing]);
  const browser = new Browser("admin");
  const { url } = await browser.signIn(registry.url);
  const replay = await browser.fetch(url);
  assert.deepEqual([replay.status, await replay.text()], [401, missing]);
});

test("an unknown code is rejected", async () => {
  const browser = new Browser("admin");
  const start = await browser.fetch(`${registry.url}/zot/auth/login?provider=oidc`);
  const state = new URL(start.headers.get("location") ?? "").searchParams.get("state") ?? "";
  const answer = await browser.fetch(`${registry.url}/zot/auth/callback/oidc?code=unknown&state=${state}`);
  assert.equal(answer.status, 401);
  assert.match(await answer.text(), /^failed to exchange token: oauth2: cannot fetch token: 400/);
});

test("a forged state is rejected", async () => {
  const browser = new Browser("admin");
  await browser.fetch(`${registry.url}/zot/auth/login?provider=oidc`);
  const answer = await browser.fetch(`${registry.url}/zot/auth/callback/oidc?code=x&state=forged`);
  assert.deepEqual([answer.status, await answer.text()], [401, "failed to get state: state does not compare\n"]);
});

test("the user name is the mapped claim, else the e-mail address; without both, sign-in fails", async () => {
  registry.idp.people.set("no-name", { groups: ["admins"], email: "no-name@example.test" });
  registry.idp.people.set("nothing", { groups: [] });
  const named = await registry.signIn("zot-ci");
  assert.match(named.cookies(registry.url), /user=zot-ci/);
  const fallback = await registry.signIn("no-name");
  assert.match(fallback.cookies(registry.url), /user=no-name@example\.test/);
  const refused = await new Browser("nothing").signIn(registry.url);
  assert.deepEqual([refused.status, await refused.text()], [401, ""]);
});

test("logout ends the session and returns the provider's logout URL", async () => {
  const browser = await registry.signIn("admin");
  const list = (): Promise<Response> => browser.fetch(`${registry.url}/zot/auth/apikey`, { headers: ui });
  assert.equal((await list()).status, 200);
  const stolen = browser.cookies(registry.url);
  const answer = await browser.fetch(`${registry.url}/zot/auth/logout`, { method: "POST", headers: ui });
  assert.equal(answer.status, 200);
  const returnTo = encodeURIComponent(`${registry.url}/login`);
  const expected = `${registry.idp.issuer}/session/end?client_id=zot\\u0026post_logout_redirect_uri=${returnTo}`;
  assert.equal(await answer.text(), `{"endSessionUrl":"${expected}"}`);
  assert.equal((await list()).status, 500);
  const again = await fetch(`${registry.url}/zot/auth/apikey`, { headers: { ...ui, Cookie: stolen } });
  assert.equal(again.status, 500);
});

test("a key has the groups of its user's last sign-in", async () => {
  const key = { Authorization: await registry.mint("zot-ci") };
  const person = registry.idp.people.get("zot-ci");
  assert.ok(person !== undefined);
  const push = async (tag: string): Promise<number> => {
    const answer = await fetch(`${registry.url}/v2/groups/${tag}/blobs/uploads/`, { method: "POST", headers: key });
    return answer.status;
  };
  assert.equal(await push("a"), 202);
  person.groups = [];
  assert.equal(await push("a"), 202, "groups do not change between sign-ins");
  await registry.restart();
  assert.equal(await push("a"), 202, "groups survive a restart");
  await registry.signIn("zot-ci");
  assert.equal(await push("a"), 403);
  person.groups = ["artifact-workloads"];
  assert.equal(await push("a"), 403);
  await registry.signIn("zot-ci");
  assert.equal(await push("a"), 202);
});

test("an API key survives a restart, a session does not", async () => {
  const key = { Authorization: await registry.mint("admin") };
  const browser = await registry.signIn("admin");
  await registry.restart();
  assert.equal((await browser.fetch(`${registry.url}/zot/auth/apikey`, { headers: ui })).status, 500);
  assert.equal((await fetch(`${registry.url}/zot/auth/apikey`, { headers: key })).status, 200);
});

test("with a session keys file, a session survives a restart", async (t) => {
  const own = await startRegistry((config) => {
    const file = join(String(config.storage["rootDirectory"]), "..", "session-keys.json");
    writeFileSync(file, JSON.stringify({ hashKey: "h".repeat(64), encryptKey: "e".repeat(32) }));
    config.http.auth = { ...config.http.auth, sessionKeysFile: file, secureSession: true };
  });
  t.after(() => own.close());
  const browser = await own.signIn("admin");
  await own.restart();
  assert.equal((await browser.fetch(`${own.url}/zot/auth/apikey`, { headers: ui })).status, 200);
  const start = await fetch(`${own.url}/zot/auth/login?provider=oidc`, { redirect: "manual" });
  assert.match(cookieNamed(start, "statecookie") ?? "", /; HttpOnly; Secure$/);
});

test("zot does not start if the issuer is unreachable or does not match exactly", async () => {
  for (const issuer of [`${registry.idp.issuer}/`, "http://127.0.0.1:1"]) {
    const file = join(registry.folder, "other.json");
    const text = JSON.stringify({ ...registry.config, storage: { rootDirectory: join(registry.folder, "other") } });
    writeFileSync(file, text.replace(`"${registry.idp.issuer}"`, JSON.stringify(issuer)));
    await assert.rejects(startZot({ config: file }), /issuer does not match|connection refused|Discovery has failed/);
  }
});

test("while the provider is down, keys work and sign-in fails", async (t) => {
  const own = await startRegistry();
  t.after(() => own.close());
  const key = { Authorization: await own.mint("admin") };
  const browser = new Browser("admin");
  await own.idp.close();
  assert.equal(await pushImage(own.url, "down/app", "v1", image("down"), key), 201);
  const start = await browser.fetch(`${own.url}/zot/auth/login?provider=oidc`);
  assert.equal(start.status, 302);
  const state = new URL(start.headers.get("location") ?? "").searchParams.get("state") ?? "";
  const answer = await browser.fetch(`${own.url}/zot/auth/callback/oidc?code=abc&state=${state}`);
  assert.equal(answer.status, 401);
  assert.match(
    await answer.text(),
    /^failed to exchange token: Post "http.*\/token": dial tcp 127\.0\.0\.1:\d+: connect: connection refused\n$/,
  );
});
