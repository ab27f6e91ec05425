// Reading and writing single fields through 1Password Connect, on the lab's Connect. It does not prove that a real Connect answers in the same way.
import assert from "node:assert/strict";
import test from "node:test";
import type { SecretReference } from "../../../core/secrets/reference.ts";
import { ARCHIVED, DELETED, connectFixture } from "./support/connectFixture.ts";
import type { ShownItem } from "./support/connectFixture.ts";
import { FILE, ITEM, NEW, VAULT, fails } from "./support/support.ts";

const KEY: SecretReference = "op://homelab/Forgejo Secrets/zot-ci-api";
const BY_ID: SecretReference = `op://${VAULT}/${ITEM}/keyid`;

/** The item but for one field's value, and what every change moves on. */
function rest(item: ShownItem, field: string): unknown {
  const { version: _version, updatedAt: _updatedAt, fields, ...others } = item;
  return { ...others, fields: fields.map(({ value, ...one }) => (one.id === field ? one : { ...one, value })) };
}

test("finds a field by name and by id, in a section or outside", async (t) => {
  const { store } = await connectFixture(t);
  const references: readonly [SecretReference, string][] = [
    [KEY, "zak_old"],
    [BY_ID, "zak_old"],
    ["op://homelab/Forgejo Secrets/Tokens/zot-ci-api", "zak_old"],
    [`op://homelab/${ITEM}/tokens/keyid`, "zak_old"],
    ["op://homelab/Forgejo Secrets/credential", "not-ours-1"],
    ["op://homelab/Forgejo Secrets/TOKENS/Zot-CI-API", "zak_old"],
    ["op://homelab/Forgejo Secrets/Tokens/twice", "first"],
    ["op://homelab/Forgejo Secrets/Codes/twice", "second"],
    ["op://homelab/Forgejo Secrets/twice2", "second"],
    ['op://homelab/Server\'s "own" (old)/token', "quoted"],
  ];
  for (const [reference, value] of references) {
    assert.equal((await store.read(reference)).reveal(), value, reference);
  }
});

test("with ids an item takes one request, also for several reads in one operation, and is not cached beyond it", async (t) => {
  const { store, between, elsewhere } = await connectFixture(t);
  const get = `GET /v1/vaults/${VAULT}/items/${ITEM}`;
  await store.read(BY_ID);
  assert.deepEqual(between.asked.splice(0), [get]);
  const operation = new AbortController().signal;
  const other: SecretReference = `op://${VAULT}/${ITEM}/otherid`;
  await Promise.all([store.read(BY_ID, operation), store.read(other, operation), store.assertItem(BY_ID, operation)]);
  await store.read(BY_ID, operation);
  assert.deepEqual(between.asked.splice(0), [get]);
  await elsewhere({ op: "replace", path: "/fields/keyid/value", value: "newer" });
  assert.equal((await store.read(BY_ID, new AbortController().signal)).reveal(), "newer");
  assert.equal((await store.read(BY_ID)).reveal(), "newer");
  await store.write(BY_ID, NEW);
  assert.equal(
    (await store.read(BY_ID, operation)).reveal(),
    NEW.reveal(),
    "a write makes even that operation ask again",
  );
});

test("an error is not cached", async (t) => {
  const { store, between } = await connectFixture(t);
  const operation = new AbortController().signal;
  between.meddle = () => Promise.resolve({ status: 500, body: "{}" });
  await fails(store.read(BY_ID, operation), "UNEXPECTED_ANSWER");
  between.meddle = (_asked, forward) => forward();
  assert.equal((await store.read(BY_ID, operation)).reveal(), "zak_old");
});

test("a write changes one value and nothing else in the item", async (t) => {
  const { store, item, between, warnings } = await connectFixture(t, { files: [FILE] });
  const before = await item();
  await store.write(KEY, NEW);
  const after = await item();
  assert.deepEqual(rest(after, "keyid"), rest(before, "keyid"));
  assert.deepEqual(after["files"], [FILE]);
  assert.equal(after.fields.find(({ id }) => id === "keyid")?.value, NEW.reveal());
  assert.equal(after.version, before.version + 1);
  assert.equal(between.asked.filter((asked) => asked.startsWith("PATCH")).length, 1);
  assert.deepEqual(warnings, []);
});

