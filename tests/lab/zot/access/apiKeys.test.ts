// API keys: request bodies, use, expiry and revocation.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { basic, startRegistry } from "../support/registry.ts";
import type { TestRegistry } from "../support/registry.ts";

interface Key {
  readonly uuid: string;
  readonly apiKey: string;
  readonly label: string;
  readonly scopes: readonly string[] | null;
  readonly expirationDate: string;
  readonly lastUsed: string;
}

let registry: TestRegistry;
let keysUrl: string;
let zotCi: Readonly<Record<string, string>>;

before(async () => {
  registry = await startRegistry();
  keysUrl = `${registry.url}/zot/auth/apikey`;
  zotCi = { Authorization: await registry.mint("zot-ci", { label: "first" }) };
});
after(() => registry.close());

function post(body: string | undefined, headers = zotCi): Promise<Response> {
  return fetch(keysUrl, { method: "POST", headers, ...(body === undefined ? {} : { body }) });
}

async function create(settings: object, headers = zotCi): Promise<Key> {
  return (await (await post(JSON.stringify(settings), headers)).json()) as Key;
}

async function list(headers = zotCi): Promise<readonly Key[]> {
  const answer = await fetch(keysUrl, { headers });
  return ((await answer.json()) as { apiKeys: readonly Key[] }).apiKeys;
}

async function statusWith(authorization: string): Promise<number> {
  return (await fetch(`${registry.url}/v2/`, { headers: { Authorization: authorization } })).status;
}

test("zot accepts these bodies", async () => {
  const cases: readonly (readonly [string, Partial<Key>])[] = [
    ["{}", { label: "", scopes: null, expirationDate: "0001-01-01T00:00:00Z", lastUsed: "0001-01-01T00:00:00Z" }],
    ["null", { label: "", scopes: null }],
    ['{"label":"x","unknown":1}', { label: "x" }],
    ['{"LABEL":"case"}', { label: "case" }],
    ['{"scopes":["repo1","repo2"]}', { scopes: ["repo1", "repo2"] }],
    ['{"expirationDate":""}', { expirationDate: "0001-01-01T00:00:00Z" }],
    ['{"expirationDate":null}', { expirationDate: "0001-01-01T00:00:00Z" }],
    ['{"expirationDate":"2099-01-02T03:04:05Z"}', { expirationDate: "2099-01-02T03:04:05Z" }],
    ['{"expirationDate":"2099-01-02T03:04:05+02:00"}', { expirationDate: "2099-01-02T03:04:05+02:00" }],
    ['{"expirationDate":"2099-01-02T03:04:05.123Z"}', { expirationDate: "2099-01-02T03:04:05.123Z" }],
    ['{"expirationDate":"9999-12-31T23:59:59Z"}', { expirationDate: "9999-12-31T23:59:59Z" }],
  ];
  for (const [body, expected] of cases) {
    const answer = await post(body);
    assert.equal(answer.status, 201, body);
    const key = (await answer.json()) as Key;
    assert.match(key.apiKey, /^zak_[0-9a-f]{32}$/);
    assert.deepEqual({ ...key, ...expected }, key, body);
  }
});

test("zot rejects these bodies", async () => {
  const dates = [
    '"2099-01-02"',
    '"2099-01-02T03:04:05"',
    '"2099-01-02 03:04:05Z"',
    '"2099-01-02T03:04:05z"',
    '"2099-02-30T03:04:05Z"',
    '"Fri, 02 Jan 2099 03:04:05 +0000"',
    '"2000-01-01T00:00:00Z"',
    '"24h"',
    "4070908800",
  ];
  const bodies = [
    "{",
    "[]",
    '"x"',
    '{"label":1}',
    '{"scopes":"x"}',
    ...dates.map((date) => `{"expirationDate":${date}}`),
  ];
  for (const body of [undefined, ...bodies]) {
    const answer = await post(body);
    assert.deepEqual([answer.status, await answer.text()], [400, ""], body);
  }
  assert.equal((await post(JSON.stringify({ label: "x".repeat(8192) }))).status, 413);
  assert.equal((await post(JSON.stringify({ label: "x".repeat(8000) }))).status, 201);
});

test("a key can create another, which can revoke the first", async () => {
  const first = await create({ label: "rotation" });
  const withFirst = { Authorization: basic("zot-ci", first.apiKey) };
  const second = await create({ label: "rotation" }, withFirst);
  const withSecond = basic("zot-ci", second.apiKey);
  assert.equal(await statusWith(withSecond), 200);
  const removal = await fetch(`${keysUrl}?id=${first.uuid}`, {
    method: "DELETE",
    headers: { Authorization: withSecond },
  });
  assert.deepEqual([removal.status, await removal.text()], [200, ""]);
  assert.equal(await statusWith(withFirst.Authorization), 401);
});

