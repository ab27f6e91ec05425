import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { Context } from "../../../../provider/resource.ts";
import { unknownKeys } from "../../../../systems/zot/keys/unknownKeys.ts";
import type { UnknownKeysInputs, UnknownKeysState } from "../../../../systems/zot/keys/unknownKeys.ts";
import { startRegistry } from "../../../lab/zot/registry.ts";
import type { TestRegistry } from "../../../lab/zot/registry.ts";

const VARIABLE = "ZOT_AUTH_TEST_UNKNOWN_KEYS";

let registry: TestRegistry;
let said: string[] = [];
const context: Context = {
  urn: "",
  type: "",
  name: "",
  preview: false,
  signal: new AbortController().signal,
  secretInputs: new Set(),
  progress: () => undefined,
  info: (text) => said.push(text),
  warn: (text) => said.push(text),
};

before(async () => {
  registry = await startRegistry();
  const header = await registry.mint("zot-ci", { label: "zot-auth/test/3" });
  process.env[VARIABLE] = Buffer.from(header.slice("Basic ".length), "base64").toString().split(":")[1];
  await registry.mint("zot-ci", { label: "zot-auth/test/2" });
  await registry.mint("zot-ci", { label: "by hand", expirationDate: "2099-01-02T03:04:05Z" });
});
after(async () => registry.close());
beforeEach(() => (said = []));

function inputs(policy: UnknownKeysInputs["policy"]): UnknownKeysInputs {
  return {
    registryUrl: registry.url,
    username: "zot-ci",
    source: `env:${VARIABLE}`,
    owner: "zot-auth/test",
    policy,
    proves: {},
  };
}

const labels = ({ unknown }: UnknownKeysState): readonly string[] => unknown.map(({ label }) => label);

/** One more `up`. */
async function update(state: UnknownKeysState, policy: UnknownKeysInputs["policy"]): Promise<UnknownKeysState> {
  const updated = await unknownKeys.update?.(state, inputs(policy), context);
  assert.ok(updated);
  return updated;
}

function due(state: UnknownKeysState, policy: UnknownKeysInputs["policy"]): readonly string[] | undefined {
  return unknownKeys.diff?.({ inputs: inputs(policy), oldInputs: inputs(policy), state, now: new Date() }).due;
}

test("a key that nobody declared is told with its label, dates and last use; ours are not", async () => {
  const { state } = await unknownKeys.create(inputs("report"), context);
  assert.deepEqual(labels(state), ["by hand"]);
  assert.equal(said.length, 1);
  assert.match(
    said[0] ?? "",
    /^zot-ci has a key that nobody declared: "by hand" \(.*, made 20.*Z, expires 2099-01-02T03:04:05Z, never used\)\. .*ci\.unmanagedKeys: revoke/,
  );
  assert.deepEqual(due(state, "report"), []);
});

test("with revoke, what was made by hand before is told at the first run and goes with the next; what is new is told first", async () => {
  const { state } = await unknownKeys.create(inputs("revoke"), context);
  assert.deepEqual(labels(state), ["by hand"]);
  assert.match(
    said.join(),
    /The update after the one that first told of it revokes it; to keep it, set ci\.unmanagedKeys: report/,
  );
  assert.deepEqual(due(state, "revoke"), ["unknown"], "a preview shows it");

  await registry.mint("zot-ci", { label: "zot-auth/test/3 of a thief" });
  const second = await update(state, "revoke");
  assert.deepEqual(labels(second), ["zot-auth/test/3 of a thief"]);
  assert.match(said.join(), /revoking "by hand"/);
  const third = await update(second, "revoke");
  assert.deepEqual(labels(third), []);
  assert.deepEqual(due(third, "revoke"), []);
});

test("refresh sees new ones, and leaves the rest to ApiKey where the stored key is refused", async () => {
  const { state } = await unknownKeys.create(inputs("report"), context);
  await registry.mint("zot-ci", { label: "again by hand" });
  const seen = await unknownKeys.read?.(state, context);
  assert.deepEqual(seen === undefined ? [] : labels(seen), ["again by hand"]);
  const key = process.env[VARIABLE];
  process.env[VARIABLE] = "zak_00000000000000000000000000000000";
  assert.deepEqual(await unknownKeys.read?.(state, context), state);
  process.env[VARIABLE] = key;
});
