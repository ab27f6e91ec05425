import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { noCrane } from "./crane/crane.ts";
import { LAB, TokenJob, pathOf } from "./tokenJob.ts";

// What the push script does and says if it cannot use its token, or zot refuses the image.

const skip = noCrane;

let job: TokenJob;
before(async () => {
  if (skip === false) job = await TokenJob.start();
});
beforeEach(() => {
  if (skip === false) job.servers.reset();
});
after(async () => {
  if (skip === false) await job.close();
});

const noToken = { ACTIONS_ID_TOKEN_REQUEST_URL: "", ACTIONS_ID_TOKEN_REQUEST_TOKEN: "" };
let counter = 0;

/** Without a key the job fails with this code; with one it says the same, and pushes with the key. */
for (const [what, code, message, variables, fault] of [
  ["a job without the two variables", 2, /enable-openid-connect: true.*12\.5\.2.*forks get none/, () => noToken],
  [
    "a token that zot rejects",
    1,
    /rejects the token of this job.*owner of own\/app, the ref refs\/heads\/dev and the event push.*clocks/,
    () => ({}),
    { rejectsTokens: true },
  ],
  [
    "a Forgejo that gives no token",
    1,
    /gave this job no token \(HTTP 500\): .*task is not running/,
    () => ({}),
    { forgejo: { status: 500, body: "Error runner api getting task: task is not running" } },
  ],
  [
    "a Forgejo whose answer is no token",
    1,
    /gave this job no token \(HTTP 200\)/,
    () => ({}),
    { forgejo: { status: 200, body: '{"value":"not a\\ntoken"}' } },
  ],
  [
    "a Forgejo that does not answer",
    1,
    /gave this job no token \(HTTP 000\): .*127\.0\.0\.1/,
    () => ({ ACTIONS_ID_TOKEN_REQUEST_URL: "http://127.0.0.1:9/?placeholder=true" }),
  ],
  [
    "a variable without an audience",
    2,
    /names no user, registry, prefix or audience/,
    () => ({ ZOT_CI_JOB_TOKEN_INFO: job.tokenInfo({ audience: undefined }) }),
  ],
  ["a runner without crane", 2, /crane is not on the PATH of this job/, () => ({ PATH: pathOf(LAB) })],
] as const) {
  test(`${what}: an error that says what to look at, or with a key a push with that`, { skip }, async () => {
    const name = `without-${(counter += 1)}`;
    Object.assign(job.servers.faults, fault ?? {});
    const failed = await job.push([job.image, name, "v1"], variables());
    assert.equal(failed.code, code, failed.said);
    assert.match(failed.said, message);
    assert.equal(failed.outputs, "");
    assert.equal(await job.status(name, "v1"), 404);
    const pushed = await job.push([job.image, name, "v1"], { ...variables(), ...job.storedKey() });
    assert.equal(pushed.code, 0, pushed.said);
    assert.match(pushed.said, message);
    assert.match(
      pushed.said,
      /^push-image: the key is used instead, which this repository has, too\.\n[^]*^push-image: pushed /m,
    );
  });
}

for (const source of ["docker-archive:image.tar", "oci-archive:image.tar", "oci:folder:latest"])
  test(`${source} is converted by skopeo, and without it an error`, { skip }, async () => {
    const { code, said } = await job.push([source, "hello", "v1"], { PATH: join(job.folder, "few") });
    assert.equal(code, 2, said);
    assert.ok(said.includes(`For ${source}, skopeo must be on the PATH of this job, too.`), said);
  });

test("with a token and a key, the token pushes and the key is not used", { skip }, async () => {
  const { code, said } = await job.push([job.image, "both", "v1"], job.storedKey());
  assert.equal(code, 0, said);
  assert.deepEqual(
    job.servers.log.filter((line) => line.includes(" Basic ")),
    [],
  );
});

for (const [way, variables] of [
  ["a token", () => ({})],
  ["a job's key", () => job.shortKey()],
] as const)
  test(`zot's reason to refuse ${way} is shown`, { skip }, async () => {
    job.servers.faults.reason = 'zot-auth lets other "repositories" push here: see ci.accounts.site.repositories';
    const { code, said, outputs } = await job.push([job.image, "refused", "v1"], variables());
    assert.equal(code, 1, said);
    assert.match(said, /^push-image: \S+ refuses \S+\/homelab\/refused:v1$/m);
    assert.ok(said.includes(`push-image: ${job.servers.faults.reason}\n`), said);
    assert.equal(outputs, "");
  });

test(
  "an image outside the account's namespaces is refused without a reason of zot's, and the error says where it may push",
  { skip },
  async () => {
    const { code, said } = await job.push([job.image, "hello", "v1"], {
      ZOT_CI_JOB_TOKEN_INFO: job.tokenInfo({ prefix: "private" }),
    });
    assert.equal(code, 1, said);
    assert.match(
      said,
      /refuses \S+\/private\/hello:v1\n.*jobs of zot-site may create new tags below private\/ and nothing else/,
    );
  },
);

test("an image that the job cannot read is no refusal", { skip }, async () => {
  const { code, said } = await job.push(["oci:/nowhere/at/all", "hello", "v1"]);
  assert.equal(code, 1, said);
  assert.match(said, /was not pushed\. A job that runs again/);
});

test("every message that docs/guides/ci.md explains is one of the script, of Dagger or of zot's conditions", () => {
  const read = (path: string): string => readFileSync(resolve(import.meta.dirname, "../../..", path), "utf8");
  const [, table = ""] = read("docs/guides/ci.md").split("## When a push fails");
  const sources = ["ci/push-image.sh", "ci/dagger/src/publishing.ts", "systems/zot/access/jobConditions.ts"]
    .map(read)
    .join("\n");
  const messages = table
    .split("\n")
    .flatMap((line) => [...(line.split(" | ")[0] ?? "").matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text));
  assert.ok(messages.length >= 10, table);
  for (const message of messages)
    for (const part of message.split("…")) assert.ok(sources.includes(part.trim()), message);
});
