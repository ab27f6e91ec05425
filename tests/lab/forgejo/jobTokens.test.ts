// The tokens of jobs, as recorded on a real Forgejo 15.0.3: the issuer, the claims by event, which jobs can ask, and what the endpoint refuses.
import assert from "node:assert/strict";
import { dirname } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { JSONWebKeySet } from "jose";
import { createLocalJWKSet, jwtVerify } from "jose";
import { forgejoVersion } from "../../../lab/forgejo/version.ts";
import { claimsOf, recording } from "../zot/keyless/replay/recording.ts";
import type { Claims } from "../zot/keyless/replay/recording.ts";
import type { Release, TestForgejo } from "./instance.ts";
import { forgejo } from "./instance.ts";

const recordedUrl = "http://127.0.0.1:21003";
const audience = "http://127.0.0.1:21010";

/** Prints the two variables, and the token that the job gets with them. A sleep keeps the job running. */
const printing = `
      - run: echo "url=[$ACTIONS_ID_TOKEN_REQUEST_URL]"; echo "request=[$ACTIONS_ID_TOKEN_REQUEST_TOKEN]" > request; test -s request
      - if: env.ACTIONS_ID_TOKEN_REQUEST_URL != ''
        run: |
          cat > ask.mjs <<'EOF'
          const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token, AUDIENCE } = process.env;
          const asked = AUDIENCE === "" ? url : url + "&audience=" + encodeURIComponent(AUDIENCE);
          const answer = await fetch(asked, { headers: { Authorization: "bearer " + token } });
          console.log("token=" + JSON.parse(await answer.text()).value);
          EOF
          node ask.mjs
`;

function workflow(job: string, top = ""): string {
  return `
name: named otherwise
on: [push, workflow_dispatch, pull_request, pull_request_target]
${top}
env: { AUDIENCE: "${audience}" }
jobs:
  one:
    runs-on: docker
${job}
    steps:${printing}`;
}

const keyword = "enable-openid-connect: true";

async function start(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  release: Release = { version: "15.0.3" },
): Promise<TestForgejo> {
  return forgejo(t, {
    release,
    runner: { pathPrefix: [dirname(process.execPath)] },
    seed: {
      users: [{ login: "acme" }, { login: "dev" }, { login: "mallory" }],
      repositories: [
        {
          owner: "acme",
          name: "app",
          files: Object.fromEntries(Object.entries(files).map(([name, text]) => [`.forgejo/workflows/${name}`, text])),
          collaborators: { own: "write" },
        },
      ],
      tokens: [{ token: "a".repeat(40), user: "acme", scopes: ["write:repository"] }],
    },
  });
}

type Event = Parameters<TestForgejo["trigger"]>[0]["event"];

/** Runs the workflow of acme/app by an event. Returns the job's log. */
async function logOf(server: TestForgejo, event: Event, actor = "dev", workflowFile = "top.yml"): Promise<string> {
  const id = server.trigger({ repository: "acme/app", actor, workflowFile, event });
  const deadline = Date.now() + 15_000;
  for (;;) {
    const shown = await server.ask("GET", `/api/v1/repos/acme/app/actions/runs/${id}`);
    const { status, index_in_repo: number } = JSON.parse(shown.text) as { status: string; index_in_repo: number };
    if (["success", "failure"].includes(status)) {
      const { text } = await server.ask("GET", `/acme/app/actions/runs/${number}/jobs/0/attempt/1/logs`);
      assert.equal(status, "success", text);
      return text.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z /gm, "");
    }
    assert.ok(Date.now() < deadline, `run ${id} is ${status}`);
    await delay(10);
  }
}

function tokenIn(log: string): string {
  const [, token = ""] = /^token=(\S+)$/m.exec(log) ?? [];
  assert.match(token, /^eyJ/, log);
  return token;
}

async function verified(server: TestForgejo, token: string): Promise<{ header: object; claims: Claims }> {
  const keys = JSON.parse(
    (await server.ask("GET", "/api/actions/.well-known/keys", undefined, null)).text,
  ) as JSONWebKeySet;
  const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(keys), { algorithms: ["RS256"] });
  return { header: protectedHeader, claims: payload };
}

/** The claims that do not differ from run to run. */
function stable(claims: Claims, url: string): Claims {
  const { exp: _exp, iat: _iat, nbf: _nbf, sha: _sha, run_id: _id, run_number: _number, ...others } = claims;
  return JSON.parse(JSON.stringify(others).replaceAll(url, recordedUrl)) as Claims;
}

const push: Event = { name: "push", branch: "main" };
const pullRequest = { number: 1, base: "main", head: "dev", fromFork: false } as const;
const fromFork = { number: 2, base: "main", head: "p", fromFork: true } as const;

