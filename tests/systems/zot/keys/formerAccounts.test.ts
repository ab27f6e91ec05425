import assert from "node:assert/strict";
import test from "node:test";
import { formerAccountsAfter } from "../../../../systems/zot/keys/formerAccounts.ts";
import { retirement, withFormer } from "../../../../systems/zot/keys/otherKeys/retirement.ts";

const names = (accounts: readonly { readonly username: string }[]) => accounts.map(({ username }) => username);

test("each change of ci.user records the account before it, once, and never the current one", () => {
  const first = formerAccountsAfter({ username: "a" }, "b");
  assert.deepEqual(first, [{ username: "a", generation: 1 }]);
  const same = formerAccountsAfter({ username: "b", formerAccounts: first }, "b");
  assert.equal(same, first);
  const third = formerAccountsAfter({ username: "b", formerAccounts: first }, "c");
  assert.deepEqual(names(third), ["a", "b"]);
  const back = formerAccountsAfter({ username: "c", formerAccounts: third }, "a");
  assert.deepEqual(names(back), ["b", "c"]);
  const again = formerAccountsAfter({ username: "a", formerAccounts: back }, "c");
  assert.deepEqual(names(again), ["b", "a"]);
  assert.equal(new Set([...third, ...back, ...again].map(({ generation }) => generation)).size, 4);
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
