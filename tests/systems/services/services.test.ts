import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before, beforeEach } from "node:test";
import type { ProofRow } from "../../../core/proofRow.ts";
import type { Context } from "../../../provider/resource.ts";
import type { ServicesArgs } from "../../../systems/services/args.ts";
import { services } from "../../../systems/services/services.ts";
import { versionsOf } from "../../../systems/services/versions.ts";

// One server answers for all of them, since the paths differ; each test breaks one answer.

type Answer = readonly [status: number, body?: unknown];

const HEALTHY: Readonly<Record<string, Answer>> = {
  "/v2/": [401],
  "/-/health/ready/": [200],
  "/api/v3/managed/blueprints/available/": [200, [{ path: "custom/zot.yaml", hash: "0" }]],
  "/healthz": [200, "ok"],
  "/api/v1/applications/authentik": [200, { status: { sync: { status: "Synced" }, health: { status: "Healthy" } } }],
  "/api/healthz": [200, { status: "pass" }],
  "/api/v1/repos/own/ci/actions/runners": [
    200,
    [
      { name: "one", status: "offline" },
      { name: "two", status: "idle", version: "v12.1.2" },
    ],
  ],
  "/api/v3/admin/version/": [200, { version_current: "2026.8.3" }],
  "/api/v1/version": [200, { version: "15.0.1" }],
  "/api/version": [200, { Version: "v3.4.0" }],
  "/version": [200, { major: "1", gitVersion: "v1.34.1+k3s1" }],
  "/health": [200, { version: "1.8.1", dependencies: [{ service: "sync", status: "TOKEN_NEEDED" }] }],
};

let answers: Record<string, Answer>;
const server = createServer((request, response) => {
  const [status, body] = answers[new URL(request.url ?? "", "http://x").pathname] ?? [404];
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
});
let url: string;
before(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env["T_SERVICES"] = "a-token";
});
beforeEach(() => {
  answers = { ...HEALTHY };
});
after(() => server.close());

const ACCOUNT = { username: "zot-ci", key: "env:T_SERVICES" as const };

const said: string[] = [];
const context: Context = {
  urn: "",
  type: "",
  name: "",
  preview: false,
  signal: new AbortController().signal,
  secretInputs: new Set(),
  declared: () => [],
  progress: () => undefined,
  info: () => undefined,
  warn: (text) => said.push(text),
};

const inputs = (others: object = {}) => ({
  registryUrl: url,
  authentik: { authentikUrl: url, authentikToken: "env:T_SERVICES" as const },
  argocd: { argocdUrl: url, argocdToken: "env:T_SERVICES" as const, application: "authentik", project: "default" },
  forgejo: { forgejoUrl: url, forgejoToken: "env:T_SERVICES" as const },
  targets: ["own/ci"],
  connectUrl: url,
  registry: { puller: ACCOUNT, pullThrough: [], repository: "zot-auth/acceptance" },
  proves: {},
  ...others,
});

async function rows(others: object = {}): Promise<readonly ProofRow[]> {
  said.length = 0;
  return (await services.create(inputs(others), context)).state.rows;
}

/** The one row that did not pass. */
function only(found: readonly ProofRow[]): ProofRow {
  const [row, ...others] = found.filter(({ outcome }) => outcome !== "passed");
  assert.ok(row !== undefined && others.length === 0, JSON.stringify(found));
  return row;
}

test("every service is a row, in every state without a secret", async () => {
  const found = await rows();
  assert.deepEqual(
    found.map(({ name, outcome }) => [name, outcome]),
    [
      "zot",
      "Authentik's server",
      "Forgejo",
      "Argo CD",
      "1Password Connect",
      "Authentik's worker",
      "Argo CD's application authentik",
      "Forgejo's runners for own/ci",
    ].map((name) => [name, "passed"]),
  );
  const { state } = await services.create(inputs(), context);
  assert.equal(state.result, "8 passed");
  assert.ok(!JSON.stringify(state).includes("a-token"));
});

test("without Argo CD and Connect there are no rows for them", async () => {
  const found = await rows({ argocd: undefined, connectUrl: undefined });
  assert.equal(found.length, 5);
});

const WARNED: readonly (readonly [string, string, Answer, Partial<ProofRow>])[] = [
  [
    "an application that is not synced",
    "/api/v1/applications/authentik",
    [200, { status: { sync: { status: "OutOfSync" }, health: { status: "Missing" } } }],
    { measured: "OutOfSync, Missing", outcome: "failed" },
  ],
  [
    "runners that are all offline",
    "/api/v1/repos/own/ci/actions/runners",
    [200, [{ name: "one", status: "offline" }]],
    { measured: "offline: one", outcome: "failed" },
  ],
  [
    "a part of Connect",
    "/health",
    [200, { dependencies: [{ service: "sqlite", status: "INACTIVE" }] }],
    { measured: "sqlite is INACTIVE", outcome: "failed" },
  ],
];

