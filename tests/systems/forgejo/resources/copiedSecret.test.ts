import assert from "node:assert/strict";
import test from "node:test";
import { fingerprint } from "../../../../core/secrets/fingerprint.ts";
import { copiedSecret } from "../../../../systems/forgejo/resources/copiedSecret.ts";
import type { CopiedSecretInputs, CopiedSecretState } from "../../../../systems/forgejo/resources/copiedSecret.ts";
import { Bench } from "../support/between.ts";

const inputs = (bench: Bench, source: CopiedSecretInputs["source"] = "env:T_SOURCE"): CopiedSecretInputs => ({
  ...bench.connection(),
  target: "own/site",
  secretName: "FORGE_TOKEN",
  source,
  label: "zot-auth/test/FORGE_TOKEN",
});
async function refreshed(bench: Bench, state: CopiedSecretState): Promise<CopiedSecretState> {
  const seen = await copiedSecret.read?.(state, bench.context());
  assert.ok(seen);
  return seen;
}

test("a refresh finds a value that changed in its source, and the next up writes it", async (t) => {
  const bench = await Bench.start(t);
  process.env["T_SOURCE"] = "summer2026";
  const { state } = await copiedSecret.create(inputs(bench), bench.context());
  assert.equal(bench.held("own/site").secrets["FORGE_TOKEN"], "summer2026");
  assert.equal((await refreshed(bench, state)).drift, "");

  process.env["T_SOURCE"] = "autumn2026";
  const change = { inputs: inputs(bench), oldInputs: inputs(bench), state, now: new Date() };
  assert.deepEqual(copiedSecret.diff?.(change), { replace: [] }, "a preview alone cannot know");
  const seen = await refreshed(bench, state);
  assert.match(seen.drift, /^env:T_SOURCE and the secret FORGE_TOKEN of own\/site have different values/);
  const updated = await copiedSecret.update?.(seen, inputs(bench), bench.context());
  assert.ok(updated);
  assert.equal(bench.held("own/site").secrets["FORGE_TOKEN"], "autumn2026");
  assert.equal((await refreshed(bench, updated)).drift, "");
});

test("neither state nor marker allows guessing a weak secret offline", async (t) => {
  const bench = await Bench.start(t);
  process.env["T_SOURCE"] = "summer2026";
  const { state } = await copiedSecret.create(inputs(bench), bench.context());
  const readable = JSON.stringify([state, bench.held("own/site").variables, bench.said]);
  assert.match(
    bench.held("own/site").variables["FORGE_TOKEN_INFO"] ?? "",
    /^label=\S+ fingerprint=[0-9a-f]{16} target=own\/site url=http:\S+$/,
  );
  assert.ok(!readable.includes("summer2026") && !readable.includes(fingerprint("summer2026")));
  const { state: again } = await copiedSecret.create({ ...inputs(bench), target: "own/app" }, bench.context());
  assert.equal(again.fingerprint, state.fingerprint, "the same value has the same fingerprint everywhere");
});

test("an unreadable source is a warning without drift at a refresh, and an error before anything is written at an update", async (t) => {
  const bench = await Bench.start(t);
  process.env["T_SOURCE"] = "x-token";
  const { state } = await copiedSecret.create(inputs(bench), bench.context());
  delete process.env["T_SOURCE"];
  assert.equal((await refreshed(bench, state)).drift, "");
  assert.match(bench.said.join("\n"), /could not check whether .*: The environment variable T_SOURCE/);
  const before = bench.held("own/site");
  await assert.rejects(copiedSecret.update?.(state, inputs(bench), bench.context()) ?? Promise.resolve(), {
    code: "SECRET_MISSING",
  });
  assert.deepEqual(bench.held("own/site"), before);
});

test("an empty value is an error before anything is written", async (t) => {
  const bench = await Bench.start(t);
  const before = bench.held("own/site");
  await assert.rejects(copiedSecret.create(inputs(bench, "file:/dev/null"), bench.context()), {
    code: "SECRET_EMPTY",
  });
  assert.deepEqual(bench.held("own/site"), before);
});

test("a server that echoes the request does not leak the secret into the error", async (t) => {
  const bench = await Bench.start(t);
  process.env["T_SOURCE"] = "a-very-secret-token";
  bench.echo = ({ method, path }) => method === "PUT" && path.includes("/secrets/");
  await assert.rejects(
    copiedSecret.create(inputs(bench), bench.context()),
    (error) => error instanceof Error && error.message.includes("[secret]") && !error.message.includes("a-very-secret"),
  );
});

test("many targets at once are all written, with few requests in flight", async (t) => {
  const names = Array.from({ length: 40 }, (_, i) => `r${i}`);
  const bench = await Bench.start(t, { repositories: names.map((name) => ({ owner: "own", name })) });
  process.env["T_SOURCE"] = "x-token";
  await Promise.all(
    names.map(async (name) => copiedSecret.create({ ...inputs(bench), target: `own/${name}` }, bench.context())),
  );
  for (const name of names) assert.equal(bench.held(`own/${name}`).secrets["FORGE_TOKEN"], "x-token");
  assert.ok(bench.most > 1 && bench.most <= 8, `${bench.most} in flight`);
});

test("retries through a series of failures", async (t) => {
  const bench = await Bench.start(t);
  process.env["T_SOURCE"] = "x-token";
  bench.fate = ({ number, method }) => {
    if (method === "POST" || number % 3 === 0) return undefined;
    return number % 3 === 1
      ? { when: "after", then: 502 }
      : { when: "before", then: 429, headers: { "retry-after": "0" } };
  };
  const { state } = await copiedSecret.create(inputs(bench), bench.context());
  bench.fate = () => undefined;
  assert.equal(bench.held("own/site").secrets["FORGE_TOKEN"], "x-token");
  assert.equal((await refreshed(bench, state)).drift, "");
});