test("keeps the type of an existing field; creates a missing one as concealed", async (t) => {
  const { store, item } = await connectFixture(t);
  const before = await item();
  await store.write("op://homelab/Forgejo Secrets/visible", NEW);
  assert.equal((await item()).fields.find(({ id }) => id === "plainid")?.type, "STRING");
  await store.write("op://homelab/Forgejo Secrets/brand-new", NEW);
  await store.write("op://homelab/Forgejo Secrets/Codes/zot-ci-api", NEW);
  const after = await item();
  const made = after.fields.slice(before.fields.length).map(({ id: _id, ...field }) => field);
  assert.deepEqual(made, [
    { label: "brand-new", type: "CONCEALED", value: NEW.reveal(), section: { id: "add more" } },
    { label: "zot-ci-api", type: "CONCEALED", value: NEW.reveal(), section: { id: "codes", label: "Codes" } },
  ]);
  assert.deepEqual(after["sections"], [...(before["sections"] as readonly object[]), { id: "add more" }]);
  const kept = { ...after, fields: after.fields.slice(0, before.fields.length), sections: before["sections"] };
  assert.deepEqual(rest(kept, "plainid"), rest(before, "plainid"));
});

const UNTITLED = { id: "add more" };
const MINE = { id: "mine", label: "brand-new", type: "CONCEALED", value: "zak_old" };
const NEW_FIELD: SecretReference = "op://homelab/Forgejo Secrets/brand-new";

test("what is created lies in a section, and the reference without one finds it", async (t) => {
  const cases = {
    "an item without sections": { sections: [], fields: [] },
    "one with the section without a title": { sections: [UNTITLED, { id: "t", label: "T" }], fields: [] },
    "one with a section titled alike": { sections: [{ id: "t", label: "add more" }], fields: [] },
  };
  for (const [name, seed] of Object.entries(cases)) {
    await t.test(name, async (t) => {
      const { store, item, between, warnings } = await connectFixture(t, seed);
      await store.write(NEW_FIELD, NEW);
      const { sections, fields } = await item();
      const others = seed.sections.filter(({ id }) => id !== "add more");
      assert.deepEqual(new Set(sections as readonly object[]), new Set([...others, UNTITLED]));
      assert.deepEqual(
        fields.map(({ label, section }) => [label, section]),
        [["brand-new", UNTITLED]],
      );
      assert.equal((await store.read(NEW_FIELD)).reveal(), NEW.reveal());
      assert.equal(between.asked.filter((asked) => asked.startsWith("PATCH")).length, 1);
      assert.deepEqual(warnings, []);
    });
  }
});

test("an existing field is changed where it is: in a titled section, in the one without a title, or in none", async (t) => {
  for (const section of ["codes", "add more", undefined]) {
    const sections = [{ id: "codes", label: "Codes" }, UNTITLED];
    const fields = [section === undefined ? MINE : { ...MINE, section }];
    const { store, item, warnings } = await connectFixture(t, { sections, fields });
    const before = await item();
    await store.write(NEW_FIELD, NEW);
    const after = await item();
    assert.deepEqual(rest(after, "mine"), rest(before, "mine"));
    assert.deepEqual(
      after.fields.map(({ value }) => value),
      [NEW.reveal()],
    );
    assert.deepEqual(warnings, []);
  }
});

test("a Connect that adds no sections by a patch gets the field outside of them, with a warning", async (t) => {
  const { store, item, between, warnings } = await connectFixture(t, { sections: [], fields: [] });
  let bodies = 0;
  between.meddle = ({ method, body }, forward) => {
    if (method === "PATCH") bodies += 1;
    return body.includes("/sections")
      ? Promise.resolve({ status: 400, body: '{"status":400,"message":"Invalid patch"}' })
      : forward();
  };
  await store.write(NEW_FIELD, NEW);
  assert.equal(bodies, 2);
  const { fields } = await item();
  assert.deepEqual(
    fields.map(({ label, section, value }) => [label, section, value]),
    [["brand-new", undefined, NEW.reveal()]],
  );
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0] ?? "",
    /^ONEPASSWORD_OUTSIDE_SECTION 1Password Connect created op:.+brand-new outside of any section.*move it into a section/,
  );
  await store.write(NEW_FIELD, NEW);
  assert.equal(bodies, 2);
});

test("a repeated write changes nothing and creates no second field", async (t) => {
  const { store, item } = await connectFixture(t);
  for (const reference of [KEY, "op://homelab/Forgejo Secrets/brand-new"] as const) {
    await store.write(reference, NEW);
    const once = await item();
    await store.write(reference, NEW);
    assert.deepEqual(await item(), once);
  }
});

