// Replays recorded exchanges after changes: of the configuration, of the issuer, and of who has which name.
import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { image, pushImage } from "../support/images.ts";
import { basic } from "../support/registry.ts";
import { keyIn, jobUser } from "./support/keys.ts";
import type { KeylessConfig } from "./support/registry.ts";
import { jobsPolicy, startKeyless, validationsOf } from "./support/registry.ts";
import { Script } from "./replay/script.ts";

const jobs = "!req.user.username.startsWith('forgejo-actions/')";
const ownName = {
  expression:
    "!has(req.claims.repository) || req.repository == req.claims.repository || req.repository.startsWith(req.claims.repository + '/')",
  message: "a job pushes only below its own repository",
};
const noKeys = {
  expression: `${jobs} || has(req.claims.repository)`,
  message: "a key made with a job token pushes nothing",
};

/** Adds conditions to the policy of the jobs' group. */
function addConditions(config: KeylessConfig, conditions: readonly object[]): void {
  Object.assign(jobsPolicy(config), { conditions });
}

await test("conditions, short keys, reload, issuer outage", async (t) => {
  const script = new Script("conditions, short keys, reload, issuer outage");

  await t.test("conditions", async (step) => {
    const keyless = await startKeyless("plain", (config) => addConditions(config, [noKeys, ownName]));
    step.after(() => keyless.close());
    const { url } = keyless.registry;
    const token = await keyless.jobs.token();
    const headers = { Authorization: `Bearer ${token}` };
    assert.equal(await pushImage(url, "acme/app", "v1", image("own"), headers), 201);
    await script.playWith(keyless, "conditions: token, other image name", token);
    const made = await script.playWith(keyless, "conditions: token makes a never-ending API key", token);
    const key = { authorization: basic(jobUser, keyIn(made.body)) };
    await script.play(keyless, "conditions: that key pushes", key);
    await script.play(keyless, "conditions: that key pulls", key);
    const ci = { Authorization: await keyless.registry.mint("ci") };
    assert.equal(await pushImage(url, "any/name", "v1", image("any"), ci), 201, "a person's key pushes as before");
  });

  await t.test("a short key", async (step) => {
    const keyless = await startKeyless("plain");
    step.after(() => keyless.close());
    const token = await keyless.jobs.token();
    const expirationDate = `${new Date(Date.now() + 600_000).toISOString().slice(0, 19)}Z`;
    const body = JSON.stringify({ label: "run 7", expirationDate });
    const made = await script.playWith(keyless, "short key: made by the token", token, { body });
    const { uuid } = JSON.parse(made.body) as { uuid: string };
    await script.playWith(keyless, "short key: revoked by the token", token, { path: `/zot/auth/apikey?id=${uuid}` });
    await script.play(keyless, "short key: after", { authorization: basic(jobUser, keyIn(made.body)) });
  });

  await t.test("a reload does not touch bearer, but the policies", async (step) => {
    const keyless = await startKeyless("plain");
    step.after(() => keyless.close());
    const token = await keyless.jobs.token();
    const headers = { Authorization: `Bearer ${token}` };
    assert.equal(await pushImage(keyless.registry.url, "acme/app", "s1", image("s1"), headers), 201);
    const two = await keyless.jobs.token({ repository: "acme/two" });
    await keyless.rewrite((config) => {
      validationsOf(config)[0] = {
        expression: "claims.repository in ['acme/app', 'acme/two']",
        message: "not allowed",
      };
    });
    await script.playWith(keyless, "reload: token of acme/two after the file was rewritten in place", two);
    await keyless.rewrite(({ http }) => {
      Object.assign(http.auth.bearer ?? {}, { realm: `${keyless.registry.url}/zot/auth/token`, service: keyless.host });
    });
    await script.play(keyless, "reload: realm and service added");
    await keyless.rewrite((config) => {
      jobsPolicy(config).actions = ["read"];
    });
    await script.playWith(keyless, "reload: create taken from the group", token);
    await keyless.rewrite(({ http }) => {
      delete http.auth.bearer;
    });
    await script.playWith(keyless, "reload: bearer removed from the file", token);
  });

  await t.test("the issuer is down", async (step) => {
    const keyless = await startKeyless("plain");
    step.after(() => keyless.close());
    await keyless.jobs.pause();
    await keyless.registry.restart();
    const token = await keyless.jobs.token();
    await script.playWith(keyless, "issuer down at start: token", token);
    await script.playWith(keyless, "issuer down at start: token", token);
    const failures = keyless.registry.log.filter((line) => line.includes("failed to get OIDC token verifier"));
    assert.equal(failures.length, 2, "each token asks the issuer again");
    assert.equal((await fetch(`${keyless.registry.url}/v2/_catalog`)).status, 200, "anonymous users do not notice");
    await keyless.jobs.resume();
    await script.playWith(keyless, "issuer back: token", token);
    await keyless.jobs.pause();
    await script.playWith(keyless, "issuer down while running: token (keys cached)", token);
    await keyless.jobs.resume();
    keyless.jobs.newKey();
    await script.playWith(keyless, "issuer with a new key: new token", await keyless.jobs.token());
    await script.playWith(keyless, "issuer with a new key: old token", token);
    assert.equal(keyless.jobs.discoveries, 1, "the document is kept");
  });
  script.end();
});