for (const [what, path, answer, expected] of WARNED) {
  test(`${what}: up warns, a refresh reports it as drift, and repeats it`, async () => {
    answers[path] = answer;
    const row = only(await rows());
    assert.deepEqual({ ...row, ...expected }, row);
    assert.ok(row.lookAt.endsWith("."), row.lookAt);
    assert.equal(said.length, 1, said.join("\n"));
    const { state } = await services.create(inputs(), context);
    assert.equal(state.drift, "");
    const seen = await services.read?.(state, context);
    assert.equal(seen?.drift, `${row.name}: expected ${row.expected}, got ${row.measured}. ${row.lookAt}`);
    answers = { ...HEALTHY };
    assert.equal((await services.read?.(state, context))?.drift, "");
  });
}

const SKIPPED: readonly (readonly [string, string, Answer, RegExp])[] = [
  ["a release of Forgejo that lists no runners", "/api/v1/repos/own/ci/actions/runners", [404], /acceptance\.workflow/],
  ["a release that lists only own runners", "/api/v1/repos/own/ci/actions/runners", [200, []], /acceptance\.workflow/],
  [
    "a token that may not read runners",
    "/api/v1/repos/own/ci/actions/runners",
    [403, { message: "token does not have at least one of required scope(s): [read:repository]" }],
    /scope write:repository/,
  ],
  [
    "a token that may not see the application",
    "/api/v1/applications/authentik",
    [403, { code: 7 }],
    /applications, get/,
  ],
  ["a proxy that hides Forgejo's health", "/api/healthz", [403], /pass \/api\/healthz on/],
  ["a proxy that signs people in before Authentik", "/-/health/ready/", [302], /pass \/-\/health\/ready\/ on/],
];

for (const [what, path, answer, lookAt] of SKIPPED) {
  test(`${what}: the row is skipped with what is missing, and neither warns nor is drift`, async () => {
    answers[path] = answer;
    const row = only(await rows());
    assert.equal(row.outcome, "skipped");
    assert.match(row.lookAt, lookAt);
    assert.deepEqual(said, []);
    const { state } = await services.create(inputs(), context);
    assert.equal((await services.read?.(state, context))?.drift, "");
  });
}

test("a server that is down is one row, not one for each thing in it", async () => {
  const closed = "http://127.0.0.1:9";
  for (const [others, name] of [
    [{ authentik: { authentikUrl: closed, authentikToken: "env:T_SERVICES" } }, "Authentik's server"],
    [{ argocd: { ...inputs().argocd, argocdUrl: closed } }, "Argo CD"],
    [{ connectUrl: closed }, "1Password Connect"],
  ] as const) {
    const row = only(await rows(others));
    assert.equal(row.name, name);
    assert.match(row.measured, /^no answer \(/);
    assert.match(row.lookAt, /setting|leads to it/);
  }
});

test("without zot or Forgejo nobody pushes: up fails with one error, and a refresh does not", async () => {
  const { state } = await services.create(inputs(), context);
  for (const others of [
    { registryUrl: "http://127.0.0.1:9" },
    { forgejo: { forgejoUrl: "http://127.0.0.1:9", forgejoToken: "env:T_SERVICES" as const } },
  ]) {
    await assert.rejects(async () => rows(others), {
      code: "SERVICE_DOWN",
      message: /^CI cannot push: (zot|Forgejo): expected .*, got no answer \(.*\)\. .* Nothing was rolled back\./,
    });
    assert.match((await services.read?.({ ...state, ...others }, context))?.drift ?? "", /^(zot|Forgejo): expected/);
  }
});

test("a secret that cannot be read skips the row", async () => {
  const row = only(await rows({ authentik: { authentikUrl: url, authentikToken: "env:T_SERVICES_MISSING" } }));
  assert.equal(row.outcome, "skipped");
  assert.match(row.lookAt, /T_SERVICES_MISSING .* is not set/);
});

test("the servers' releases are recorded; one that does not tell is left out, and nothing fails", async () => {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-services-"));
  const kubeconfig = join(folder, "kubeconfig");
  const cluster = { name: "c", cluster: { server: url } };
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      clusters: [cluster],
      contexts: [{ name: "c", context: { cluster: "c" } }],
      "current-context": "c",
    }),
  );
  const versions = async (others: object = {}): Promise<unknown> =>
    (await services.create(inputs({ kubernetes: { kubeconfig }, ...others }), context)).state.versions;
  const all = {
    Authentik: "2026.8.3",
    Forgejo: "15.0.1",
    "Argo CD": "v3.4.0",
    "1Password Connect": "1.8.1",
    "Forgejo's runner two": "v12.1.2",
    Kubernetes: "v1.34.1+k3s1",
  };
  assert.deepEqual(await versions(), all);
  const { Kubernetes: _none, ...without } = all;
  assert.deepEqual(await versions({ kubernetes: undefined }), without, "no cluster");
  for (const wrong of [{ kubeconfig: join(folder, "none") }, { kubeconfig, context: "other" }])
    assert.deepEqual(await versions({ kubernetes: wrong }), without);
  answers["/version"] = [403, { kind: "Status" }];
  answers["/api/v1/version"] = [403, { message: "Only signed in user is allowed to call APIs." }];
  answers["/api/version"] = [200, "<html>"];
  delete answers["/api/v1/repos/own/ci/actions/runners"];
  assert.deepEqual(await versions(), { Authentik: "2026.8.3", "1Password Connect": "1.8.1" });
  rmSync(folder, { recursive: true });
});