test("blank empties the field and keeps it; it ignores a missing field", async (t) => {
  const { store, item } = await connectFixture(t);
  const before = await item();
  await store.blank(KEY);
  const after = await item();
  assert.deepEqual(rest(after, "keyid"), rest(before, "keyid"));
  assert.equal(after.fields.find(({ id }) => id === "keyid")?.value, "");
  await fails(store.read(KEY), "ONEPASSWORD_FIELD_MISSING", /zot-ci-api/);
  await store.blank(KEY);
  await store.blank("op://homelab/Forgejo Secrets/brand-new");
  assert.deepEqual(await item(), after);
});

test("two concurrent writes to one item do not look like somebody else's change", async (t) => {
  const { store, item, warnings } = await connectFixture(t);
  const before = await item();
  await Promise.all([store.write(KEY, NEW), store.write("op://homelab/Forgejo Secrets/visible", NEW)]);
  assert.equal((await item()).version, before.version + 2);
  assert.deepEqual(warnings, []);
});

test("missing and ambiguous vaults, items, sections and fields: the error says what to do", async (t) => {
  const { store } = await connectFixture(t, { files: [FILE] });
  const cases: readonly [SecretReference, string, RegExp][] = [
    [
      "op://nowhere/Forgejo Secrets/x",
      "ONEPASSWORD_VAULT_UNKNOWN",
      /vault "nowhere" .*does not exist.*onePassword\.connectToken/,
    ],
    ["op://private/Forgejo Secrets/x", "ONEPASSWORD_VAULT_UNKNOWN", /has no access to it/],
    [`op://${ITEM}/${ITEM}/x`, "ONEPASSWORD_VAULT_UNKNOWN", /vault "itemitem\w+" .*does not exist/],
    ["op://double/Forgejo Secrets/x", "ONEPASSWORD_VAULT_AMBIGUOUS", /2 vaults named "double".*id/],
    ["op://homelab/Nothing/x", "ONEPASSWORD_ITEM_MISSING", /item "Nothing" does not exist .*correct the reference/],
    ["op://homelab/Team/Secrets/x", "ONEPASSWORD_ITEM_MISSING", /If a name in it contains a slash, use its id/],
    [`op://homelab/${VAULT}/x`, "ONEPASSWORD_ITEM_MISSING", /item "vaultvault\w+" does not exist/],
    ["op://homelab/Gone/token", "ONEPASSWORD_ITEM_MISSING", /restore it if it was deleted/],
    [`op://homelab/${DELETED}/token`, "ONEPASSWORD_ITEM_MISSING", /restore it if it was deleted/],
    ["op://homelab/Old/token", "ONEPASSWORD_ITEM_ARCHIVED", /is archived\. Restore it/],
    [`op://homelab/${ARCHIVED}/token`, "ONEPASSWORD_ITEM_ARCHIVED", /is archived\. Restore it/],
    [
      "op://homelab/Twins/x",
      "ONEPASSWORD_ITEM_AMBIGUOUS",
      /2 items titled "Twins".*item's id.*: [a-z2-7]{26}, [a-z2-7]{26}/,
    ],
    [
      "op://homelab/Forgejo Secrets/nothing",
      "ONEPASSWORD_FIELD_MISSING",
      /field "nothing" does not exist or is empty .*fields: username, credential/,
    ],
    ["op://homelab/Forgejo Secrets/empty", "ONEPASSWORD_FIELD_MISSING", /field "empty" does not exist or is empty/],
    [
      "op://homelab/Forgejo Secrets/twice",
      "ONEPASSWORD_FIELD_AMBIGUOUS",
      /2 fields named "twice".*twice1 in section "Tokens", twice2 in section "Codes"/,
    ],
    [
      "op://homelab/Forgejo Secrets/Nowhere/twice",
      "ONEPASSWORD_SECTION_MISSING",
      /section "Nowhere" does not exist .*\(sections: Tokens, Codes\)/,
    ],
    ["op://homelab/Forgejo Secrets/kubeconfig.yaml", "ONEPASSWORD_FIELD_IS_FILE", /is a file.*of type "password"/],
    ["op://homelab/Forgejo Secrets/fileid", "ONEPASSWORD_FIELD_IS_FILE", /is a file/],
    ["op://homelab/Forgejo Secrets/code?attribute=otp", "ONEPASSWORD_REFERENCE_INVALID", /question mark/],
    ["op://homelab/Forgejo Secrets /code", "ONEPASSWORD_REFERENCE_INVALID", /begins or ends with a space/],
    ["op://homelab/Forgejo\nSecrets/code", "ONEPASSWORD_REFERENCE_INVALID", /control character/],
  ];
  for (const [reference, code, words] of cases) {
    await t.test(`${code} ${JSON.stringify(reference)}`, async () => fails(store.read(reference), code, words));
  }
});

