// Bearer tokens that the recording does not have: malformed ones, other algorithms, several issuers, the token endpoint's forms, and the audit log.
import assert from "node:assert/strict";
import { createHmac, createPublicKey } from "node:crypto";
import type { JsonWebKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { image, pushImage } from "../support/images.ts";
import { basic } from "../support/registry.ts";
import type { TokenIssuer } from "./support/issuer.ts";
import { startIssuer } from "./support/issuer.ts";
import { jobUser } from "./support/keys.ts";
import type { KeylessRegistry } from "./support/registry.ts";
import { recorded, startKeyless } from "./support/registry.ts";

let keyless: KeylessRegistry;
let other: TokenIssuer;
before(async () => {
  other = await startIssuer("second");
  keyless = await startKeyless("plain", ({ http }) => {
    http.auth.bearer?.oidc.push({
      issuer: other.issuer,
      audiences: ["first", " second "],
      claimMapping: {
        username: "vars.owner + '-jobs'",
        variables: [{ name: "owner", expression: "claims.repository.split('/')[0]" }],
        groups: "claims.repository_owner == 'acme' ? ['artifact-workloads'] : []",
      } as object,
    });
  });
});
after(async () => {
  await keyless.close();
  await other.close();
});

async function ping(authorization: string): Promise<number> {
  return (await fetch(`${keyless.registry.url}/v2/`, { headers: { Authorization: authorization } })).status;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

test("malformed tokens, and tokens without or with another algorithm, are refused", async () => {
  const token = await keyless.jobs.token();
  const [header = "", payload = "", signature = ""] = token.split(".");
  const keys = (await (await fetch(`${keyless.jobs.issuer}/.well-known/keys`)).json()) as { keys: JsonWebKey[] };
  const [jwk = {}] = keys.keys;
  const pem = createPublicKey({ key: jwk, format: "jwk" }).export({ type: "spki", format: "pem" });
  // The public key as the secret of a symmetric algorithm: a mistake of careless verifiers.
  const symmetric = `${encoded({ alg: "HS256", typ: "JWT" })}.${payload}`;
  const forged = createHmac("sha256", pem).update(symmetric).digest("base64url");
  const wrong = [
    "",
    "a.b.c",
    `${header}.${payload}`,
    `${header}.${payload}.`,
    `${header}.${encoded({ iss: keyless.jobs.issuer })}.${signature}`,
    `${encoded({ alg: "none" })}.${payload}.`,
    `${symmetric}.${forged}`,
    `${token}.${signature}`,
  ];
  for (const one of wrong) assert.equal(await ping(`Bearer ${one}`), 401, one);
  for (const scheme of ["Bearer", "bearer", "BEARER"]) assert.equal(await ping(`${scheme} ${token}`), 200, scheme);
});

test("claims without an expiry or audience, or that begin in the far future, are refused", async () => {
  const soon = Math.floor(Date.now() / 1000) + 240;
  const changes = [
    { exp: undefined },
    { exp: "never" },
    { aud: undefined },
    { aud: [] },
    { aud: [7] },
    { nbf: soon + 3600 },
  ];
  for (const change of changes) {
    assert.equal(await ping(`Bearer ${await keyless.jobs.token(change)}`), 401, JSON.stringify(change));
  }
  const accepted = [{ nbf: soon }, { aud: ["http://other.example", `http://${recorded.zot}`] }, { iat: undefined }];
  for (const change of accepted) {
    assert.equal(await ping(`Bearer ${await keyless.jobs.token(change)}`), 200, JSON.stringify(change));
  }
});

test("issuers are tried in order, each with its own audiences and mapping", async () => {
  const upload = async (token: string): Promise<number> => {
    const headers = { Authorization: `Bearer ${token}` };
    return (await fetch(`${keyless.registry.url}/v2/any/app/blobs/uploads/`, { method: "POST", headers })).status;
  };
  assert.equal(await upload(await other.token({ repository: "any/thing", ref: "refs/heads/dev" })), 202);
  assert.equal(await upload(await other.token({ repository_owner: "evil" })), 403, "no group");
  assert.equal(await upload(await other.token({ aud: `http://${recorded.zot}` })), 401, "the other issuer's audience");
  assert.equal(await upload(await other.token({ repository: undefined })), 401, "a variable that cannot be evaluated");
});

test("wrapped keys are accepted in one form only", async () => {
  const key = await keyless.registry.mint("ci");
  const [, secret = ""] = Buffer.from(key.slice("Basic ".length), "base64").toString().split(":");
  const wrap = (value: object): string => `Bearer zot_cred_v1.${encoded(value)}`;
  const good = { v: 1, typ: "api-key", username: "ci", secret };
  assert.equal(await ping(wrap(good)), 200);
  const wrong = [
    { ...good, v: 2 },
    { ...good, typ: "session" },
    { ...good, username: "" },
    { ...good, username: "admin" },
    { ...good, secret: "zak_1" },
    [],
  ];
  for (const one of wrong) assert.equal(await ping(wrap(one)), 401, JSON.stringify(one));
  for (const text of ["", "e30", "%%%", "bnVsbA"]) assert.equal(await ping(`Bearer zot_cred_v1.${text}`), 401, text);
});

test("the token endpoint takes tokens in several fields of a form, and refuses long bodies and other methods", async () => {
  const url = `${keyless.registry.url}/zot/auth/token`;
  const token = await keyless.jobs.token();
  const post = async (form: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8", ...headers },
      body: form,
    });
  for (const field of ["password", "id_token", "access_token", "refresh_token", "token"]) {
    assert.equal((await post(`${field}=${token}`)).status, 200, field);
  }
  assert.equal((await post(`secret=${token}`)).status, 401);
  assert.equal((await post(`token=${token}`, { "Content-Type": "text/plain" })).status, 401);
  // The first credential that is accepted counts.
  assert.equal((await post(`password=${token}`, { Authorization: basic("any", "x.y.z") })).status, 200);
  assert.equal((await post(`token=${"x".repeat(64 * 1024)}`)).status, 413);
  assert.equal((await fetch(url, { method: "DELETE" })).status, 405);
  assert.equal((await fetch(url, { method: "OPTIONS" })).status, 204);
  const key = await keyless.registry.mint("ci");
  const [, secret = ""] = Buffer.from(key.slice("Basic ".length), "base64").toString().split(":");
  assert.equal((await post(`account=ci&password=${secret}`)).status, 200);
  assert.equal((await post(`account=admin&password=${secret}`)).status, 401, "another's key");
  assert.equal((await post(`token=${secret}`)).status, 401, "a key without its owner");
});

test("two Authorization headers are refused, even if both are right", async () => {
  const token = await keyless.jobs.token();
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const sent = request(`${keyless.registry.url}/v2/`, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.setHeader("Authorization", [`Bearer ${token}`, `Bearer ${token}`]);
    sent.on("error", reject);
    sent.end();
  });
  assert.equal(status, 401);
});

