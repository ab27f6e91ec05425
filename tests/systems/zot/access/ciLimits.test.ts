import assert from "node:assert/strict";
import test from "node:test";
import { Secret } from "../../../../core/secrets/secret.ts";
import { SettingsError, parseSettings } from "../../../../settings/parse.ts";
import { measure } from "../../../../systems/zot/access/proof/proofs.ts";
import { PROBE_TAG } from "../../../../systems/zot/access/proof/proofs.ts";
import { samplesBelow } from "../../../../systems/zot/access/globs/samples.ts";
import { probeImage } from "../../../../systems/zot/access/proof/probeImage.ts";
import { Registry } from "../../../../systems/zot/access/proof/registry.ts";
import { startRegistry } from "../../../lab/zot/support/registry.ts";
import type { TestConfig, TestRegistry } from "../../../lab/zot/support/registry.ts";
import { REAL_CASE } from "../../../support/settings.ts";

// CI may neither overwrite nor delete below ci.imagePrefix, whatever zot.extra says.

interface Access extends Readonly<Record<string, unknown>> {
  readonly repositories?: unknown;
  readonly adminPolicy?: unknown;
}

function problems(accessControl: Access, access: object = {}): readonly string[] {
  try {
    parseSettings({ ...REAL_CASE, access, zot: { extra: { http: { accessControl } } } });
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

const CI = { groups: ["artifact-workloads"] };
const push = { ...CI, actions: ["read", "create"] };
const rule = (glob: string, ...policies: object[]) => ({ repositories: { [glob]: { policies: [push, ...policies] } } });

for (const [name, access, path] of [
  ["everywhere", { signedInActions: ["create", "update"] }, "access.signedInActions"],
  [
    "where CI pushes",
    { namespaces: { "blumeops/**": { signedInActions: ["delete"] } } },
    "access.namespaces.blumeops/**.signedInActions",
  ],
  [
    "where the tests push",
    { namespaces: { "zot-auth/*": { signedInActions: ["delete"] } } },
    "access.namespaces.zot-auth/*.signedInActions",
  ],
] as const) {
  test(`an error before anything changes: every signed-in user may overwrite or delete ${name}`, () => {
    const [only = "", ...more] = problems({}, access);
    assert.deepEqual(more, []);
    assert.ok(only.startsWith(`${path}: gives every signed-in user, including CI, permission to `), only);
  });
}

for (const [name, access, expected] of [
  [
    "the group may overwrite",
    rule("blumeops/**", { ...CI, actions: ["update"] }),
    /^zot\.extra\.http\.accessControl\.repositories\.blumeops\/\*\*: gives CI \(artifact-workloads\) permission to update images such as blumeops\/\S+, which are below ci\.imagePrefix/,
  ],
  [
    "the group may delete",
    rule("blumeops/cache/*", { ...CI, actions: ["delete"] }),
    /permission to delete images such as blumeops\/cache\/sample/,
  ],
  [
    "the account may",
    rule("blumeops/**", { users: ["zot-ci"], actions: ["update", "delete"] }),
    /to update and delete images/,
  ],
  [
    "with a key in lower case",
    { repositories: { "blumeops/**": { policies: [push], defaultpolicy: ["delete"] } } },
    /every signed-in user/,
  ],
  [
    "a glob that begins with wildcards",
    rule("**/cache/**", { ...CI, actions: ["delete"] }),
    /blumeops\/(?:\w+\/)?cache/,
  ],
  ["a glob with braces", rule("{games,blumeops}/**", { ...CI, actions: ["delete"] }), /images such as blumeops\//],
  ["a glob with a class", rule("b[kl]umeops/*", { ...CI, actions: ["delete"] }), /images such as blumeops\//],
  [
    "every signed-in user may",
    { repositories: { "blumeops/**": { policies: [push], defaultPolicy: ["read", "delete"] } } },
    /gives every signed-in user, including CI, permission to delete/,
  ],
  [
    "anyone may",
    { repositories: { "blumeops/**": { policies: [push], anonymousPolicy: ["update"] } } },
    /gives anyone permission to update/,
  ],
  [
    "the admin policy names the group",
    { adminPolicy: { ...CI, actions: ["read", "create", "update", "delete"] } },
    /^zot\.extra\.http\.accessControl\.adminPolicy: gives CI \(artifact-workloads\) permission to update and delete every repository/,
  ],
] as const) {
  test(`an error before anything changes: ${name}`, () => {
    const found = problems(access);
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found.join(), expected);
  });
}

test("no error where CI pushes nothing, for other groups, or where a longer glob decides", () => {
  assert.deepEqual(problems(rule("scratch/**", { ...CI, actions: ["update", "delete"] })), []);
  assert.deepEqual(problems(rule("blumeops/**", { groups: ["curators"], actions: ["update", "delete"] })), []);
  assert.deepEqual(problems({ adminPolicy: { groups: ["curators"], actions: ["delete"] } }), []);
  const namespaces = { "blumeops/**": { ci: "push" }, "zot-auth/**": { ci: "push" } };
  assert.deepEqual(problems(rule("*/*", { ...CI, actions: ["delete"] }), { namespaces }), []);
});

test("samples below a prefix match every glob that can apply there", () => {
  const globs = ["**", "own/**", "own/a/b", "*/c", "**/d/*", "o?n/[xy]z/**", "other/**", "own", "{own,not}/e"];
  const rules = globs.map((glob) => ({ glob, policies: [], anonymousPolicy: [], defaultPolicy: [] }));
  const samples = samplesBelow(rules, "own");
  for (const name of ["own/a/b", "own/c", "own/d/sample", "own/sample/d/sample", "own/xz/sample", "own/e"])
    assert.ok(samples.includes(name), `${name} in ${samples.join()}`);
  assert.ok(samples.every((name) => name.startsWith("own/")));
});

/** What the proof measures as zot-ci below `own`, and the repositories with tags before and after. */
async function measured(change: (config: TestConfig) => void): Promise<{ status: number; left: unknown }> {
  const registry = await startRegistry(change);
  try {
    const [username, key] = await keyOf(registry, "zot-ci");
    const [admin, adminKey] = await keyOf(registry, "admin");
    const signal = AbortSignal.timeout(20_000);
    const images = new Registry(registry.url, { kind: "key", username: admin, key: adminKey }, signal);
    const image = probeImage("somebody's image");
    await images.uploadBlobs("own/app", image);
    assert.equal((await images.putManifest("own/app", image, "v1")).status, 201);
    const before = await contents(images);
    const row = { subject: "ci", operation: "overwrite or delete an image", target: "own", expected: 403 } as const;
    const context = { registryUrl: registry.url, repository: "zot-auth/acceptance", username, key, signal };
    const [result] = await measure([row], context);
    const after = await contents(images);
    assert.deepEqual(after["own/app"], before["own/app"], "the image is as it was");
    return { status: result?.measured ?? 0, left: Object.keys(after) };
  } finally {
    await registry.close();
  }
}

async function keyOf(registry: TestRegistry, person: string): Promise<readonly [string, Secret]> {
  const header = await registry.mint(person);
  const [, key = ""] = Buffer.from(header.slice("Basic ".length), "base64").toString().split(":");
  return [person, new Secret(key)];
}

async function contents(images: Registry): Promise<Record<string, string>> {
  const { repositories } = (await images.get("/v2/_catalog")).json as { repositories: string[] };
  const manifests = repositories.map(async (name) => {
    const tag = name === "own/app" ? "v1" : PROBE_TAG;
    return [name, (await images.get(`/v2/${name}/manifests/${tag}`)).text] as const;
  });
  return Object.fromEntries(await Promise.all(manifests));
}

const LEFT = ["own/app", "zot-auth/acceptance"];

function withRule(actions: readonly string[]): (config: TestConfig) => void {
  return ({ http }) => {
    const repositories = http.accessControl?.repositories as Record<string, unknown>;
    const all = repositories["**"] as object;
    repositories["own/**"] = {
      ...all,
      policies: [
        { ...CI, actions: ["read", "create", ...actions] },
        { groups: ["admins"], actions: ["read", "create", "update", "delete"] },
      ],
    };
  };
}

test("the proof is denied below the image prefix, and leaves nothing there", async () => {
  assert.deepEqual(await measured(() => undefined), { status: 403, left: LEFT });
});

for (const action of ["update", "delete"]) {
  test(`the proof detects that CI may ${action} below the image prefix, and changes nothing`, async () => {
    const { status, left } = await measured(withRule([action]));
    assert.equal(status, 400);
    assert.deepEqual(left, LEFT);
  });
}
