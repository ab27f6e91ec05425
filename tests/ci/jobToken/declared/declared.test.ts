import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import type { RunningServer } from "../../../../lab/shared/listen.ts";
import { listen } from "../../../../lab/shared/listen.ts";
import { jobTokenProof } from "../../../../stack/accounts/jobAccount.ts";
import { startIssuer } from "../../../lab/zot/keyless/support/issuer.ts";
import type { TokenIssuer } from "../../../lab/zot/keyless/support/issuer.ts";
import { masked, pushImage } from "../../pushing.ts";
import type { Pushed } from "../../pushing.ts";
import { writeImage } from "../../support.ts";
import { buildCrane, noCrane } from "../crane/crane.ts";
import { startDeclared } from "./declaredRegistry.ts";
import type { DeclaredRegistry } from "./declaredRegistry.ts";
import { runProof } from "../proving.ts";
import type { Proved } from "../proving.ts";

// Accounts with job tokens, as zot gets their settings, with the proof's inputs and the variable that the program gives; on the lab's zot as of the release that
// takes tokens. What it does not show: a released zot of that kind.

const LAB = resolve(import.meta.dirname, "../../../../lab/bin");

const ACCOUNTS = {
  app: { user: "zot-app", push: ["app"], keyStores: ["op://v/i/app"] },
  site: {
    auth: "both",
    user: "zot-site",
    push: ["site", "www"],
    keyStores: ["op://v/i/site"],
    repositories: ["own/site"],
    jobToken: { proof: { repository: "own/site" } },
  },
  // The same owner, other repositories.
  docs: { auth: "jobToken", user: "zot-docs", push: ["docs"], repositories: ["own/docs"] },
  far: { auth: "jobToken", user: "zot-far", push: ["far"], repositories: ["away/far"] },
  short: {
    auth: "jobToken",
    user: "zot-short",
    push: ["short"],
    repositories: ["own/site"],
    jobToken: { name: "ZOT_SHORT", shortKey: true, proof: { repository: "own/site" } },
  },
};

let issuer: TokenIssuer;
let declared: DeclaredRegistry;
let forgejo: RunningServer;
let folder = "";
let image = "";
/** What the token of the next job says besides. */
let job: Readonly<Record<string, string>> = {};

/** Gives jobs their tokens, as Forgejo does. */
async function startForgejo(): Promise<RunningServer> {
  return listen(
    (request, response) => {
      const audience = new URL(request.url ?? "", "http://forgejo.test").searchParams.get("audience") ?? "";
      const { repository = "" } = job;
      const [owner = ""] = repository.split("/");
      void issuer
        .token({
          event_name: "workflow_dispatch",
          ref: "refs/heads/main",
          repository_owner: owner,
          sub: `repo:${repository}:ref:refs/heads/main`,
          aud: audience,
          ...job,
        })
        .then((value) => response.end(JSON.stringify({ value })));
    },
    { name: "Forgejo", port: 0 },
  );
}

before(async () => {
  issuer = await startIssuer("");
  declared = await startDeclared(ACCOUNTS, issuer.issuer.replace("/api/actions", ""));
  forgejo = await startForgejo();
  folder = mkdtempSync(join(tmpdir(), "declared-"));
  mkdirSync(join(folder, "bin"));
  if (noCrane === false) buildCrane(join(folder, "bin"));
  image = writeImage(join(folder, "image"), 1024);
});
beforeEach(() => {
  job = { repository: "own/site" };
});
after(async () => {
  await forgejo.close();
  await declared.registry.close();
  await issuer.close();
  rmSync(folder, { recursive: true });
});

const tokenVariables = (): NodeJS.ProcessEnv => ({
  ACTIONS_ID_TOKEN_REQUEST_URL: `${forgejo.url}/idtoken?placeholder=true`,
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "request-token",
});

async function prove(id: "site" | "short"): Promise<Proved> {
  const { settings } = declared;
  const account = settings.jobAccounts[id];
  assert.ok(account !== undefined);
  const { inputs = {} } = jobTokenProof(settings, id, account) ?? {};
  const { repository } = job;
  return runProof({ folder, inputs, variables: { ...tokenVariables(), GITHUB_REPOSITORY: repository } });
}

