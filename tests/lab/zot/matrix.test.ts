// Replays every request of the recorded access matrix against the stand-in, in its order, and compares the whole answers.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test, { after, before } from "node:test";
import { digestOf, image, pushBlob, pushImage } from "./images.ts";
import { basic, startRegistry } from "./registry.ts";
import type { TestRegistry } from "./registry.ts";

interface Row {
  readonly subject: string;
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly status: number;
  readonly contentType?: string;
  readonly wwwAuthenticate?: string;
  readonly location?: string;
  readonly responseBody?: string;
  readonly bodyContains?: string;
  readonly "Docker-Content-Digest"?: string;
  readonly "Docker-Distribution-Api-Version"?: string;
}

const matrix = new URL("../../data/zot-access-matrix.json", import.meta.url);
const rows = JSON.parse(readFileSync(matrix, "utf8")) as readonly Row[];
const bySubject = Map.groupBy(rows, ({ subject }) => subject);

let registry: TestRegistry;
let credentials: Map<string, Readonly<Record<string, string>>>;

before(async () => {
  registry = await startRegistry();
  const settings = { label: "matrix" };
  const session = async (person: string): Promise<string> => (await registry.signIn(person)).cookies(registry.url);
  const ui = { "X-ZOT-API-CLIENT": "zot-ui" };
  credentials = new Map<string, Readonly<Record<string, string>>>([
    ["anonymous", {}],
    ["bad-credentials", { Authorization: basic("zot-ci", "zak_00000000000000000000000000000000") }],
    ["unknown-user", { Authorization: basic("stranger", "password") }],
    ["nobody-apikey", { Authorization: await registry.mint("nobody", settings) }],
    ["zot-ci-apikey", { Authorization: await registry.mint("zot-ci", settings) }],
    ["admin-apikey", { Authorization: await registry.mint("admin", settings) }],
    ["zot-ci-session", { Cookie: await session("zot-ci"), ...ui }],
    ["nobody-session", { Cookie: await session("nobody"), ...ui }],
    ["admin-session", { Cookie: await session("admin"), ...ui }],
    ["zot-ci-session-without-ui-header", { Cookie: await session("zot-ci") }],
  ]);
});

after(() => registry.close());

test("the recording is complete", () => {
  assert.equal(rows.length, 506);
  assert.deepEqual([...bySubject.keys()].sort(), [...credentials.keys()].sort());
});

for (const [subject, operations] of bySubject) {
  test(subject, async (t) => {
    await seed(subject, operations);
    const uploads = new Map<string, string>();
    for (const row of operations) await t.test(row.operation, () => replay(row, uploads));
  });
}

/** What the recording presupposes of each subject: a repository with three tags, a spare blob, and blobs to refer to. */
async function seed(subject: string, operations: readonly Row[]): Promise<void> {
  const admin = credentials.get("admin-apikey");
  const repository = `m/${subject}`;
  for (const [tag, name] of [
    ["v1", "v1"],
    ["latest", "latest"],
    ["todelete", "del"],
  ] as const) {
    assert.equal(await pushImage(registry.url, repository, tag, image(`${subject}-${name}`), admin), 201);
  }
  await pushBlob(registry.url, repository, `spare ${subject}`, admin);
  if (operations.find(({ operation }) => operation === "push-blob-start")?.status === 202) return;
  await pushBlob(registry.url, repository, `new layer ${subject}`, admin);
}

async function replay(row: Row, uploads: Map<string, string>): Promise<void> {
  const answer = await fetch(registry.url + renamed(row.path, uploads), {
    method: row.method,
    headers: { ...row.headers, ...credentials.get(row.subject) },
    redirect: "manual",
    ...(row.body === undefined ? {} : { body: row.body }),
  });
  const body = await answer.text();
  const upload = /uploads\/([0-9a-f-]{36})/;
  const started = upload.exec(row.location ?? "")?.[1];
  const actual = upload.exec(answer.headers.get("location") ?? "")?.[1];
  if (started !== undefined && actual !== undefined) uploads.set(started, actual);
  const seen = {
    status: answer.status,
    contentType: answer.headers.get("content-type"),
    wwwAuthenticate: answer.headers.get("www-authenticate"),
    location: answer.headers.get("location"),
    digest: answer.headers.get("docker-content-digest"),
    apiVersion: answer.headers.get("docker-distribution-api-version"),
  };
  assert.deepEqual(seen, {
    status: row.status,
    contentType: row.contentType ?? null,
    wwwAuthenticate: row.wwwAuthenticate ?? null,
    location: row.location === undefined ? null : renamed(row.location, uploads),
    digest: row["Docker-Content-Digest"] ?? null,
    apiVersion: row["Docker-Distribution-Api-Version"] ?? null,
  });
  // The metrics' text is not in the recording.
  if (row.operation === "metrics" && row.status === 200) assert.match(body, /^# HELP /);
  else assert.equal(comparable(body), comparable(row.responseBody ?? ""));
  assert.ok(body.includes(row.bodyContains ?? ""));
}

/** Ids of uploads differ from those of the recording. */
function renamed(path: string, uploads: ReadonlyMap<string, string>): string {
  return path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, (id) => uploads.get(id) ?? id);
}

/** A body without what every run makes anew: times, keys and ids. Keys are listed in no order. */
function comparable(body: string): string {
  const masked = body
    .replace(/"20\d\d-\d\d-\d\dT[\d:.]+Z"/g, '"<time>"')
    .replace(/zak_[0-9a-f]{32}/g, "zak_<key>")
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, "<uuid>");
  if (!masked.startsWith('{"apiKeys":')) return masked;
  const { apiKeys } = JSON.parse(masked) as { apiKeys: readonly unknown[] };
  return apiKeys
    .map((key) => JSON.stringify(key))
    .sort()
    .join("\n");
}

test("the images are those of the recording", () => {
  const [head] = rows.filter(({ operation, subject }) => operation === "pull-manifest-head" && subject === "anonymous");
  assert.equal(digestOf(image("anonymous-v1").manifest), head?.["Docker-Content-Digest"]);
});