test("only the owner can revoke a key, and revoking an unknown id succeeds", async () => {
  const key = await create({ label: "mine" });
  const admin = { Authorization: await registry.mint("admin") };
  const remove = async (query: string, headers = admin): Promise<number> =>
    (await fetch(`${keysUrl}${query}`, { method: "DELETE", headers })).status;
  assert.equal(await remove(`?id=${key.uuid}`), 200);
  assert.equal(await statusWith(basic("zot-ci", key.apiKey)), 200);
  assert.equal(await remove("?id=00000000-0000-0000-0000-000000000000"), 200);
  assert.equal(await remove("?id="), 200);
  assert.equal(await remove(""), 400);
  assert.equal(await remove("?id=a&id=b"), 400);
});

test("the list has only the user's own keys, with their last use and without the secrets", async () => {
  const keys = await list();
  assert.ok(keys.length > 1);
  assert.ok(!JSON.stringify(keys).includes("zak_"));
  assert.match(keys.find(({ label }) => label === "first")?.lastUsed ?? "", /^20/);
  const nobody = { Authorization: await registry.mint("nobody", { label: "only" }) };
  assert.deepEqual(
    (await list(nobody)).map(({ label }) => label),
    ["only"],
  );
});

test("a key works only with its owner's exact name", async () => {
  const { apiKey } = await create({});
  const refused = [
    basic("admin", apiKey),
    basic("", apiKey),
    basic("ZOT-CI", apiKey),
    basic(apiKey, ""),
    `Bearer ${apiKey}`,
    "Basic !!!",
  ];
  assert.equal(await statusWith(basic("zot-ci", apiKey)), 200);
  for (const header of [...refused, basic("zot-ci", apiKey.slice(4)), basic("zot-ci", apiKey.toUpperCase())]) {
    assert.equal(await statusWith(header), 401, header);
  }
  assert.equal(await statusWith("Basic Og=="), 200, "an empty name and password count as anonymous");
});

test("an expired key is rejected even if anonymous access is allowed", async () => {
  const expirationDate = new Date(Date.now() + 300).toISOString();
  const { apiKey, uuid } = await create({ expirationDate });
  const header = basic("zot-ci", apiKey);
  assert.equal(await statusWith(header), 200);
  while ((await statusWith(header)) === 200) assert.ok(Date.now() < Date.parse(expirationDate) + 1000);
  assert.equal((await fetch(`${registry.url}/v2/_catalog`, { headers: { Authorization: header } })).status, 401);
  assert.ok(
    (await list()).some((key) => key.uuid === uuid),
    "an expired key stays in the list",
  );
});

test("the route accepts suffixes and preflights, but no other methods", async () => {
  for (const suffix of ["/", "s", "?x=1"])
    assert.equal((await fetch(keysUrl + suffix, { headers: zotCi })).status, 200);
  const preflight = await fetch(keysUrl, { method: "OPTIONS" });
  assert.deepEqual(
    [preflight.status, preflight.headers.get("access-control-allow-methods")],
    [204, "GET,POST,DELETE,OPTIONS"],
  );
  assert.equal((await fetch(keysUrl, { method: "PUT", headers: zotCi })).status, 405);
});

test("only hashes of keys are stored, and no credentials are logged", async () => {
  const { apiKey } = await create({ label: "secret" });
  await statusWith(basic("zot-ci", apiKey));
  const stored = readFileSync(join(registry.folder, "storage", "_lab", "meta.json"), "utf8");
  for (const text of [stored, registry.log.join("\n")]) {
    assert.ok(!text.includes(apiKey) && !text.includes(apiKey.slice(4)));
    assert.ok(!text.includes(basic("zot-ci", apiKey)));
  }
  assert.ok(registry.log.some((line) => line.includes('"authorization":["******"]')));
});

test("without an anonymous policy, only the management and health endpoints need no credentials", async (t) => {
  const own = await startRegistry((config) => {
    config.http["realm"] = "zot lab";
    config.http.accessControl = { repositories: { "**": { defaultPolicy: ["read"] } } };
  });
  t.after(() => own.close());
  for (const path of ["/zot/auth/apikey", "/v2/", "/v2/_catalog"]) {
    const answer = await fetch(own.url + path);
    assert.deepEqual([answer.status, answer.headers.get("www-authenticate")], [401, 'Basic realm="zot lab"'], path);
  }
  assert.equal((await fetch(`${own.url}/v2/_zot/ext/mgmt`)).status, 200);
  assert.equal((await fetch(`${own.url}/readyz`)).status, 200);
});

test("a request with two Authorization headers is rejected", async () => {
  const { request } = await import("node:http");
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const value = zotCi["Authorization"] ?? "";
    request(
      `${registry.url}/v2/`,
      { headers: ["Host", "zot", "Authorization", value, "Authorization", value] },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    )
      .on("error", reject)
      .end();
  });
  assert.equal(status, 401);
});