for (const id of ["site", "short"] as const)
  test(`the proof of ${id} passes in a repository of the account`, async () => {
    const { code, log, rows } = await prove(id);
    assert.equal(code, 0, log);
    const text = [...rows].map(([what, result]) => `${result} ${what}`).join("\n");
    const others = { site: ["app", "docs", "far", "short"], short: ["app", "site", "docs", "far"] }[id];
    for (const other of others)
      assert.match(
        text,
        new RegExp(`^ok 403 403 begin an upload to ${other}/zot-auth-sample, of another account$`, "m"),
      );
    assert.match(
      text,
      /^ok 403 403 begin an upload to docs\/zot-auth\/acceptance with this repository's token for \S+\/docs,/m,
    );
    assert.match(
      text,
      /^ok 401 401 begin an upload to far\/zot-auth\/acceptance with this repository's token for \S+\/far,/m,
    );
    const keyed = id === "short" ? "202 202" : "403 403";
    assert.match(text, new RegExp(`^ok ${keyed} begin an upload with that key, as zot-${id}/own/site$`, "m"));
  });

for (const [what, claims, row] of [
  [
    "another repository of the owner",
    { repository: "own/other" },
    /^FAILED {2}expected 201, measured 403: a new image/m,
  ],
  ["another owner's repository", { repository: "away/site" }, /^FAILED {2}expected 200, measured 401: a ping with/m],
  [
    "another branch",
    { repository: "own/site", ref: "refs/heads/dev" },
    /^FAILED {2}expected 200, measured 401: a ping/m,
  ],
  [
    "a pull request",
    { repository: "own/site", event_name: "pull_request_target" },
    /^FAILED {2}expected 200, measured 401: a ping/m,
  ],
] as const)
  test(`the proof fails in a job of ${what}`, async () => {
    job = claims;
    const { code, log } = await prove("site");
    assert.equal(code, 1, log);
    assert.match(log, row);
  });

async function push(args: readonly string[], variables: NodeJS.ProcessEnv): Promise<Pushed> {
  const { repository, ref = "refs/heads/main" } = job;
  const pushed = await pushImage(args, {
    folder,
    variables: {
      PATH: [join(folder, "bin"), LAB, process.env["PATH"]].join(":"),
      GITHUB_REPOSITORY: repository,
      GITHUB_REF: ref,
      GITHUB_EVENT_NAME: "workflow_dispatch",
      ...tokenVariables(),
      ...variables,
    },
  });
  return { ...pushed, said: masked(pushed.said) };
}

for (const id of ["site", "short"] as const)
  test(`push-image.sh pushes as ${id}, and skips the tag then`, { skip: noCrane }, async () => {
    for (const code of [0, 10]) {
      const pushed = await push([image, "hello", "v1"], { ZOT_CI_JOB_TOKEN_INFO: declared.variable(id) });
      assert.equal(pushed.code, code, pushed.said);
    }
    assert.equal((await fetch(`${declared.registry.url}/v2/${id}/hello/manifests/v1`)).status, 200);
  });

test("a repository that the account does not list reads which setting lists it", { skip: noCrane }, async () => {
  job = { repository: "own/other" };
  const { code, said } = await push([image, "other", "v1"], { ZOT_CI_JOB_TOKEN_INFO: declared.variable("site") });
  assert.equal(code, 1, said);
  assert.match(said, /^push-image: zot-auth lets other repositories push here: see ci\.accounts\.site\.repositories$/m);
});

test(
  "a branch that may not push: with the key of auth: both, the push goes on with that",
  { skip: noCrane },
  async () => {
    job = { repository: "own/site", ref: "refs/heads/dev" };
    const information = { ZOT_CI_JOB_TOKEN_INFO: declared.variable("site") };
    const refused = await push([image, "fallback", "v1"], information);
    assert.equal(refused.code, 1, refused.said);
    assert.match(refused.said, /rejects the token of this job.*the ref refs\/heads\/dev/);
    const { code, said } = await push([image, "fallback", "v1"], {
      ...information,
      ZOT_CI_API_KEY: await declared.keyOf("zot-site"),
      ZOT_CI_INFO: declared.variable("site"),
    });
    assert.equal(code, 0, said);
    assert.match(said, /^push-image: the key is used instead, which this repository has, too\.$/m);
  },
);

test("another account's namespace is refused, and a name that nobody may push, too", { skip: noCrane }, async () => {
  for (const prefix of ["docs", "nobody"]) {
    const { code, said } = await push([image, "x", "v1"], {
      ZOT_CI_JOB_TOKEN_INFO: declared.variable("site", { prefix }),
    });
    assert.equal(code, 1, said);
    assert.match(said, new RegExp(`refuses \\S+/${prefix}/x:v1$`, "m"));
  }
});