await test("the issuer describes itself as recorded, without sign-in", async (t) => {
  const server = await start(t, {});
  const { status, headers, text } = await server.ask(
    "GET",
    "/api/actions/.well-known/openid-configuration",
    undefined,
    null,
  );
  assert.deepEqual([status, headers.get("content-type")], [200, "application/json;charset=utf-8"]);
  assert.equal(text.replaceAll(server.url, recordedUrl), `${JSON.stringify(recording.forgejo.discovery)}\n`);
  const { keys } = JSON.parse(
    (await server.ask("GET", "/api/actions/.well-known/keys", undefined, null)).text,
  ) as JSONWebKeySet;
  assert.deepEqual(
    keys.map(({ alg, kty, use }) => ({ alg, kty, use })),
    [{ alg: "RS256", kty: "RSA", use: "sig" }],
  );
  const version = JSON.parse((await server.ask("GET", "/api/v1/version")).text) as { version: string };
  assert.equal(version.version, "15.0.3+gitea-1.22.0");
});

await test("14.0.2 has no issuer, and its jobs get nothing for the keyword", async (t) => {
  const server = await start(t, { "top.yml": workflow("", keyword) }, {});
  assert.equal((await server.ask("GET", "/api/actions/.well-known/openid-configuration", undefined, null)).status, 404);
  assert.match(await logOf(server, push), /^url=\[\]$/m);
  assert.throws(() => server.trigger({ repository: "acme/none", actor: "dev", workflowFile: "top.yml", event: push }));
});

await test("the claims of each event are the recorded ones", async (t) => {
  const server = await start(t, { "top.yml": workflow("", keyword) });
  const events: readonly (readonly [string, Event, string])[] = [
    ["push", push, "dev"],
    ["push to another branch", { name: "push", branch: "dev" }, "dev"],
    ["pull_request inside the repository", { name: "pull_request", ...pullRequest }, "dev"],
    ["pull_request_target from a fork", { name: "pull_request_target", ...fromFork }, "mallory"],
  ];
  for (const [label, event, actor] of events) {
    const { header, claims } = await verified(server, tokenIn(await logOf(server, event, actor)));
    assert.deepEqual(stable(claims, server.url), stable(claimsOf(label), recordedUrl), label);
    assert.deepEqual(Object.keys(header).sort(), ["alg", "kid", "typ"]);
    assert.equal(Number(claims["exp"]) - Number(claims["iat"]), 3600);
  }
});

await test("a dispatched run has the recorded claims, and the token is in the log in clear unless the job masks it", async (t) => {
  const job = workflow(`    ${keyword}`).replace(
    "node ask.mjs",
    'token=$(node ask.mjs); echo "$token"; echo "::add-mask::${token#token=}"; echo "masked $token"',
  );
  const server = await start(t, { "job.yml": job });
  const path = "/api/v1/repos/acme/app/actions/workflows/job.yml/dispatches";
  const dispatched = await server.ask("POST", path, { ref: "main", return_run_info: true });
  const { id, run_number: number } = JSON.parse(dispatched.text) as { id: number; run_number: number };
  const log = await (async () => {
    for (let tries = 0; tries < 1000; tries++) {
      const shown = await server.ask("GET", `/api/v1/repos/acme/app/actions/runs/${id}`);
      if (/"status":"(?:success|failure)"/.test(shown.text)) break;
      await delay(10);
    }
    return (await server.ask("GET", `/acme/app/actions/runs/${number}/jobs/0/attempt/1/logs`)).text;
  })();
  // The mask of one step applies from its end on, in this runner as in the real one to what is printed later.
  assert.match(log, /masked token=\*\*\*/);
  assert.doesNotMatch(log, /eyJ/);
});

