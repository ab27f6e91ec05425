import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { parseSettings } from "../../../settings/parse.ts";
import { jobTokenProof } from "../../../stack/accounts/jobAccount.ts";
import { ProcessSampler } from "../../engine/leaks/processSampler.ts";
import { REAL_CASE } from "../../support/settings.ts";
import { startCiRegistry } from "../support.ts";
import type { CiRegistry } from "../support.ts";
import { INPUTS, MARK, runProof } from "./proving.ts";
import type { Proved } from "./proving.ts";
import { JOB, startJobServers } from "./servers.ts";
import type { Faults, JobServers } from "./servers.ts";

// The script of ci/forgejo/zot-auth-proof.yaml, with the real curl. Every row is made to fail once.

let ci: CiRegistry;
let servers: JobServers;
let folder = "";
before(async () => {
  ci = await startCiRegistry();
  servers = await startJobServers(ci);
  folder = mkdtempSync(join(tmpdir(), "job-proof-"));
});
beforeEach(() => {
  servers.reset();
  servers.faults.keysPush = false;
});
after(async () => {
  await servers.close();
  await ci.registry.close();
  rmSync(folder, { recursive: true });
});

async function prove(inputs: Readonly<Record<string, string>> = {}, more: NodeJS.ProcessEnv = {}): Promise<Proved> {
  const proved = await runProof({
    folder,
    inputs: {
      registry: servers.registryUrl,
      audience: servers.audience,
      user: "zot-site",
      repository: "homelab/zot-auth/acceptance",
      ...inputs,
    },
    variables: { ...servers.variables, ...more },
  });
  for (const secret of [...servers.secrets, ci.key]) assert.ok(!proved.log.includes(secret), proved.log);
  return proved;
}

const PING = "a ping with the token of own/app, refs/heads/main, workflow_dispatch";
const NEW = "a new image in homelab/zot-auth/acceptance, without a tag";
const OVERWRITE = "overwrite the tag homelab/zot-auth/acceptance:probe";
const DELETE = "delete the tag homelab/zot-auth/acceptance:probe";
const NO_ACCOUNT = "a ping with a token for no account";
const KEY = "create a key with the token";
const KEY_PUSHES = `begin an upload with that key, as ${JOB}`;
const KEY_DELETED = "delete that key";
const KEY_GONE = "begin an upload with that key once it is deleted";

const CORRECT: readonly (readonly [string, string])[] = [
  [PING, "ok 200 200"],
  [NEW, "ok 201 201"],
  [OVERWRITE, "ok 403 403"],
  [DELETE, "ok 403 403"],
  [NO_ACCOUNT, "ok 401 401"],
  [KEY, "ok 201 201"],
  [KEY_PUSHES, "ok 403 403"],
  [KEY_DELETED, "ok 200 200"],
  [KEY_GONE, "ok 401 401"],
];

test("zot-auth gives the workflow every input that it has", () => {
  const jobs = { user: "zot-site", push: ["site"], repositories: ["own/site"] };
  const proof = { repository: "own/site" };
  const settings = parseSettings({
    ...REAL_CASE,
    forgejo: { url: REAL_CASE.forgejo.url, token: REAL_CASE.forgejo.token },
    ci: {
      accounts: {
        app: { user: "zot-app", push: ["app"], keyStores: ["op://v/i/app"] },
        site: { ...jobs, auth: "jobToken", jobToken: { proof } },
      },
    },
  });
  const account = settings.jobAccounts["site"];
  assert.ok(account !== undefined);
  const given = jobTokenProof(settings, "site", account)?.inputs ?? {};
  assert.deepEqual(Object.keys(given).toSorted(), INPUTS.toSorted());
});

test("every row is as declared, also in a second run, and only the one tag stays", async () => {
  for (const run of [1, 2]) {
    const { code, log, rows } = await prove();
    assert.deepEqual([...rows], CORRECT, log);
    assert.equal(code, 0, log);
    assert.equal(servers.keys.size, 0);
    assert.equal(servers.created.length, run);
  }
  const tags = (await (await fetch(`${ci.registry.url}/v2/homelab/zot-auth/acceptance/tags/list`)).json()) as object;
  assert.deepEqual(tags, { name: "homelab/zot-auth/acceptance", tags: ["probe"] });
  const tagged = servers.log.filter((line) => /PUT \S+\/manifests\/(?!sha256:)\S+ Bearer -> 201$/.test(line));
  assert.equal(tagged.length, 1);
  const stored = servers.log.filter((line) => /PUT \S+\/blobs\/.* -> 201$/.test(line));
  assert.equal(stored.length, 3, "a layer and two configs, each once");
});

test("other accounts' repositories and audiences have a row each", async () => {
  const { code, log, rows } = await prove({
    refused: "private/a private/b/c",
    strangers: `${servers.knownAudience}|homelab/x|403 ${servers.registryUrl}/far|homelab/y|401`,
  });
  assert.equal(code, 0, log);
  const others = [...rows].filter(([what]) => !CORRECT.some(([known]) => known === what));
  assert.deepEqual(others, [
    ["begin an upload to private/a, of another account", "ok 403 403"],
    ["begin an upload to private/b/c, of another account", "ok 403 403"],
    [
      `begin an upload to homelab/x with this repository's token for ${servers.knownAudience}, another account`,
      "ok 403 403",
    ],
    [
      `begin an upload to homelab/y with this repository's token for ${servers.registryUrl}/far, another account`,
      "ok 401 401",
    ],
  ]);
});