test("two sections with the same name", async (t) => {
  const sections = [
    { id: "tokens", label: "Tokens" },
    { id: "codes", label: "Tokens" },
  ];
  const { store } = await connectFixture(t, { sections });
  await fails(
    store.read("op://homelab/Forgejo Secrets/Tokens/twice"),
    "ONEPASSWORD_SECTION_AMBIGUOUS",
    /tokens, codes/,
  );
  assert.equal((await store.read("op://homelab/Forgejo Secrets/codes/twice")).reveal(), "second");
});

test("the preflight's check and the write reject an archived item and a field that cannot hold a secret", async (t) => {
  const { store, item } = await connectFixture(t, { files: [FILE] });
  const before = await item();
  const cases: readonly [SecretReference, string, RegExp][] = [
    ["op://homelab/Forgejo Secrets/code", "ONEPASSWORD_FIELD_TYPE", /has the type OTP.*of type "password"/],
    ["op://homelab/Forgejo Secrets/kubeconfig.yaml", "ONEPASSWORD_FIELD_IS_FILE", /is a file/],
    ["op://homelab/Forgejo Secrets/twice", "ONEPASSWORD_FIELD_AMBIGUOUS", /2 fields/],
    ["op://homelab/Forgejo Secrets/Nowhere/x", "ONEPASSWORD_SECTION_MISSING", /Create it in 1Password/],
    ["op://homelab/Old/token", "ONEPASSWORD_ITEM_ARCHIVED", /archived/],
    ["op://homelab/Nothing/token", "ONEPASSWORD_ITEM_MISSING", /Create it, restore it/],
  ];
  for (const [reference, code, words] of cases) {
    await fails(store.assertItem(reference), code, words);
    await fails(store.write(reference, NEW), code, words);
  }
  await store.assertItem(KEY);
  await store.assertItem("op://homelab/Forgejo Secrets/not-yet-there");
  assert.deepEqual(await item(), before);
});

test("wrong, expired, malformed and read-only tokens", async (t) => {
  const { as, between, item } = await connectFixture(t);
  const before = await item();
  await fails(
    as("nobody's").read(KEY),
    "ONEPASSWORD_TOKEN_REFUSED",
    /onePassword\.connectToken \(env:CONNECT_TOKEN\).*expired.*Create a new token/,
  );
  await fails(
    as("two\nlines").read(KEY),
    "ONEPASSWORD_TOKEN_MALFORMED",
    /onePassword\.connectToken \(env:CONNECT_TOKEN\).*on one line/,
  );
  assert.equal((await as("reader-token").read(KEY)).reveal(), "zak_old");
  await fails(
    as("reader-token").write(KEY, NEW),
    "ONEPASSWORD_READ_ONLY",
    /onePassword\.connectToken.*insufficient permissions to write.*Grant it write access/,
  );
  // Versions before 1.7, and a token that expires between reading and writing.
  const answers = [
    ["Unauthorized Request, token does not have write access to the Vault", "ONEPASSWORD_READ_ONLY"],
    ["Invalid token: expired", "ONEPASSWORD_TOKEN_REFUSED"],
  ] as const;
  for (const [message, code] of answers) {
    between.meddle = ({ method }, forward) =>
      method === "PATCH" ? Promise.resolve({ status: 401, body: JSON.stringify({ status: 401, message }) }) : forward();
    await fails(as("writer-token").write(KEY, NEW), code);
  }
  assert.deepEqual(await item(), before);
});

test("an unreachable Connect, and a server that is not Connect", async (t) => {
  const { store, between } = await connectFixture(t);
  for (const body of ["<html>Sign in: zak_old</html>", '{"id":"zak_old"}', "[]"]) {
    between.meddle = () => Promise.resolve({ status: 200, body });
    await fails(store.read(BY_ID), "ONEPASSWORD_NOT_CONNECT", /onePassword\.connectUrl/);
  }
  between.meddle = () => Promise.resolve("hang up");
  await fails(store.read(BY_ID), "SERVER_UNREACHABLE", /onePassword\.connectUrl/);
  await between.close();
  await fails(
    store.write(KEY, NEW),
    "SERVER_UNREACHABLE",
    /1Password Connect does not answer.*onePassword\.connectUrl/,
  );
});
