import assert from "node:assert/strict";
import test from "node:test";
import { formerAccountsAfter, keepsFormerAccounts } from "../../../../systems/zot/keys/former/formerAccounts.ts";
import type { FormerAccount } from "../../../../systems/zot/keys/former/formerAccounts.ts";
import { UNKNOWN } from "../../../../provider/grpc/types.ts";
import { retirement, withFormer } from "../../../../systems/zot/keys/otherKeys/retirement.ts";

const names = (accounts: readonly { readonly username: string }[]) => accounts.map(({ username }) => username);

const NOW = new Date("2026-01-01T00:00:00Z");
const LIFETIME = 86_400;
const REGISTRY = "https://registry.example.test";

function after(state: Parameters<typeof formerAccountsAfter>[0], username: string): readonly FormerAccount[] {
  return formerAccountsAfter(state, { username, registryUrl: REGISTRY, lifetime: LIFETIME, declaredBefore: [] }, NOW);
}

test("each change of ci.user records the account before it, once, and never the current one", () => {
  const first = after({ username: "a" }, "b");
  assert.deepEqual(first, [{ username: "a", generation: 1, expires: "2026-01-02T00:00:00Z", registryUrl: REGISTRY }]);
  assert.deepEqual(after({ username: "b", formerAccounts: first }, "b"), first);
  const third = after({ username: "b", formerAccounts: first }, "c");
  assert.deepEqual(names(third), ["a", "b"]);
  const back = after({ username: "c", formerAccounts: third }, "a");
  assert.deepEqual(names(back), ["b", "c"]);
  const again = after({ username: "a", formerAccounts: back }, "c");
  assert.deepEqual(names(again), ["b", "a"]);
  assert.equal(new Set([...third, ...back, ...again].map(({ generation }) => generation)).size, 4);
});

test("an account that only Authentik got, because that run was interrupted, is former, too, each time that it was declared", () => {
  const settings = {
    username: "a",
    registryUrl: REGISTRY,
    lifetime: LIFETIME,
    declaredBefore: [{ username: "b", generation: 3 }],
  };
  const state = { ...settings, declaredBefore: [] };
  assert.equal(keepsFormerAccounts(state, settings), false);
  const [b] = formerAccountsAfter(state, settings, NOW);
  assert.equal(b?.username, "b");
  const known = { ...settings, formerAccounts: [{ ...b, expires: "2099-01-01T00:00:00Z" }] };
  assert.equal(keepsFormerAccounts(known, settings), true);
  assert.deepEqual(formerAccountsAfter(known, settings, NOW), known.formerAccounts);
  const again = { ...settings, declaredBefore: [{ username: "b", generation: 5 }] };
  assert.equal(keepsFormerAccounts(known, again), false);
  assert.deepEqual(formerAccountsAfter(known, again, NOW), [{ ...b, generation: b.generation + 1 }]);
  assert.equal(keepsFormerAccounts(known, { ...settings, declaredBefore: UNKNOWN as never }), false, "in a preview");
});

test("the state of an earlier version knows no declared accounts: those that it has are not new", () => {
  const formerAccounts = [{ username: "b", generation: 7 }];
  const declaredBefore = [
    { username: "b", generation: 2 },
    { username: "c", generation: 3 },
  ];
  const after = formerAccountsAfter(
    { username: "a", formerAccounts },
    { username: "a", registryUrl: REGISTRY, lifetime: LIFETIME, declaredBefore },
    NOW,
  );
  assert.deepEqual(
    after.map(({ username, generation }) => [username, generation]),
    [
      ["b", 7],
      ["c", 8],
    ],
  );
});

test("its keys have expired after the longer of the lifetimes before and after the change; in a state without a date, after one more", () => {
  assert.equal(after({ username: "a", lifetime: 2 * LIFETIME }, "b")[0]?.expires, "2026-01-03T00:00:00Z");
  const [earlier, dated] = after(
    {
      username: "c",
      formerAccounts: [
        { username: "a", generation: 1 },
        { username: "b", generation: 2, expires: "2025-06-01T00:00:00Z" },
      ],
    },
    "c",
  );
  assert.equal(earlier?.expires, "2026-01-02T00:00:00Z");
  assert.equal(dated?.expires, "2025-06-01T00:00:00Z");
});

test("an account is due after its grace period, once, and again if it was declared in between", () => {
  const account = { username: "a", generation: 1 };
  const known = { ...account, since: "2026-01-01T00:00:00Z", retired: false };
  assert.deepEqual(withFormer([account], [known]), [known]);
  assert.equal(retirement([], 3600, [known]).due, "2026-01-01T01:00:00Z");
  const retired = { ...known, retired: true };
  assert.equal(retirement([], 3600, [retired]).due, "");
  const [later] = withFormer([{ ...account, generation: 3 }], [retired]);
  assert.equal(later?.retired, false);
});