test("with shortKey, a job's key begins an upload", async () => {
  servers.faults.keysPush = true;
  const { code, log, rows } = await prove({ shortKey: "true" });
  assert.equal(code, 0, log);
  assert.equal(rows.get(KEY_PUSHES), "ok 202 202");
});

test("without the input, the variable says who the account is", async () => {
  const variable = "label=a fingerprint=b target=c url=d user=zot-site registry=e prefix=f audience=g";
  const { code, log } = await prove({ user: "" }, { ZOT_CI_JOB_TOKEN_INFO: variable });
  assert.equal(code, 0, log);
});

const everything = async (): Promise<Partial<Faults>> => ({ jobsAs: await ci.registry.mint("admin") });
const having = (faults: Partial<Faults>) => async (): Promise<Partial<Faults>> => Promise.resolve(faults);
for (const [what, failing, inputs, faults] of [
  ["overwrites and deletes", { [OVERWRITE]: "FAILED 403 201", [DELETE]: "FAILED 403 202" }, () => ({}), everything],
  [
    "pushes for another account",
    { "begin an upload to private/a, of another account": "FAILED 403 202" },
    () => ({ refused: "private/a" }),
    everything,
  ],
  ["pushes with a key", { [KEY_PUSHES]: "FAILED 403 202" }, () => ({}), having({ keysPush: true })],
  ["cannot push with a key", { [KEY_PUSHES]: "FAILED 202 403" }, () => ({ shortKey: "true" }), having({})],
  [
    "has a token that counts for any audience",
    { [NO_ACCOUNT]: "FAILED 401 200" },
    () => ({}),
    having({ anyAudience: true }),
  ],
  [
    "is known to an account that should not know it",
    { "begin an upload to homelab/x": "FAILED 401 403" },
    () => ({ strangers: `${servers.knownAudience}|homelab/x|401` }),
    having({}),
  ],
  [
    "has no valid token",
    { [PING]: "FAILED 200 401", [NEW]: "FAILED 201 401", [KEY]: "FAILED 201 401" },
    () => ({}),
    having({ rejectsTokens: true }),
  ],
  ["may not push", { [NEW]: "FAILED 201 403" }, () => ({}), having({ reason: "other repositories push here" })],
  [
    "leaves a key",
    { [KEY_DELETED]: "FAILED 200 500", [KEY_GONE]: "FAILED 401 403" },
    () => ({}),
    having({ deletion: 500 }),
  ],
  [
    "signs in as somebody else",
    { "begin an upload with that key, as": "FAILED 403 401" },
    () => ({ user: "zot-other" }),
    having({}),
  ],
  [
    "gets no token",
    { "this job's token for": "FAILED a token 500" },
    () => ({}),
    having({ forgejo: { status: 500, body: "Error runner api getting task: task is not running" } }),
  ],
] as const)
  test(`a job that ${what} fails the row`, async () => {
    Object.assign(servers.faults, await faults());
    const { code, log, rows } = await prove(inputs());
    assert.equal(code, 1, log);
    for (const [row, result] of Object.entries(failing)) {
      const found = [...rows].find(([name]) => name.startsWith(row));
      assert.equal(found?.[1], result, `${row}\n${log}`);
    }
  });

test("a tag that cannot be created is a row", async () => {
  servers.faults.reason = "other repositories push here";
  const { code, rows, log } = await prove({ repository: "homelab/zot-auth/other" });
  assert.equal(code, 1);
  assert.equal(rows.get("the tag homelab/zot-auth/other:probe, which stays"), "FAILED 201 403", log);
});

test("a job without the two variables says what it needs", async () => {
  const { code, log } = await prove({}, { ACTIONS_ID_TOKEN_REQUEST_URL: "", ACTIONS_ID_TOKEN_REQUEST_TOKEN: "" });
  assert.equal(code, 1);
  assert.match(log, /^FAILED {2}this job can get no token: .*enable-openid-connect: true.*12\.5\.2/m);
});

test(
  "no process has a token or a key in its arguments or variables",
  { skip: process.platform !== "linux" },
  async () => {
    const sampler = new ProcessSampler(MARK);
    const { code, log } = await sampler.during(prove());
    assert.equal(code, 0, log);
    const seen = [...sampler.argumentLists];
    assert.ok(seen.some((line) => line.startsWith("curl --config - ")));
    const [asking = "", ...others] = servers.secrets;
    for (const secret of [asking, ...others])
      assert.deepEqual(
        seen.filter((line) => line.includes(secret)),
        [],
      );
    const variables = [...sampler.variables];
    for (const secret of others)
      assert.deepEqual(
        variables.filter((one) => one.includes(secret)),
        [],
      );
  },
);
