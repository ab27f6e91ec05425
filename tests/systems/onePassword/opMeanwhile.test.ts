// What can happen during a write through `op`: concurrent changes, lost responses.
import assert from "node:assert/strict";
import test from "node:test";
import type { SecretReference } from "../../../core/secrets/reference.ts";
import { onePassword } from "../../../systems/onePassword/vault.ts";
import { Secret } from "../../../core/secrets/secret.ts";
import { opFixture } from "./support/opFixture.ts";
import { NEW, fails } from "./support/support.ts";

const KEY: SecretReference = "op://homelab/Forgejo Secrets/zot-ci-api";

test("a change after our write is kept, with a warning", async (t) => {
  const { store, change, item, warnings } = opFixture(t);
  change((state) => Object.assign(state, { others: ["after"] }));
  await store.write(KEY, NEW);
  assert.deepEqual(item().tags, ["homelab", "ci", "theirs"]);
  assert.match(
    warnings.join(),
    /^ONEPASSWORD_CHANGED_MEANWHILE The item of op:.+ changed at the same time: the tags .*version 3 to 5.*is kept/,
  );
});

for (const others of [["before"], ["before", "after"]] as const) {
  test(`a change that op may have undone is an error (${others.join(" and ")} our write)`, async (t) => {
    const { store, change, item } = opFixture(t);
    change((state) => Object.assign(state, { others }));
    await fails(
      store.write(KEY, NEW),
      "ONEPASSWORD_OTHERS_CHANGE_LOST",
      /is stored, but the item changed at the same time.*item's history.*onePassword\.connectUrl/,
    );
    assert.equal(item().fields?.find(({ id }) => id === "keyid")?.value, NEW.reveal());
  });
}

test("detects an op that changes more than requested", async (t) => {
  const { store, change } = opFixture(t);
  change((state) => Object.assign(state, { drops: "tags" }));
  await fails(
    store.write(KEY, NEW),
    "ONEPASSWORD_ITEM_DAMAGED",
    /other parts of its item changed \(the tags; from version 3 to 4\).*history/,
  );
});

test("op fails after writing: the write counts and is not repeated", async (t) => {
  const { store, change, item, runs } = opFixture(t);
  change((state) => Object.assign(state, { loses: "something new" }));
  await store.write(KEY, NEW);
  assert.equal(item().version, 4);
  assert.equal(runs().filter(({ args }) => args[1] === "edit").length, 1);
});

test("an op that never ends is stopped", async (t) => {
  const { change, item } = opFixture(t);
  change((state) => Object.assign(state, { hangs: true }));
  const store = onePassword({ account: "my" }, () => Promise.resolve(new Secret("x")), { opSeconds: 1 });
  const message = /timed out after 1 second\..*fingerprint.*onePassword\.serviceAccountToken/;
  await fails(store.read(KEY), "ONEPASSWORD_OP_TIMED_OUT", message);
  assert.equal(item().version, 3);
});
