// Differences between releases, each on a separate registry.
import assert from "node:assert/strict";
import test from "node:test";
import type { TestContext } from "node:test";
import { zotVersion } from "../../../lab/zot/version.ts";
import { digestOf, image, pushImage, putManifest } from "./support/images.ts";
import type { TestRegistry } from "./support/registry.ts";
import { startRegistry } from "./support/registry.ts";
import { standIn } from "./support/zotPrograms.ts";

interface Seen {
  readonly dockerPing: number;
  readonly anonymousMetrics: number;
  readonly overwriteLatest: number;
  readonly overwriteTag: number;
  readonly tagByQuery: number;
  readonly newTagByQuery: number;
  /** Whether the query moved the tag. */
  readonly moved: boolean;
  readonly added: boolean;
  readonly release: string;
}

async function start(t: TestContext, version: string): Promise<TestRegistry> {
  const registry = await startRegistry((config) => {
    // Every release accepts this form.
    if (config.http.accessControl !== undefined) config.http.accessControl.metrics = { users: [""] };
  }, standIn(version));
  t.after(() => registry.close());
  return registry;
}

async function look(registry: TestRegistry): Promise<Seen> {
  const { url } = registry;
  const admin = { Authorization: await registry.mint("admin") };
  const ci = { Authorization: await registry.mint("zot-ci") };
  const [old, next] = [image("old"), image("next")];
  for (const tag of ["v1", "latest"]) assert.equal(await pushImage(url, "app", tag, old, admin), 201);
  assert.equal(await pushImage(url, "app", "next", next, ci), 201);
  const digest = digestOf(next.manifest);
  const digestOfTag = async (tag: string): Promise<string | null> =>
    (await fetch(`${url}/v2/app/manifests/${tag}`)).headers.get("docker-content-digest");
  const management = (await (await fetch(`${url}/v2/_zot/ext/mgmt`)).json()) as { releaseTag: string };
  const put = (reference: string): Promise<number> => putManifest(url, "app", reference, next.manifest, ci);
  return {
    dockerPing: (await fetch(`${url}/v2/`, { headers: { "User-Agent": "docker/24.0.0" } })).status,
    anonymousMetrics: (await fetch(`${url}/metrics`)).status,
    overwriteTag: await put("v1"),
    overwriteLatest: await put("latest"),
    tagByQuery: await put(`${digest}?tag=v1`),
    newTagByQuery: await put(`${digest}?tag=added`),
    moved: (await digestOfTag("v1")) === digest,
    added: (await digestOfTag("added")) === digest,
    release: management.releaseTag,
  };
}

const newest: Omit<Seen, "release"> = {
  dockerPing: 401,
  anonymousMetrics: 401,
  overwriteTag: 403,
  overwriteLatest: 403,
  tagByQuery: 403,
  newTagByQuery: 201,
  moved: false,
  added: true,
};

const expectations: Readonly<Record<string, Omit<Seen, "release">>> = {
  "v2.1.23": newest,
  "v2.1.20": newest,
  "v2.1.18": { ...newest, tagByQuery: 201, moved: true },
  "v2.1.17": { ...newest, tagByQuery: 201, moved: true, anonymousMetrics: 200 },
  "v2.1.13": { ...newest, dockerPing: 200, anonymousMetrics: 200, overwriteLatest: 201, tagByQuery: 201, added: false },
};

for (const [release, expected] of Object.entries(expectations)) {
  test(release, async (t) => {
    assert.deepEqual(await look(await start(t, release)), { ...expected, release });
  });
}

test("a release may omit the v, but must be a version", () => {
  assert.equal(zotVersion("2.1.9").release, "v2.1.9");
  assert.ok(zotVersion("v2.1.20").atLeast("2.1.9"), "numbers are compared as numbers");
  assert.ok(!zotVersion("v2.1.9").atLeast("2.1.10"));
  assert.throws(() => zotVersion("latest"), /Invalid zot version "latest"/);
});