await test("new signing key", async (t) => {
  const keyless = await startKeyless("plain");
  t.after(() => keyless.close());
  const script = new Script("new signing key");
  const token = await keyless.jobs.token();
  await script.playWith(keyless, "new key: token before", token);
  keyless.jobs.newKey();
  await script.playWith(keyless, "issuer with a new signing key: new token", await keyless.jobs.token());
  await script.playWith(keyless, "issuer with a new signing key: old token", token);
  script.end();
});

await test("the issuer's document is fetched again after a minute, and tokens are refused if that fails", async (t) => {
  const keyless = await startKeyless("plain");
  t.after(() => keyless.close());
  const token = await keyless.jobs.token();
  const ping = async (): Promise<number> =>
    (await fetch(`${keyless.registry.url}/v2/`, { headers: { Authorization: `Bearer ${token}` } })).status;
  assert.equal(await ping(), 200);
  const passed = Date.now() + 61_000;
  t.mock.method(Date, "now", () => passed);
  await keyless.jobs.pause();
  assert.equal(await ping(), 401);
  await keyless.jobs.resume();
  assert.equal(await ping(), 200);
});

await test("username clash, keys that outlive bearer", async (t) => {
  const script = new Script("username clash, keys that outlive bearer");

  await t.test("a token with a person's name", async (step) => {
    const keyless = await startKeyless("plain", ({ http }) => {
      Object.assign(http.auth.bearer?.oidc[0]?.claimMapping ?? {}, { username: "'ci'", groups: "['jobs']" });
    });
    step.after(() => keyless.close());
    const key = { authorization: await keyless.registry.mint("ci", { label: "cl" }) };
    const token = await keyless.jobs.token();
    await script.play(keyless, "username clash: key of person ci pushes", key);
    await script.playWith(keyless, "username clash: token mapped to username ci", token);
    await script.play(keyless, "username clash: key of person ci pushes, after", key);
    await script.playWith(keyless, "username clash: the token lists the keys of person ci", token);
  });

  await t.test("a key survives bearer", async (step) => {
    const keyless = await startKeyless("plain");
    step.after(() => keyless.close());
    const headers = { Authorization: `Bearer ${await keyless.jobs.token()}` };
    const made = await fetch(`${keyless.registry.url}/zot/auth/apikey`, { method: "POST", headers, body: "{}" });
    const authorization = basic(jobUser, keyIn(await made.text()));
    await keyless.rewrite(({ http }) => {
      delete http.auth.bearer;
    });
    await keyless.registry.restart();
    const label = "key made by a token, after bearer was removed and zot restarted";
    await script.play(keyless, label, { authorization });
  });
  script.end();
});

await test("repository list in conditions, optional claim", async (t) => {
  const script = new Script("repository list in conditions, optional claim");
  const listed = (names: string): object => ({
    expression: `${jobs} || (has(req.claims.repository) && req.claims.repository in [${names}])`,
    message: "this repository may not push",
  });
  const owner = { expression: "claims.repository_owner == 'acme'", message: "owner not allowed" };
  const keyless = await startKeyless("plain", (config) => {
    validationsOf(config)[0] = owner;
    addConditions(config, [listed("'acme/app'")]);
  });
  t.after(() => keyless.close());
  const two = await keyless.jobs.token({ repository: "acme/two" });
  await script.playWith(keyless, "list in conditions: acme/app", await keyless.jobs.token());
  await script.playWith(keyless, "list in conditions: acme/two before", two);
  await keyless.rewrite((config) => addConditions(config, [listed("'acme/app', 'acme/two'")]));
  await script.playWith(keyless, "list in conditions: acme/two, after the file was rewritten in place", two);
  const other = await keyless.jobs.token({ repository: "evil/app", repository_owner: "evil" });
  await script.playWith(keyless, "list in conditions: other owner", other);

  const optional = await startKeyless("plain", (config) => {
    const expression = "!has(claims.repository_id) || claims.repository_id == '7'";
    validationsOf(config).push({ expression, message: "repository not allowed" });
  });
  t.after(() => optional.close());
  const withId = (repository_id: string): Promise<string> => optional.jobs.token({ repository_id });
  await script.playWith(optional, "optional repository_id: absent", await optional.jobs.token());
  await script.playWith(optional, "optional repository_id: right", await withId("7"));
  await script.playWith(optional, "optional repository_id: wrong", await withId("8"));
  script.end();
});

await test("real Forgejo token of 6 s", async (t) => {
  const keyless = await startKeyless("plain");
  t.after(() => keyless.close());
  const script = new Script("real Forgejo token of 6 s");
  const exp = Math.ceil(Date.now() / 1000) + 1;
  const token = await keyless.jobs.token({ exp });
  await script.playWith(keyless, "real Forgejo token of 6 s, at once", token);
  await delay(exp * 1000 - Date.now() + 20);
  await script.playWith(keyless, "real Forgejo token of 6 s, after 7 s", token);
  script.end();
});