await test("only jobs with the keyword can ask, and of pull requests from forks only pull_request_target", async (t) => {
  const server = await start(t, {
    "top.yml": workflow("", keyword),
    "job.yml": workflow(`    ${keyword}`),
    "off.yml": workflow("    enable-openid-connect: false", keyword),
    "permissions.yml": workflow("    permissions: { id-token: write }"),
    "none.yml": workflow(""),
  });
  const asks = async (file: string, event: Event = push): Promise<boolean> =>
    /^url=\[http/m.test(await logOf(server, event, "dev", file));
  assert.deepEqual(
    {
      top: await asks("top.yml"),
      job: await asks("job.yml"),
      off: await asks("off.yml"),
      permissions: await asks("permissions.yml"),
      none: await asks("none.yml"),
      inside: await asks("top.yml", { name: "pull_request", ...pullRequest }),
      fork: await asks("top.yml", { name: "pull_request", ...fromFork }),
      forkOnTarget: await asks("top.yml", { name: "pull_request_target", ...fromFork }),
    },
    {
      ...{ top: true, job: true, off: false, permissions: false, none: false },
      ...{ inside: true, fork: false, forkOnTarget: true },
    },
  );
  const url = /^url=\[(.*)\]$/m.exec(await logOf(server, push))?.[1] ?? "";
  assert.match(
    url,
    new RegExp(`^${server.url}/api/actions/_apis/pipelines/workflows/\\d+/idtoken\\?placeholder=true$`),
  );
});

await test("without an audience, a token is for the repository's owner", async (t) => {
  const server = await start(t, { "top.yml": workflow("", keyword).replace(audience, "") });
  const { claims } = await verified(server, tokenIn(await logOf(server, push)));
  const recorded = recording.forgejo.claims["default audience"];
  assert.equal(String(claims["aud"]).replace(server.url, recordedUrl), recorded);
});

await test("the endpoint refuses what the real one refuses, and every request after the end of the job", async (t) => {
  const leaking = workflow("", keyword).replace("node ask.mjs", "node ask.mjs; rev < request");
  const server = await start(t, { "top.yml": leaking });
  const log = await logOf(server, push);
  // Printed backwards, since the log masks it.
  const [, reversed = ""] = /^\]([\w.-]+)\[=tseuqer$/m.exec(log) ?? [];
  const token = reversed.split("").reverse().join("");
  assert.match(token, /^eyJ/, log);
  const ask = async (authorization: string | undefined, run = 1): Promise<string> => {
    const url = `${server.url}/api/actions/_apis/pipelines/workflows/${run}/idtoken?placeholder=true`;
    const answer = await fetch(url, authorization === undefined ? {} : { headers: { Authorization: authorization } });
    return `${answer.status} ${(await answer.text()).trim()}`;
  };
  const recorded = (recording.forgejo as unknown as { "job environment": Record<string, string> })["job environment"];
  assert.equal(await ask(`bearer ${token}`), recorded["idtoken with the request token of an ended job"]);
  assert.equal(await ask(undefined), "401 Bad authorization header");
  assert.equal(await ask("Basic YTpi"), "401 Bad authorization header");
  assert.equal(await ask("Bearer 1234567"), "500 Error runner api parsing authorization token");
});

await test("a token lives as long as ID_TOKEN_EXPIRATION_TIME says, and the key survives a restart", async (t) => {
  const server = await start(t, { "top.yml": workflow("", keyword) }, { version: "15.0.3", idTokenLifetime: 6 });
  const token = tokenIn(await logOf(server, push));
  await server.stop();
  await server.start();
  const { claims } = await verified(server, token);
  assert.equal(Number(claims["exp"]) - Number(claims["iat"]), 6);
});

await test("from 16 on, tokens have ids, and so has the subject of new repositories", async (t) => {
  const server = await start(t, { "top.yml": workflow("", keyword) }, { version: "16.0.0" });
  const { claims } = await verified(server, tokenIn(await logOf(server, push)));
  const { actor_id: actor, repository_id: repository, repository_owner_id: owner, sub } = claims;
  for (const id of [actor, repository, owner]) assert.match(String(id), /^\d+$/);
  assert.equal(sub, `repo:acme-${String(owner)}/app-${String(repository)}:ref:refs/heads/main`);
  const { text } = await server.ask("GET", "/api/actions/.well-known/openid-configuration", undefined, null);
  const { claims_supported: supported } = JSON.parse(text) as { claims_supported: string[] };
  assert.deepEqual(
    supported.filter((name) => name.endsWith("_id")),
    ["actor_id", "repository_id", "repository_owner_id", "run_id"],
  );
});

await test("a repository from before 16 keeps its subject until Actions is switched off and on", async (t) => {
  const server = await start(t, { "top.yml": workflow("", keyword) });
  const subject = async (): Promise<unknown> =>
    (await verified(server, tokenIn(await logOf(server, push)))).claims["sub"];
  const plain = "repo:acme/app:ref:refs/heads/main";
  assert.equal(await subject(), plain);
  await server.stop();
  await server.start({ version: "16.0.0" });
  assert.equal(await subject(), plain);
  const owner = "a".repeat(40);
  for (const has_actions of [false, true]) {
    const { status, text } = await server.ask("PATCH", "/api/v1/repos/acme/app", { has_actions }, owner);
    assert.equal(status, 200, text);
  }
  assert.match(String(await subject()), /^repo:acme-\d+\/app-\d+:ref:refs\/heads\/main$/);
});

test("a release must be 14.0.0 or later", () => {
  assert.equal(forgejoVersion().jobTokens, false);
  assert.deepEqual([forgejoVersion("15.0.3").idsInTokens, forgejoVersion("16.0.0").idsInTokens], [false, true]);
  for (const wrong of ["13.0.0", "latest", "15"]) assert.throws(() => forgejoVersion(wrong), /Invalid Forgejo version/);
});
