// Reading and writing single fields through `op`, on a fake of it. It does not prove that the real `op` behaves in the same way.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { SecretReference } from "../../../core/secrets/reference.ts";
import type { OpItem } from "./support/fakeOp.ts";
import { ENVIRONMENT, opFixture } from "./support/opFixture.ts";
import { FILE, ITEM, NEW, SECRETS, VAULT, fails, folder } from "./support/support.ts";

const KEY: SecretReference = "op://homelab/Forgejo Secrets/zot-ci-api";

/** The item but for one field's value and the version. */
function rest({ version: _version, fields, ...others }: OpItem, field: string): unknown {
  return {
    ...others,
    fields: fields?.map(({ value, ...one }) => (one.id === field ? one : { ...one, value: value ?? "" })),
  };
}

test("finds a field by name and by id, in a section or outside", async (t) => {
  const { store, runs } = opFixture(t);
  const references: readonly [SecretReference, string][] = [
    [KEY, "zak_old"],
    [`op://${VAULT}/${ITEM}/keyid`, "zak_old"],
    ["op://homelab/Forgejo Secrets/Codes/twice", "second"],
  ];
  for (const [reference, value] of references) assert.equal((await store.read(reference)).reveal(), value, reference);
  assert.deepEqual(
    runs().map(({ args }) => args.join(" ")),
    [
      "item get --vault=homelab --format=json --reveal --account=my.1password.com -- Forgejo Secrets",
      `item get --vault=${VAULT} --format=json --reveal --account=my.1password.com -- ${ITEM}`,
      "item get --vault=homelab --format=json --reveal --account=my.1password.com -- Forgejo Secrets",
    ],
  );
});

test("a write changes one value and nothing else in the item", async (t) => {
  const { store, item, warnings, runs } = opFixture(t);
  const before = item();
  await store.write(KEY, NEW);
  assert.deepEqual(
    runs().map(({ args }) => args[1]),
    ["get", "edit", "get"],
  );
  const after = item();
  assert.deepEqual(rest(after, "keyid"), rest(before, "keyid"));
  assert.equal(after.fields?.find(({ id }) => id === "keyid")?.value, NEW.reveal());
  assert.equal(after.version, before.version + 1);
  assert.deepEqual(warnings, []);
  await store.write(KEY, NEW);
  assert.deepEqual(
    runs().map(({ args }) => args[1]),
    ["get"],
    "a repeated write changes nothing",
  );
});

test("keeps the type of an existing field; creates a missing one as concealed; blank keeps the field", async (t) => {
  const { store, item } = opFixture(t);
  const before = item();
  await store.write("op://homelab/Forgejo Secrets/visible", NEW);
  await store.write("op://homelab/Forgejo Secrets/brand-new", NEW);
  await store.write("op://homelab/Forgejo Secrets/Codes/zot-ci-api", NEW);
  await store.blank("op://homelab/Forgejo Secrets/Codes/zot-ci-api");
  const after = item();
  const fields = after.fields ?? [];
  const count = before.fields?.length ?? 0;
  assert.equal(fields.find(({ id }) => id === "plainid")?.type, "STRING");
  assert.deepEqual(
    fields.slice(count).map(({ label, type, value, section }) => ({ label, type, value, section })),
    [
      { label: "brand-new", type: "CONCEALED", value: NEW.reveal(), section: { id: "add more" } },
      { label: "zot-ci-api", type: "CONCEALED", value: "", section: { id: "codes", label: "Codes" } },
    ],
  );
  assert.deepEqual(after.sections, [...(before.sections ?? []), { id: "add more" }]);
  const { sections } = before;
  assert.deepEqual(
    rest({ ...after, fields: fields.slice(0, count), ...(sections === undefined ? {} : { sections }) }, "plainid"),
    rest(before, "plainid"),
  );
  await fails(store.read("op://homelab/Forgejo Secrets/Codes/zot-ci-api"), "ONEPASSWORD_FIELD_MISSING");
});

test("what is created lies in a section, also in an item that has none", async (t) => {
  const { store, item, warnings } = opFixture(t, { sections: [], fields: [] });
  for (const name of ["brand-new", "brand-new-too"] as const) {
    await store.write(`op://homelab/Forgejo Secrets/${name}`, NEW);
    assert.equal((await store.read(`op://homelab/Forgejo Secrets/${name}`)).reveal(), NEW.reveal());
  }
  const { sections, fields } = item();
  assert.deepEqual(sections, [{ id: "add more" }]);
  assert.deepEqual(
    fields?.map(({ label, section }) => [label, section]),
    [
      ["brand-new", { id: "add more" }],
      ["brand-new-too", { id: "add more" }],
    ],
  );
  assert.deepEqual(warnings, []);
});

