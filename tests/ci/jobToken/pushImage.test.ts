import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import type { PushLogin } from "../../../systems/forgejo/secretMarker.ts";
import { ProcessSampler } from "../../engine/leaks/processSampler.ts";
import { MARK, masked, pushImage } from "../pushing.ts";
import type { Pushed } from "../pushing.ts";
import { infoOf, startCiRegistry, writeImage } from "../support.ts";
import type { CiRegistry } from "../support.ts";
import { buildCrane, noCrane } from "./crane.ts";
import { JOB, startJobServers } from "./servers.ts";
import type { JobServers } from "./servers.ts";

// The push script with a job's token: the real crane and curl, skopeo as in the other tests, and a front before the registry that accepts tokens.

const skip = noCrane;
const noSkopeo = spawnSync("skopeo", ["--version"]).status === 0 ? false : "no skopeo that reads archives";
const LAB = resolve(import.meta.dirname, "../../../lab/bin");

let ci: CiRegistry;
let servers: JobServers;
let folder = "";
let image = "";
before(async () => {
  if (skip !== false) return;
  ci = await startCiRegistry();
  servers = await startJobServers(ci);
  folder = mkdtempSync(join(tmpdir(), "push-by-token-"));
  mkdirSync(join(folder, "bin"));
  buildCrane(join(folder, "bin"));
  // What a runner without skopeo has.
  mkdirSync(join(folder, "few"));
  for (const name of ["sh", "curl", "mktemp", "rm", "cat", "grep", "sed", "tr", "head", "date"])
    symlinkSync(spawnSync("which", [name], { encoding: "utf8" }).stdout.trim(), join(folder, "few", name));
  symlinkSync(join(folder, "bin/crane"), join(folder, "few/crane"));
  image = writeImage(join(folder, "image"), 1024);
});
beforeEach(() => {
  if (skip === false) servers.reset();
});
after(async () => {
  if (skip !== false) return;
  await servers.close();
  await ci.registry.close();
  rmSync(folder, { recursive: true });
});

/** The variable that zot-auth gives to a repository. */
function tokenInfo(login: Partial<PushLogin> = {}): string {
  return infoOf(ci, {
    label: "zot-auth/lab/site",
    login: { user: "zot-site", registry: servers.registryUrl, prefix: "homelab", audience: servers.audience, ...login },
  });
}

const path = (...folders: readonly string[]): string => [...folders, process.env["PATH"] ?? ""].join(":");

async function push(
  args: readonly string[],
  variables: NodeJS.ProcessEnv = {},
  stopOnce?: () => boolean,
): Promise<Pushed> {
  const pushed = await pushImage(args, {
    folder,
    variables: {
      PATH: path(join(folder, "bin"), LAB),
      ZOT_CI_JOB_TOKEN_INFO: tokenInfo(),
      GITHUB_REPOSITORY: "own/app",
      GITHUB_REF: "refs/heads/dev",
      GITHUB_EVENT_NAME: "push",
      GITHUB_RUN_ID: "77",
      ...servers.variables,
      ...variables,
    },
    stopOnce,
  });
  const said = masked(pushed.said);
  for (const secret of [...servers.secrets, ci.key]) assert.ok(!said.includes(secret), said);
  return { ...pushed, said };
}

const named = (name: string): string => `${new URL(servers.registryUrl).host}/homelab/${name}`;
const status = async (name: string, tag: string): Promise<number> =>
  (await fetch(`${ci.registry.url}/v2/homelab/${name}/manifests/${tag}`)).status;

/** An image of which the registry has no blob. */
const fresh = (): string => writeImage(mkdtempSync(join(folder, "fresh-")), 1024);

/** An archive as `docker save` writes it. */
function archive(name: string): string {
  const place = mkdtempSync(join(folder, "archive-"));
  writeFileSync(join(place, "file"), name);
  const tar = (...args: readonly string[]): void => {
    assert.equal(spawnSync("tar", args, { cwd: place }).status, 0);
  };
  tar("-cf", "layer.tar", "file");
  const id = createHash("sha256")
    .update(readFileSync(join(place, "layer.tar")))
    .digest("hex");
  const rootfs = { type: "layers", diff_ids: [`sha256:${id}`] };
  writeFileSync(join(place, "config.json"), JSON.stringify({ architecture: "amd64", os: "linux", rootfs }));
  const manifest = [{ Config: "config.json", RepoTags: [`${name}:built`], Layers: ["layer.tar"] }];
  writeFileSync(join(place, "manifest.json"), JSON.stringify(manifest));
  tar("-cf", "image.tar", "manifest.json", "config.json", "layer.tar");
  return join(place, "image.tar");
}

