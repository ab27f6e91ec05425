import "../prepare.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Engine } from "../engine/engine.ts";
import { Homelab } from "../homelab/homelab.ts";
import { program } from "../engine/program.ts";
import { SERVER_GONE } from "../../../core/serverGone.ts";
import { HOST_GONE } from "../../../systems/zot/host/shell/shell.ts";

// A destroy removes everything in an order that never leaves CI with a revoked key, and reports what it keeps.

const FIELD = "zot-ci-api";

let lab: Homelab;
let engine: Engine;

beforeEach(async () => {
  lab = await Homelab.start();
  engine = new Engine();
});
afterEach(async () => lab.stop());

async function up(ci: object = {}): Promise<void> {
  const { how, errors } = await engine.up(() => program(lab.settings({ ci })));
  assert.equal(how, "done", errors.join());
  engine.said.length = 0;
}

/** The messages of the destroy, and the kinds of its changes in order, each once. */
async function destroy(): Promise<{ readonly said: string; readonly order: readonly string[] }> {
  const { how, errors, run } = await engine.destroy();
  assert.equal(how, "done", errors.join());
  const kinds: readonly (readonly [string, RegExp])[] = [
    ["secret", /^DELETE .*\/actions\/secrets\//],
    ["marker", /^DELETE .*\/actions\/variables\//],
    ["field", /^PATCH \/v1\/vaults\//],
    ["key", /^DELETE \/zot\/auth\/apikey/],
    ["account", /^POST .*\/blueprints\/.*\/apply/],
  ];
  const seen = run.changes.map(
    ({ method, url }) => kinds.find(([, kind]) => kind.test(`${method} ${url.pathname}`))?.[0],
  );
  const last = (kind: string): number => seen.lastIndexOf(kind);
  const order = kinds.map(([kind]) => kind).filter((kind) => last(kind) >= 0);
  return { said: engine.said.join("\n"), order: order.toSorted((left, right) => last(left) - last(right)) };
}

const labels = (): readonly string[] => lab.keys().map(({ label }) => label);

test("secrets and markers, then the field, then the key, then the account", async () => {
  await up();
  const { order } = await destroy();
  assert.deepEqual(order, ["secret", "marker", "field", "key", "account"]);
  assert.equal(lab.stored()[FIELD], "");
  assert.deepEqual(labels(), ["by hand"], "as it was before the first up");
});

for (const change of [{ access: { ciGroup: "robots" } }, { authentik: { machineFlow: "robots-login" } }])
  test(`a change of ${Object.keys(change).join()} that reached Authentik in a run that was killed: destroy leaves nothing of it`, async () => {
    const there = namesInAuthentik();
    const changed = (): void => program(lab.settings(change));
    await up();
    const { changes } = (await engine.up(changed)).run;
    await destroy();
    await up();
    const at = changes.findIndex(({ url }) => url.pathname.endsWith("/apply/")) + 1;
    assert.equal((await engine.up(changed, { at, when: "after", then: "cli" })).how, "killed");
    await lab.settled();
    assert.match(namesInAuthentik().join(), /robots/);
    await destroy();
    assert.deepEqual(
      namesInAuthentik(),
      there.filter((name) => !/zot-ci|artifact-workloads|machine/.test(name)),
    );
  });

function namesInAuthentik(): readonly string[] {
  const rows = lab.authentikRows();
  const of = (model: string): readonly string[] =>
    (rows[model] ?? []).map(({ name, slug }) => (slug ?? name) as string);
  return [
    ...of("authentik_core.group"),
    ...of("authentik_flows.flow"),
    ...of("authentik_stages_user_login.userloginstage"),
  ];
}

test("destroy keeps and reports keys created by hand", async () => {
  await up();
  lab.addKey("somebody's");
  const { said } = await destroy();
  assert.match(
    said,
    /zot-ci has an unmanaged key at http:\S+, "somebody's", which is not revoked: zot accepts it even without the/,
  );
  assert.deepEqual(labels(), ["by hand", "somebody's"]);
});

test("with onDestroy: leave, the field keeps the revoked key, and destroy reports it", async () => {
  await up({ onDestroy: "leave" });
  const key = lab.stored()[FIELD] ?? "";
  const { said, order } = await destroy();
  assert.match(
    said,
    /op:\/\/homelab\/CI\/zot-ci-api keeps the key, which is about to be revoked \(ci\.onDestroy: leave\)/,
  );
  assert.equal(lab.stored()[FIELD], key);
  assert.ok(!lab.accepts(key));
  assert.ok(!order.includes("field"));
});

test("destroy keeps a field whose value was changed by hand", async () => {
  await up();
  lab.fillField("what somebody needs");
  await destroy();
  assert.equal(lab.stored()[FIELD], "what somebody needs");
});

test("destroy gets out without a zot that no longer exists, and names the keys that it could not revoke", async () => {
  await up();
  const { registry } = lab.settings();
  const { host } = new URL(registry.url);
  engine.refuse = ({ url }) =>
    url.host === host ? { status: 502, headers: {}, body: Buffer.from("bad gateway") } : undefined;
  const { how, errors } = await engine.destroy();
  assert.equal(how, "failed", "the registry may return");
  process.env[HOST_GONE] = "ssh:another-host";
  assert.equal((await engine.destroy()).how, "failed");
  assert.match(errors.join(), /The server that answers under \/zot\/auth\/ is not zot/);
  process.env[HOST_GONE] = registry.host;
  try {
    engine.said.length = 0;
    const { said } = await destroy();
    assert.match(
      said,
      /The keys "zot-auth\/.+\/…" of zot-ci at \S+ were not revoked: .*they are valid until they expire/,
    );
    assert.deepEqual(engine.state, []);
  } finally {
    Reflect.deleteProperty(process.env, HOST_GONE);
  }
});

for (const [server, address, stays] of [
  ["Forgejo", () => lab.settings().forgejo.url, /The secret ZOT_CI_API_KEY of \S+ at \S+ was not deleted: /],
  [
    "Authentik",
    () => lab.settings().authentik.url,
    /The account zot-ci was not removed from \S+, which no longer exists/,
  ],
] as const) {
  test(`destroy gets out without ${server}, if it no longer exists, and no key of ours is valid`, async () => {
    await up();
    const { host } = new URL(address());
    engine.refuse = ({ url }) =>
      url.host === host ? { status: 502, headers: {}, body: Buffer.from("bad gateway") } : undefined;
    const { how, errors } = await engine.destroy();
    assert.equal(how, "failed", `${server} may return`);
    assert.ok(errors.join().includes(`${SERVER_GONE}=${address()}`), errors.join("\n"));
    process.env[SERVER_GONE] = `https://other.example ${address()}/`;
    try {
      engine.said.length = 0;
      const { said } = await destroy();
      assert.match(said, stays);
      assert.deepEqual([engine.state, labels()], [[], ["by hand"]]);
    } finally {
      Reflect.deleteProperty(process.env, SERVER_GONE);
    }
  });
}

for (const [what, path, status, message] of [
  ["may no longer administer", /^\/api\/v1\/repos\/[^/]+\/[^/]+\/actions\//, 403, /was not deleted: .*delete it there/],
  ["no longer finds", /^\/api\/v1\/repos\//, 404, /was deleted with its repository, or is still there/],
] as const) {
  test(`destroy gets out where the token ${what} the repositories, and names what stays`, async () => {
    await up();
    engine.refuse = ({ url }) =>
      path.test(url.pathname) ? { status, headers: {}, body: Buffer.from('{"message":"refused"}') } : undefined;
    const { said } = await destroy();
    assert.match(said, message);
    assert.deepEqual([engine.state, labels()], [[], ["by hand"]], "the key in those secrets is revoked");
  });
}