test("secrets go only to standard input, except a service account's token; op does not inherit our environment", async (t) => {
  const { by, runs } = opFixture(t);
  for (const connection of [{ account: "my" }, { serviceAccountToken: "env:OP_TOKEN", account: "my" }] as const) {
    const store = by(connection);
    await store.write(KEY, NEW);
    await store.blank(KEY);
    const service = "serviceAccountToken" in connection;
    for (const { args, input, environment } of runs()) {
      const visible = JSON.stringify([args, environment]);
      for (const secret of [...SECRETS, "otpauth:"]) assert.ok(!visible.includes(secret), `${secret} in ${visible}`);
      assert.equal(input === undefined, args[1] === "get");
      assert.equal(environment["OP_SERVICE_ACCOUNT_TOKEN"], service ? "service-token" : undefined);
      assert.equal(environment["OP_SESSION_my"], service ? undefined : "a-session");
      assert.equal(environment["OP_CACHE"], "false");
      assert.equal(args.includes("--account=my"), !service);
      for (const name of Object.keys(ENVIRONMENT)) {
        if (!["OP_SERVICE_ACCOUNT_TOKEN", "OP_SESSION_my", "OP_CACHE"].includes(name))
          assert.ok(!(name in environment), name);
      }
    }
  }
});

test("the preflight's check and the write reject items that a template could damage", async (t) => {
  const cases: readonly [string, Partial<OpItem>, RegExp][] = [
    ["a login, which may hold a passkey", { category: "LOGIN", passkey: "hidden" }, /a login may hold a passkey/],
    ["an item with a file", { files: [FILE] }, /it holds files/],
    ["a document", { category: "DOCUMENT" }, /it holds files/],
    ["an SSH key", { category: "SSH_KEY" }, /SSH key/],
    [
      "a field of another type",
      { fields: [{ id: "r", label: "related", type: "REFERENCE", value: "x" }] },
      /its field "related" has the type REFERENCE/,
    ],
    [
      "a field in a section that the item does not list",
      { sections: [], fields: [{ id: "r", label: "kept", type: "STRING", value: "x", section: { id: "add more" } }] },
      /its field "kept" is in a section that the item does not list/,
    ],
  ];
  for (const [name, change, words] of cases) {
    await t.test(name, async (t) => {
      const { store, item, runs } = opFixture(t, change);
      const before = item();
      await fails(store.assertItem("op://homelab/Forgejo Secrets/brand-new"), "ONEPASSWORD_OP_WOULD_LOSE", words);
      const expected = [words, /Nothing was written.*onePassword\.connectUrl/];
      await fails(store.write("op://homelab/Forgejo Secrets/brand-new", NEW), "ONEPASSWORD_OP_WOULD_LOSE", ...expected);
      assert.deepEqual(item(), before);
      assert.ok(runs().every(({ args }) => args[1] === "get"));
      if (before.fields?.some(({ id }) => id === "keyid") === true) {
        assert.equal((await store.read(KEY)).reveal(), "zak_old", "reading harms nothing");
      }
    });
  }
});

