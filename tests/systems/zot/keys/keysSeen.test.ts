import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { fingerprint } from "../../../../core/fingerprint.ts";
import { keysSeen } from "../../../../systems/zot/keys/keysSeen.ts";
import type { KeysSeenArgs } from "../../../../systems/zot/keys/keysSeen.ts";
import { testContext } from "../../../support/provider.ts";
import { startRegistry } from "../../../lab/zot/registry.ts";
import type { TestRegistry } from "../../../lab/zot/registry.ts";

// What every `up` sees of the account's keys.

const VARIABLE = "ZOT_AUTH_TEST_KEYS_SEEN";

let registry: TestRegistry;
let key: string;
let context = testContext();

before(async () => {
  registry = await startRegistry();
  const header = await registry.mint("zot-ci", { label: "zot-auth/test/3" });
  key = Buffer.from(header.slice("Basic ".length), "base64").toString().split(":")[1] ?? "";
  await registry.mint("zot-ci", { label: "zot-auth/test/2" });
  await registry.mint("zot-ci", { label: "by hand" });
});
after(async () => registry.close());
beforeEach(() => {
  context = testContext();
  process.env[VARIABLE] = key;
});

const args = (more: Partial<KeysSeenArgs> = {}): KeysSeenArgs => ({
  registryUrl: registry.url,
  username: "zot-ci",
  source: `env:${VARIABLE}`,
  owner: "zot-auth/test",
  uuid: "",
  fingerprint: fingerprint(key),
  policy: "report",
  ...more,
});

test("keys of ours beside the one in force, and those that nobody declared, which are told", async () => {
  const all = await keysSeen(args(), context);
  const inForce = all.superseded?.find(({ label }) => label === "zot-auth/test/3");
  context = testContext();
  const seen = await keysSeen(args({ uuid: inForce?.uuid ?? "" }), context);
  assert.deepEqual(
    seen.superseded?.map(({ label }) => label),
    ["zot-auth/test/2"],
  );
  assert.deepEqual(
    seen.unknown?.map(({ label }) => label),
    ["by hand"],
  );
  assert.equal(context.warned.length, 1);
  assert.match(context.warned.join(), /^zot-ci has a key that nobody declared: "by hand"/);
});

const REMEDY = /so the keys of zot-ci were not looked at\. `pulumi up --refresh` makes a new key/;

for (const [what, held, expected] of [
  ["another key", "zak_00000000000000000000000000000000", /holds another key than the one in force/],
  ["nothing", "", /was not looked at|were not looked at/],
] as const) {
  test(`where the store holds ${what}, nobody's keys are listed, and a warning says so`, async () => {
    process.env[VARIABLE] = held;
    assert.deepEqual(await keysSeen(args(), context), {});
    assert.equal(context.warned.length, 1);
    assert.match(context.warned.join(), expected);
    assert.ok(!context.warned.join().includes(key));
  });
}

test("a key that zot refuses, and a zot that does not answer, are warnings: the up goes on", async () => {
  const dead = "zak_00000000000000000000000000000000";
  process.env[VARIABLE] = dead;
  assert.deepEqual(await keysSeen(args({ fingerprint: fingerprint(dead) }), context), {});
  assert.match(context.warned.join(), /zot refuses the key in force/);
  assert.match(context.warned.join(), REMEDY);
  context = testContext();
  process.env[VARIABLE] = key;
  assert.deepEqual(await keysSeen(args({ registryUrl: "http://127.0.0.1:1" }), context), {});
  assert.match(
    context.warned.join(),
    /the keys of zot-ci were not looked at: zot does not answer at http:\/\/127\.0\.0\.1:1/,
  );
});
