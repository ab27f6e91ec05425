import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { fingerprint } from "../../../../../core/secrets/fingerprint.ts";
import { listOtherKeys } from "../../../../../systems/zot/keys/otherKeys/listing.ts";
import type { ListingArgs } from "../../../../../systems/zot/keys/otherKeys/listing.ts";
import { testContext } from "../../../../support/provider.ts";
import { startRegistry } from "../../../../lab/zot/support/registry.ts";
import type { TestRegistry } from "../../../../lab/zot/support/registry.ts";

// What every `up` lists of the account's keys.

const VARIABLE = "ZOT_AUTH_TEST_LISTING";

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

const args = (more: Partial<ListingArgs> = {}): ListingArgs => ({
  registryUrl: registry.url,
  username: "zot-ci",
  source: `env:${VARIABLE}`,
  owner: "zot-auth/test",
  uuid: "",
  fingerprint: fingerprint(key),
  unmanagedKeys: "report",
  ...more,
});

test("keys of ours beside the one in force, and unmanaged keys, which are reported", async () => {
  const { listing: all } = await listOtherKeys(args(), context);
  const inForce = all?.superseded.find(({ label }) => label === "zot-auth/test/3");
  context = testContext();
  const { listing: seen } = await listOtherKeys(args({ uuid: inForce?.uuid ?? "" }), context);
  assert.deepEqual(
    seen?.superseded.map(({ label }) => label),
    ["zot-auth/test/2"],
  );
  assert.deepEqual(
    seen.unmanaged.map(({ label }) => label),
    ["by hand"],
  );
  assert.equal(context.warned.length, 1);
  assert.match(context.warned.join(), /^zot-ci has an unmanaged key: "by hand"/);
});

const REMEDY = /so the keys of zot-ci were not listed\. `pulumi up --refresh` creates a new key/;

for (const [what, held, expected] of [
  ["another key", "zak_00000000000000000000000000000000", /does not hold the current key/],
  ["nothing", "", /were not listed/],
] as const) {
  test(`where the store holds ${what}, no keys are listed, and a warning says so`, async () => {
    process.env[VARIABLE] = held;
    assert.deepEqual(await listOtherKeys(args(), context), {});
    assert.equal(context.warned.length, 1);
    assert.match(context.warned.join(), expected);
    assert.ok(!context.warned.join().includes(key));
  });
}

test("a key that zot refuses, and a zot that does not answer, are warnings: the up goes on", async () => {
  const dead = "zak_00000000000000000000000000000000";
  process.env[VARIABLE] = dead;
  assert.deepEqual(await listOtherKeys(args({ fingerprint: fingerprint(dead) }), context), {});
  assert.match(context.warned.join(), /zot rejects the current key/);
  assert.match(context.warned.join(), REMEDY);
  context = testContext();
  process.env[VARIABLE] = key;
  assert.deepEqual(await listOtherKeys(args({ registryUrl: "http://127.0.0.1:1" }), context), {});
  assert.match(
    context.warned.join(),
    /the keys of zot-ci were not listed: zot does not answer at http:\/\/127\.0\.0\.1:1/,
  );
});