test("missing and ambiguous vaults, items, sections and fields: the error says what to do", async (t) => {
  const { store } = opFixture(t);
  const cases: readonly [SecretReference, string, RegExp][] = [
    [
      "op://nowhere/Forgejo Secrets/x",
      "ONEPASSWORD_VAULT_UNKNOWN",
      /vault "nowhere" .*does not exist.*onePassword\.account/,
    ],
    ["op://nowhere/Lab/Forgejo Secrets/x", "ONEPASSWORD_VAULT_UNKNOWN", /contains a slash, use its id/],
    ["op://double/Forgejo Secrets/x", "ONEPASSWORD_VAULT_AMBIGUOUS", /several vaults named "double".*id/],
    ["op://homelab/Nothing/x", "ONEPASSWORD_ITEM_MISSING", /item "Nothing" does not exist .*correct the reference/],
    ["op://homelab/only.domain/password", "ONEPASSWORD_ITEM_MISSING", /item "only\.domain" does not exist/],
    ["op://homelab/Old/password", "ONEPASSWORD_ITEM_ARCHIVED", /is archived\. Restore it/],
    ["op://homelab/Twins/password", "ONEPASSWORD_ITEM_AMBIGUOUS", /several items.*item's id/],
    ["op://homelab/Forgejo Secrets/nothing", "ONEPASSWORD_FIELD_MISSING", /field "nothing" does not exist or is empty/],
    ["op://homelab/Forgejo Secrets/empty", "ONEPASSWORD_FIELD_MISSING", /field "empty" does not exist or is empty/],
    ["op://homelab/Forgejo Secrets/twice", "ONEPASSWORD_FIELD_AMBIGUOUS", /2 fields named "twice"/],
    ["op://homelab/Forgejo Secrets/Nowhere/twice", "ONEPASSWORD_SECTION_MISSING", /section "Nowhere" does not exist/],
    [
      "op://homelab/Forgejo Secrets (old)/x",
      "ONEPASSWORD_REFERENCE_INVALID",
      /in "Forgejo Secrets \(old\)".*Use the id/,
    ],
    ["op://homelab/--help/x", "ONEPASSWORD_REFERENCE_INVALID", /no "-" at its beginning.*op item get/],
    ["op://homelab/Forgejo Secrets/x?attribute=otp", "ONEPASSWORD_REFERENCE_INVALID", /question mark/],
  ];
  for (const [reference, code, words] of cases) {
    await t.test(`${code} ${reference}`, async () => fails(store.read(reference), code, words));
  }
  await t.test("a field that cannot hold a secret", async () =>
    fails(store.write("op://homelab/Forgejo Secrets/code", NEW), "ONEPASSWORD_FIELD_TYPE", /has the type OTP/),
  );
});

const SAID: readonly [string, "account" | "service", "read" | "write", string, RegExp][] = [
  [
    "(403) Forbidden: You aren't authorized to access this resource.",
    "account",
    "write",
    "ONEPASSWORD_READ_ONLY",
    /my \(onePassword\.account\) has insufficient permissions to write.*write access/,
  ],
  [
    "(403) Forbidden: You aren't authorized to access this resource.",
    "service",
    "read",
    "ONEPASSWORD_FORBIDDEN",
    /\(onePassword\.serviceAccountToken\) has insufficient permissions to read/,
  ],
  [
    "error initializing client: You are not currently signed in. Please run `op signin --help` for instructions",
    "account",
    "read",
    "ONEPASSWORD_OP_SIGNED_OUT",
    /onePassword\.account.*op signin/,
  ],
  [
    "could not find session token for account my",
    "account",
    "read",
    "ONEPASSWORD_OP_SIGNED_OUT",
    /Unlock the desktop app/,
  ],
  [
    "authorization prompt dismissed, please try again",
    "account",
    "write",
    "ONEPASSWORD_OP_SIGNED_OUT",
    /prompt dismissed/,
  ],
  [
    "authentication with the 1Password app timed out",
    "account",
    "read",
    "ONEPASSWORD_OP_SIGNED_OUT",
    /CLI integration/,
  ],
  [
    "found no account for filter my",
    "account",
    "read",
    "ONEPASSWORD_OP_ACCOUNT_UNKNOWN",
    /account "my" \(onePassword\.account\) is unknown.*op account list/,
  ],
  [
    "No accounts configured for use with 1Password CLI.",
    "account",
    "read",
    "ONEPASSWORD_OP_ACCOUNT_UNKNOWN",
    /op account add/,
  ],
  [
    "failed to DecodeSACredentials: failed to DeserializeServiceAccountAuthToken, unrecognized auth type",
    "service",
    "read",
    "ONEPASSWORD_TOKEN_REFUSED",
    /onePassword\.serviceAccountToken \(env:OP_TOKEN\).*Create a new token/,
  ],
  [
    "(401) Unauthorized: You aren't authorized to perform this action.",
    "service",
    "write",
    "ONEPASSWORD_TOKEN_REFUSED",
    /expired or revoked/,
  ],
  [
    'error initializing client: authenticating with the server: Post "https://my.1password.com/": dial tcp: lookup my.1password.com: no such host',
    "service",
    "read",
    "ONEPASSWORD_UNREACHABLE",
    /no such host.*network/,
  ],
  ["rate limit exceeded", "service", "read", "ONEPASSWORD_RATE_LIMITED", /Run again in an hour/],
  ["unknown flag: --reveal", "account", "read", "ONEPASSWORD_OP_OUTDATED", /Update op to 2\.30/],
  ["invalid JSON provided", "account", "write", "ONEPASSWORD_OP_OUTDATED", /on standard input.*Update op/],
  [
    `something new: zak_the-new-key and service-token ${"z".repeat(1000)}`,
    "service",
    "write",
    "ONEPASSWORD_OP_FAILED",
    /failed to write.*something new: \[secret\] and \[secret\] z{100}/,
  ],
];

for (const [words, way, doing, code, expected] of SAID) {
  test(`op says: ${words.slice(0, 60)} (${way}, ${doing})`, async (t) => {
    const { by, change } = opFixture(t);
    change((state) => Object.assign(state, { says: words, toEdits: doing === "write" }));
    const store = by(way === "account" ? { account: "my" } : { serviceAccountToken: "env:OP_TOKEN" });
    const running = doing === "read" ? store.read(KEY) : store.write(KEY, NEW);
    await fails(running, code, expected, /^(?!.*service-token).{1,900}$/);
  });
}

test("op is missing, fails to start, or never ends", async (t) => {
  const { store, change, by } = opFixture(t);
  change((state) => Object.assign(state, { hangs: true }));
  const cut = new AbortController();
  const reading = store.read(KEY, cut.signal);
  setTimeout(() => cut.abort(), 300);
  await assert.rejects(reading, { name: "AbortError" });
  const directory = folder(t);
  mkdirSync(join(directory, "op"));
  for (const [path, code, words] of [
    [folder(t), "ONEPASSWORD_OP_MISSING", /not on PATH.*Install it.*onePassword\.connectUrl/],
    [directory, "ONEPASSWORD_OP_FAILED", /failed to start \(EACCES\)/],
  ] as const) {
    process.env["PATH"] = path;
    await fails(by({ account: "my" }).read(KEY), code, words);
  }
  await fails(
    by({ serviceAccountToken: "env:OP_TOKEN" }, "two\0parts").read(KEY),
    "ONEPASSWORD_TOKEN_MALFORMED",
    /onePassword\.serviceAccountToken \(env:OP_TOKEN\)/,
  );
});
