// Replays the recorded access matrix against a zot: sends every request in order and compares the complete responses.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { image, pushBlob, pushImage } from "../support/images.ts";
import { basic, startRegistry } from "../support/registry.ts";
import type { TestRegistry } from "../support/registry.ts";
import type { Row } from "../support/releaseDifferences.ts";
import { metricsAccess, rowOf, withoutBuild } from "../support/releaseDifferences.ts";
import type { ZotProgram } from "../support/zotPrograms.ts";

const file = new URL("../../../data/zot/access-matrix.json", import.meta.url);
export const rows = JSON.parse(readFileSync(file, "utf8")) as readonly Row[];
export const bySubject = Map.groupBy(rows, ({ subject }) => subject);

type Headers = Readonly<Record<string, string>>;

export class MatrixReplay {
  readonly #program: ZotProgram;
  readonly #registry: TestRegistry;
  /** By the matrix's subject. */
  readonly credentials: ReadonlyMap<string, Headers>;

  private constructor(program: ZotProgram, registry: TestRegistry, credentials: ReadonlyMap<string, Headers>) {
    this.#program = program;
    this.#registry = registry;
    this.credentials = credentials;
  }

  static async start(program: ZotProgram): Promise<MatrixReplay> {
    const registry = await startRegistry((config) => {
      if (config.http.accessControl !== undefined) config.http.accessControl.metrics = metricsAccess(program.release);
    }, program);
    return new MatrixReplay(program, registry, await signInAll(registry));
  }

  close(): Promise<void> {
    return this.#registry.close();
  }

  /** Creates what the recording assumes for each subject: a repository with three tags, a spare blob, and blobs to refer to. */
  async seed(subject: string): Promise<void> {
    const { url } = this.#registry;
    const admin = this.credentials.get("admin-apikey");
    const repository = `m/${subject}`;
    for (const [tag, name] of [
      ["v1", "v1"],
      ["latest", "latest"],
      ["todelete", "del"],
    ] as const) {
      assert.equal(await pushImage(url, repository, tag, image(`${subject}-${name}`), admin), 201);
    }
    await pushBlob(url, repository, `spare ${subject}`, admin);
    const operations = bySubject.get(subject) ?? [];
    if (operations.find(({ operation }) => operation === "push-blob-start")?.status === 202) return;
    await pushBlob(url, repository, `new layer ${subject}`, admin);
  }

  /** Sends one row's request and compares the response. `uploads` maps recorded upload ids to those of this run. */
  async replay(recorded: Row, uploads: Map<string, string>): Promise<void> {
    const row = rowOf(this.#program.release, recorded);
    const answer = await fetch(this.#registry.url + renamed(row.path, uploads), {
      method: row.method,
      headers: { ...row.headers, ...this.credentials.get(row.subject) },
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
    // The recording does not contain the metrics.
    if (row.operation === "metrics" && row.status === 200) assert.match(body, /^# HELP /);
    else assert.equal(this.#comparable(body), this.#comparable(row.responseBody ?? ""));
    assert.ok(body.includes(row.bodyContains ?? ""));
    if (row.operation === "mgmt" && row.status === 200) this.#assertRelease(body);
  }

  /** A body without values that change with every run. For the recorded release, the build must match too. */
  #comparable(body: string): string {
    const { real, release } = this.#program;
    return comparable(real || release !== "v2.1.20" ? withoutBuild(body) : body);
  }

  #assertRelease(body: string): void {
    const { releaseTag, commit } = JSON.parse(body) as { readonly releaseTag: string; readonly commit: string };
    assert.equal(releaseTag, this.#program.release);
    assert.ok(commit.startsWith(this.#program.release), commit);
  }
}

async function signInAll(registry: TestRegistry): Promise<ReadonlyMap<string, Headers>> {
  const settings = { label: "matrix" };
  const session = async (person: string): Promise<string> => (await registry.signIn(person)).cookies(registry.url);
  const ui = { "X-ZOT-API-CLIENT": "zot-ui" };
  return new Map<string, Headers>([
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
}

/** Replaces recorded upload ids. */
function renamed(path: string, uploads: ReadonlyMap<string, string>): string {
  return path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, (id) => uploads.get(id) ?? id);
}

/** A body without times, keys, ids and the client's name. Sorts listed keys, whose order is random. */
export function comparable(body: string): string {
  const masked = body
    .replace(/"creatorUa":"[^"]*"/g, '"creatorUa":"<client>"')
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