test("1Password's CLI says its release if it reads the secrets", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-services-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = process.env["PATH"];
  t.after(() => (process.env["PATH"] = path));
  writeFileSync(join(folder, "op"), '#!/bin/sh\n[ "$*" = --version ] && echo 2.32.0 || exit 1\n', { mode: 0o755 });
  process.env["PATH"] = `${folder}:${path ?? ""}`;
  const key = "op://homelab/zot/key" as const;
  const { connectUrl: _none, ...withoutConnect } = inputs();
  const releases = async (others: Partial<ServicesArgs>): Promise<Readonly<Record<string, string>>> =>
    versionsOf({ ...withoutConnect, ...others }, context.signal);
  const registry = { puller: { ...ACCOUNT, key }, pullThrough: [], repository: "own/test" };
  assert.equal((await releases({ registry }))["1Password's CLI"], "2.32.0");
  assert.equal((await releases({}))["1Password's CLI"], undefined, "no secret is in 1Password");
  assert.equal((await releases({ registry, connectUrl: url }))["1Password's CLI"], undefined, "Connect reads them");
  writeFileSync(join(folder, "op"), "#!/bin/sh\nexit 1\n");
  assert.equal((await releases({ registry }))["1Password's CLI"], undefined);
});

test("an image is pulled through zot; one that does not come is a warning, and names where to look", async () => {
  const registry = { puller: ACCOUNT, pullThrough: ["docker.io/library/hello:v1"], repository: "own/test" };
  const path = "/v2/docker.io/library/hello/manifests/v1";
  answers[path] = [200, {}];
  const all = await rows({ registry });
  assert.deepEqual(all.find(({ name }) => name.startsWith("pull of"))?.outcome, "passed");
  answers[path] = [404, { errors: [] }];
  const { measured, outcome, lookAt } = only(await rows({ registry }));
  assert.deepEqual([measured, outcome], ["404", "failed"]);
  assert.match(lookAt, /See zot's log: .*registry\.pullThrough/);
  assert.match(said.join(), /^pull of docker\.io\/library\/hello:v1 through zot: expected 200, got 404\./);
});

for (const [status, outcome] of [
  [404, "passed"],
  [403, "failed"],
  [401, "failed"],
  [202, "failed"],
] as const) {
  test(`break-glass: a delete of what cannot exist answers ${status}: ${outcome}`, async () => {
    const admin = { username: "ada", key: "env:T_SERVICES" as const };
    answers[`/v2/own/test/manifests/sha256:${"0".repeat(64)}`] = [status];
    const found = await rows({ registry: { puller: ACCOUNT, pullThrough: [], admin, repository: "own/test" } });
    assert.equal(found.find(({ name }) => name === "break-glass with the key of ada")?.outcome, outcome);
  });
}

test("the state of an earlier commit, without a registry to try, is refreshed", async () => {
  const { state } = await services.create(inputs(), context);
  const { registry: _registry, ...former } = state;
  const seen = await services.read?.(former, context);
  assert.deepEqual([seen?.drift, seen?.result], ["", "8 passed"]);
});

test("a key that cannot be read is skipped with the reason, and fails nothing", async () => {
  const admin = { username: "ada", key: "env:T_NOT_SET" as const };
  const found = only(await rows({ registry: { puller: ACCOUNT, pullThrough: [], admin, repository: "own/test" } }));
  assert.equal(found.outcome, "skipped");
  assert.match(found.lookAt, /T_NOT_SET/);
});
