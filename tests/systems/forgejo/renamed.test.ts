import assert from "node:assert/strict";
import test from "node:test";
import { copiedSecret } from "../../../systems/forgejo/resources/copiedSecret.ts";
import type { CopiedSecretInputs, CopiedSecretState } from "../../../systems/forgejo/resources/copiedSecret.ts";
import { Bench } from "./support/between.ts";

// Renamed and reused names. Both kinds of secrets share the code, so one is tested.

process.env["T_SOURCE"] = "a-token-of-the-forge";

const inputs = (bench: Bench, target: string, name = "FORGE_TOKEN"): CopiedSecretInputs => ({
  ...bench.connection(),
  target,
  secretName: name,
  source: "env:T_SOURCE",
  label: `zot-auth/test/${name}`,
});
const create = async (bench: Bench, target: string, name?: string): Promise<CopiedSecretState> =>
  (await copiedSecret.create(inputs(bench, target, name), bench.context())).state;
async function refreshed(bench: Bench, state: CopiedSecretState): Promise<CopiedSecretState> {
  const seen = await copiedSecret.read?.(state, bench.context());
  assert.ok(seen);
  return seen;
}
const code = (expected: string, message: RegExp) => (error: unknown) =>
  error instanceof Error && "code" in error && error.code === expected && message.test(error.message);

test("a renamed repository is reported with its new name before anything is written", async (t) => {
  const bench = await Bench.start(t);
  const state = await create(bench, "own/app");
  await bench.ask("PATCH", "/repos/own/app", { name: "renamed" });
  const before = bench.held("own/renamed");
  assert.match((await refreshed(bench, state)).drift, /^own\/app has a new name on Forgejo: own\/renamed\./);
  const again = copiedSecret.update?.(state, inputs(bench, "own/app"), bench.context());
  await assert.rejects(again ?? Promise.resolve(), code("FORGEJO_REPOSITORY_MOVED", /own\/renamed/));
  assert.deepEqual(bench.held("own/renamed"), before);
});

test("so are a repository transferred to an organisation and one whose owner was renamed (307)", async (t) => {
  const bench = await Bench.start(t, { tokens: [{ token: "c".repeat(40), user: "bob" }] });
  const app = await create(bench, "own/app");
  await bench.ask("POST", "/repos/own/app/transfer", { new_owner: "org1" });
  assert.match((await refreshed(bench, app)).drift, /on Forgejo: org1\/app\./);
  const site = await create(bench, "own/site");
  bench.fate = ({ path }) =>
    path.startsWith("/api/v1/repos/own/site")
      ? { when: "before", then: 307, headers: { location: path.replace("/own/", "/owner2/") } }
      : undefined;
  assert.match((await refreshed(bench, site)).drift, /on Forgejo: owner2\/site\./);
});

test("the new name in the settings takes over the secret, and the old name does not delete it", async (t) => {
  const bench = await Bench.start(t);
  const old = await create(bench, "own/app");
  await bench.ask("PATCH", "/repos/own/app", { name: "renamed" });
  const next = await create(bench, "own/renamed");
  assert.equal(next.targetId, old.targetId);
  await copiedSecret.delete?.(old, bench.context());
  assert.equal(bench.held("own/renamed").secrets["FORGE_TOKEN"], "a-token-of-the-forge");
  assert.equal((await refreshed(bench, next)).drift, "");
  assert.match(bench.said.join("\n"), /FORGE_TOKEN of own\/renamed stays/);
});

test("a change of case in the settings does not delete the secret just written", async (t) => {
  const bench = await Bench.start(t);
  const old = await create(bench, "own/app");
  const next = await create(bench, "Own/App");
  await copiedSecret.delete?.(old, bench.context());
  assert.equal(bench.held("own/app").secrets["FORGE_TOKEN"], "a-token-of-the-forge");
  assert.equal((await refreshed(bench, next)).drift, "");
});

test("a name that one secret gave up and another took is not deleted", async (t) => {
  const bench = await Bench.start(t);
  const old = await create(bench, "own/app");
  await copiedSecret.create({ ...inputs(bench, "own/app"), label: "zot-auth/test/3" }, bench.context());
  await copiedSecret.delete?.(old, bench.context());
  assert.ok("FORGE_TOKEN" in bench.held("own/app").secrets);
});

test("taken out of the settings after the rename, it is deleted where it is now", async (t) => {
  const bench = await Bench.start(t);
  const others = bench.held("own/app");
  const state = await create(bench, "own/app");
  await bench.ask("PATCH", "/repos/own/app", { name: "renamed" });
  await copiedSecret.delete?.(state, bench.context());
  assert.deepEqual(bench.held("own/renamed"), others);
});

test("a repository that moved out of the token's reach is left alone, with a warning", async (t) => {
  const bench = await Bench.start(t);
  const state = await create(bench, "own/app");
  bench.fate = ({ path }) =>
    path.startsWith("/api/v1/repos/own/app")
      ? { when: "before", then: 301, headers: { location: path.replace("/own/app", "/bob/hidden") } }
      : undefined;
  await copiedSecret.delete?.(state, bench.context());
  assert.match(bench.said.join("\n"), /is still there: own\/app has a new name on Forgejo: bob\/hidden/);
  assert.ok("FORGE_TOKEN" in bench.held("own/app").secrets);
});

test("a different repository under the old name gets nothing until a person has reviewed it, and nothing in it is deleted", async (t) => {
  const bench = await Bench.start(t);
  const state = await create(bench, "own/app");
  await bench.ask("PATCH", "/repos/own/app", { name: "renamed" });
  await bench.ask("POST", "/user/repos", { name: "app" });
  await bench.ask("PUT", "/repos/own/app/actions/secrets/FORGE_TOKEN", { data: "somebody else's" });
  const before = bench.held("own/app");
  const unseen = copiedSecret.update?.(state, inputs(bench, "own/app"), bench.context());
  await assert.rejects(unseen ?? Promise.resolve(), code("FORGEJO_REPOSITORY_REPLACED", /pulumi refresh/));
  await copiedSecret.delete?.(state, bench.context());
  assert.deepEqual(bench.held("own/app"), before);

  const seen = await refreshed(bench, state);
  assert.match(
    seen.drift,
    /^own\/app is a different repository \(id \d+\) from the one that has the secret \(id \d+\)$/,
  );
  const written = await copiedSecret.update?.(seen, inputs(bench, "own/app"), bench.context());
  assert.ok(written);
  assert.equal(bench.held("own/app").secrets["FORGE_TOKEN"], "a-token-of-the-forge");
  assert.equal((await refreshed(bench, written)).drift, "");
});