test(
  "crane pushes with the token, a second run skips, and no process has the token in its arguments or variables",
  { skip },
  async () => {
    const sampler = new ProcessSampler(MARK);
    const first = await sampler.during(push([image, "apps/hello", "v1"]));
    assert.equal(first.code, 0, first.said);
    assert.equal(first.said, `push-image: pushed ${named("apps/hello:v1")}\n`);
    assert.equal(first.outputs, `result=pushed\nimage=${named("apps/hello:v1")}\n`);
    const again = await sampler.during(push([image, "apps/hello", "v1"]));
    assert.equal(again.code, 10, again.said);
    assert.equal(again.outputs, `result=skipped\nimage=${named("apps/hello:v1")}\n`);
    assert.equal(await status("apps/hello", "v1"), 200);
    if (process.platform !== "linux") return;
    const seen = [...sampler.argumentLists];
    assert.ok(seen.some((line) => line.includes(`crane push --insecure ${image.slice("oci:".length)} `)));
    assert.ok(seen.some((line) => line.startsWith("curl --config - ")));
    const [asking, ...tokens] = servers.secrets;
    assert.ok(tokens.length >= 2);
    for (const secret of servers.secrets)
      assert.deepEqual(
        seen.filter((line) => line.includes(secret)),
        [],
      );
    // The job's own variable is the only one.
    const variables = [...sampler.variables];
    assert.deepEqual(
      variables.filter((one) => tokens.some((token) => one.includes(token))),
      [],
    );
    assert.deepEqual(variables.filter((one) => one.includes(asking ?? "")).length, 1);
  },
);

test(
  "an archive, also behind a link as Nix leaves it, is pushed in OCI's format",
  { skip: skip || noSkopeo },
  async () => {
    const plain = archive("plain");
    symlinkSync(archive("linked"), join(folder, "result"));
    for (const [name, source] of [
      ["plain", `docker-archive:${plain}`],
      ["named", `docker-archive:${plain}:plain:built`],
      ["linked", `docker-archive:${join(folder, "result")}`],
    ] as const) {
      const { code, said } = await push([source, name, "v1"], { PATH: path(join(folder, "bin")) });
      assert.equal(code, 0, said);
      const { headers } = await fetch(`${ci.registry.url}/v2/homelab/${name}/manifests/v1`);
      assert.equal(headers.get("content-type"), "application/vnd.oci.image.manifest.v1+json");
    }
  },
);