test("the audit log has each successful write with its user, and no token or key", async (t) => {
  const audited = await startKeyless("plain", (config) => {
    Object.assign(config, {
      log: { level: "info", audit: join(String(config.storage["rootDirectory"]), "..", "audit.log") },
    });
  });
  t.after(() => audited.close());
  const { url, folder } = audited.registry;
  const token = await audited.jobs.token();
  const headers = { Authorization: `Bearer ${token}` };
  assert.equal(await pushImage(url, "acme/app", "v1", image("one"), headers), 201);
  assert.equal(await pushImage(url, "acme/app", "v1", image("two"), headers), 403);
  const made = await fetch(`${url}/zot/auth/apikey`, { method: "POST", headers, body: '{"label":"x"}' });
  const { apiKey } = (await made.json()) as { apiKey: string };
  await fetch(`${url}/v2/_catalog`, { headers });
  const text = readFileSync(join(folder, "audit.log"), "utf8");
  assert.ok(!text.includes(token) && !text.includes(apiKey));
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    lines.map(({ subject, action, object, status }) => [subject, action, String(object).replace(/\?.*/, ""), status]),
    [
      [jobUser, "POST", "/v2/acme/app/blobs/uploads/", 201],
      [jobUser, "POST", "/v2/acme/app/blobs/uploads/", 201],
      [jobUser, "PUT", "/v2/acme/app/manifests/v1", 201],
      [jobUser, "POST", "/v2/acme/app/blobs/uploads/", 201],
      [jobUser, "POST", "/v2/acme/app/blobs/uploads/", 201],
      [jobUser, "POST", "/zot/auth/apikey", 201],
    ],
  );
});

test("with bearer tokens alone, nobody else gets in where no anonymous policy lets them", async (t) => {
  const alone = await startKeyless("plain", ({ http }) => {
    const { bearer } = http.auth;
    http.auth = bearer === undefined ? {} : { bearer };
    http.accessControl = { repositories: { "**": { defaultPolicy: ["read"] } } };
  });
  t.after(() => alone.close());
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(`${alone.registry.url}/v2/_catalog`, { headers })).status;
  assert.equal(await status({}), 401);
  assert.equal(await status({ Authorization: basic("ci", "zak_1") }), 401);
  assert.equal(await status({ Authorization: `Bearer ${await alone.jobs.token()}` }), 200);
});