test("one image of a folder with several is pushed", { skip }, async () => {
  const several = fresh().slice("oci:".length);
  const other = fresh().slice("oci:".length);
  cpSync(other, several, { recursive: true, filter: (file) => !file.endsWith("index.json") });
  const manifests = [several, other].map((place, at) => {
    const {
      manifests: [only],
    } = JSON.parse(readFileSync(join(place, "index.json"), "utf8")) as { manifests: object[] };
    return { ...only, annotations: { "org.opencontainers.image.ref.name": ["first", "second"][at] } };
  });
  writeFileSync(join(several, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  const { code, said } = await push([`oci:${several}:second`, "several", "v1"]);
  assert.equal(code, 0, said);
  const { headers } = await fetch(`${ci.registry.url}/v2/homelab/several/manifests/v1`);
  assert.equal(headers.get("docker-content-digest"), (manifests[1] as { digest?: string }).digest);
});

test("an image that cannot be read is no refusal", { skip }, async () => {
  const { code, said, outputs } = await push(["oci:/nowhere/at/all:latest", "hello", "v1"]);
  assert.equal(code, 1, said);
  assert.match(said, /^push-image: oci:\/nowhere\/at\/all:latest could not be read\.$/m);
  assert.equal(outputs, "");
});

test("a tag that another job creates meanwhile is skipped", { skip }, async () => {
  const other = writeImage(join(folder, "faster"), 512);
  servers.faults.beforeManifest = async () => {
    const { code, said } = await push([other, "raced", "v1"]);
    assert.equal(code, 0, said);
  };
  const { code, said, outputs } = await push([image, "raced", "v1"]);
  assert.equal(code, 10, said);
  assert.match(said, /was pushed by another job meanwhile, and tags are never overwritten: skipped$/m);
  assert.match(outputs, /^result=skipped$/m);
});

test(
  "a push that outlasts its token goes on with a new one, and what has arrived is not sent again",
  { skip },
  async () => {
    servers.faults.requestsOfAToken = 9;
    const { code, said } = await push([fresh(), "long", "v1"]);
    assert.equal(code, 0, said);
    assert.ok(
      servers.log.some((line) => line.endsWith("Bearer -> 401")),
      servers.log.join("\n"),
    );
    const stored = servers.log.flatMap((line) => /^PUT .*digest=(\S+) .* -> 201$/.exec(line)?.[1] ?? []);
    assert.equal(stored.length, new Set(stored).size, servers.log.join("\n"));
  },
);

test("a token that expires before anything arrives ends in an error, not in an endless loop", { skip }, async () => {
  servers.faults.requestsOfAToken = 3;
  const { code, said } = await push([image, "endless", "v1"]);
  assert.equal(code, 1, said);
  assert.match(said, /refuses \S+\/homelab\/endless:v1$/m);
  assert.equal(await status("endless", "v1"), 404);
});

const shortKey = (): NodeJS.ProcessEnv => ({ ZOT_CI_JOB_TOKEN_INFO: tokenInfo({ shortKey: true }) });

test("with shortkey=true, skopeo pushes with a key of ten minutes that is deleted at the end", { skip }, async () => {
  const sampler = new ProcessSampler(MARK);
  const { code, said } = await sampler.during(push([image, "short", "v1"], { ...shortKey(), PATH: path(LAB) }));
  assert.equal(code, 0, said);
  assert.equal(await status("short", "v1"), 200);
  const [made, ...more] = servers.created;
  assert.ok(made !== undefined && more.length === 0);
  assert.match(made.label, /^push-image 77 \w{6}$/);
  const minutes = (Date.parse(made.expires) - Date.now()) / 60_000;
  assert.ok(minutes > 9 && minutes <= 10, made.expires);
  assert.equal(servers.keys.size, 0);
  const basicKey = Buffer.from(`${JOB}:${made.key}`).toString("base64");
  for (const secret of [...servers.secrets, basicKey])
    assert.deepEqual(
      [...sampler.argumentLists].filter((line) => line.includes(secret)),
      [],
    );
});

test("a job that is stopped deletes its key, and ends with the signal's code", { skip }, async () => {
  const large = writeImage(join(folder, "large"), 300_000_000);
  const uploads = (): boolean => servers.log.some((line) => line.includes("/homelab/stopped/blobs/uploads/"));
  const { code, said } = await push([large, "stopped", "v1"], shortKey(), uploads);
  assert.equal(code, 143, said);
  assert.equal(servers.created.length, 1);
  assert.equal(servers.keys.size, 0);
});

test("a push that outlasts its key goes on with a new one, and deletes both", { skip }, async () => {
  servers.faults.requestsOfAKey = 9;
  const { code, said } = await push([fresh(), "outlasting", "v1"], shortKey());
  assert.equal(code, 0, said);
  assert.equal(servers.created.length, 2, servers.log.join("\n"));
  assert.equal(servers.keys.size, 0);
});

test("a key whose answer is lost is deleted, too", { skip }, async () => {
  servers.faults.losesTheKey = true;
  const { code, said } = await push([image, "lost", "v1"], shortKey());
  assert.equal(code, 1, said);
  assert.match(said, /created no key for this job \(HTTP 000\)/);
  assert.ok(servers.created.length > 0);
  assert.equal(servers.keys.size, 0);
});

test("a key that cannot be deleted is a warning, which says until when it works", { skip }, async () => {
  servers.faults.deletion = 500;
  const { code, said } = await push([image, "kept-key", "v1"], shortKey());
  assert.equal(code, 0, said);
  const [{ expires } = { expires: "" }] = servers.keys.values();
  assert.ok(said.includes(`WARNING: the key of this job could not be deleted. It expires on ${expires}.\n`), said);
});

test("a key that has expired when it is created is no success, and the error names the clock", { skip }, async () => {
  servers.faults.requestsOfAKey = 0;
  const { code, said } = await push([image, "clock", "v1"], shortKey());
  assert.equal(code, 1, said);
  assert.match(said, /does not accept the key that it created for this job.*clock/);
  assert.equal(servers.keys.size, 0);
  const instead = await push([image, "clock", "v1"], { ...shortKey(), ...key() });
  assert.equal(instead.code, 0, instead.said);
  assert.match(instead.said, /the key is used instead/);
  assert.equal(servers.created.length, 2);
  assert.equal(servers.keys.size, 0);
});

const key = (): NodeJS.ProcessEnv => ({
  ZOT_CI_API_KEY: ci.key,
  ZOT_CI_INFO: infoOf(ci, { login: { user: "zot-ci", registry: servers.registryUrl, prefix: "homelab" } }),
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
    () => ({ ZOT_CI_JOB_TOKEN_INFO: tokenInfo({ audience: undefined }) }),
  ],
  ["a runner without crane", 2, /crane is not on the PATH of this job/, () => ({ PATH: path(LAB) })],
] as const) {
  test(`${what}: an error that says what to look at, or with a key a push with that`, { skip }, async () => {
    const name = `without-${(counter += 1)}`;
    Object.assign(servers.faults, fault ?? {});
    const failed = await push([image, name, "v1"], variables());
    assert.equal(failed.code, code, failed.said);
    assert.match(failed.said, message);
    assert.equal(failed.outputs, "");
    assert.equal(await status(name, "v1"), 404);
    const pushed = await push([image, name, "v1"], { ...variables(), ...key() });
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
    const { code, said } = await push([source, "hello", "v1"], { PATH: join(folder, "few") });
    assert.equal(code, 2, said);
    assert.ok(said.includes(`For ${source}, skopeo must be on the PATH of this job, too.`), said);
  });

test("with a token and a key, the token pushes and the key is not used", { skip }, async () => {
  const { code, said } = await push([image, "both", "v1"], key());
  assert.equal(code, 0, said);
  assert.deepEqual(
    servers.log.filter((line) => line.includes(" Basic ")),
    [],
  );
});

for (const [way, variables] of [
  ["a token", () => ({})],
  ["a job's key", shortKey],
] as const)
  test(`zot's reason to refuse ${way} is shown`, { skip }, async () => {
    servers.faults.reason = 'zot-auth lets other "repositories" push here: see ci.accounts.site.repositories';
    const { code, said, outputs } = await push([image, "refused", "v1"], variables());
    assert.equal(code, 1, said);
    assert.match(said, /^push-image: \S+ refuses \S+\/homelab\/refused:v1$/m);
    assert.ok(said.includes(`push-image: ${servers.faults.reason}\n`), said);
    assert.equal(outputs, "");
  });

test(
  "an image outside the account's namespaces is refused without a reason of zot's, and the error says where it may push",
  { skip },
  async () => {
    const { code, said } = await push([image, "hello", "v1"], {
      ZOT_CI_JOB_TOKEN_INFO: tokenInfo({ prefix: "private" }),
    });
    assert.equal(code, 1, said);
    assert.match(
      said,
      /refuses \S+\/private\/hello:v1\n.*jobs of zot-site may create new tags below private\/ and nothing else/,
    );
  },
);

test("an image that the job cannot read is no refusal", { skip }, async () => {
  const { code, said } = await push(["oci:/nowhere/at/all", "hello", "v1"]);
  assert.equal(code, 1, said);
  assert.match(said, /was not pushed\. A job that runs again/);
});

test("every message that docs/ci.md explains is one of the script, of Dagger or of zot's conditions", () => {
  const read = (path: string): string => readFileSync(resolve(import.meta.dirname, "../../..", path), "utf8");
  const [, table = ""] = read("docs/ci.md").split("## When a push fails");
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
