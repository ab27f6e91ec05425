// References to secrets, which changes of an item are noticed, and when a secret counts as missing.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { parseReference } from "../../../core/secrets/reference.ts";
import { configure, findSecret } from "../../../systems/onePassword/resolver.ts";
import { differences, readItem } from "../../../systems/onePassword/item/item.ts";
import type { Item } from "../../../systems/onePassword/item/item.ts";
import { withField } from "../../../systems/onePassword/op/template.ts";
import { Secret } from "../../../core/secrets/secret.ts";
import { connectFixture } from "./support/connectFixture.ts";
import { ITEM, NEW, VAULT, fails } from "./support/support.ts";

const part = fc.stringMatching(/^[^/\n]+$/);

test("parses references of three or four parts, and rejects all others", () => {
  fc.assert(
    fc.property(part, part, fc.option(part, { nil: undefined }), part, (vault, item, section, field) => {
      const text = `op://${[vault, item, ...(section === undefined ? [] : [section]), field].join("/")}`;
      assert.deepEqual(parseReference(text), {
        kind: "op",
        vault,
        item,
        ...(section === undefined ? {} : { section }),
        field,
      });
      assert.equal(parseReference(`${text}/`), undefined);
    }),
  );
  for (const text of ["op://", "op://a", "op://a/b", "op://a//c", "op://a/b//d", "op://a/b/c/d/e", "OP://a/b/c"]) {
    assert.equal(parseReference(text), undefined, text);
  }
});

const id = fc.stringMatching(/^[a-z2-7]{4}$/);
const sections = fc.uniqueArray(fc.record({ id, label: fc.string() }), { maxLength: 3, selector: (one) => one.id });
const fields = fc.uniqueArray(
  fc.record({
    id,
    label: fc.string(),
    type: fc.constantFrom("CONCEALED", "STRING", "OTP"),
    value: fc.string(),
    unknown: fc.jsonValue(),
  }),
  { minLength: 1, maxLength: 5, selector: (one) => one.id },
);
const items = fc.record({
  id: fc.constant(ITEM),
  version: fc.nat(),
  title: fc.string(),
  category: fc.constant("PASSWORD"),
  tags: fc.array(fc.string()),
  urls: fc.array(fc.record({ href: fc.webUrl() })),
  sections,
  fields,
  unknown: fc.jsonValue(),
});

function item(json: unknown): Item {
  return readItem(json) ?? assert.fail("no item");
}

test("a template is the item with one changed value or one more field, and nothing else", () => {
  fc.assert(
    fc.property(items, fc.nat(), fc.boolean(), fc.boolean(), (json, place, fresh, named) => {
      const before = item(json);
      const field = before.fields[place % before.fields.length];
      const existing = named ? json.sections[place % json.sections.length] : undefined;
      const heading = existing ?? { id: "add more" };
      const section = { id: heading.id, exists: existing !== undefined };
      const change = { field: fresh ? undefined : field, label: "new", section, value: NEW };
      const made = { type: "CONCEALED", label: "new", value: NEW.reveal(), section: heading };
      const expected = fresh
        ? [...json.fields, made]
        : json.fields.map((one) => (one.id === field?.id ? { ...one, value: NEW.reveal() } : one));
      const sections = fresh && !section.exists ? [...json.sections, heading] : json.sections;
      const template = withField(before, change);
      assert.deepEqual(template, { ...json, sections, fields: expected });
      assert.deepEqual(differences(before, item(template), fresh ? "" : field?.id), []);
    }),
  );
});

test("notices every change of another part, and names it without a value", () => {
  const json = {
    id: ITEM,
    version: 1,
    title: "t",
    category: "PASSWORD",
    favorite: false,
    tags: ["a"],
    urls: [{ href: "https://a.example" }],
    sections: [{ id: "s", label: "S" }],
    files: [{ id: "file", name: "f.txt", size: 3 }],
    fields: [
      { id: "ours", label: "ours", type: "CONCEALED", value: "old-value" },
      { id: "other", label: "other", type: "CONCEALED", value: "other-value", section: { id: "s" } },
    ],
  };
  const [ours, other] = json.fields;
  const cases: readonly [object, readonly string[]][] = [
    [{}, []],
    [{ version: 9, updatedAt: "now" }, []],
    [
      {
        fields: [
          { ...ours, value: "new-value" },
          { ...other, totp: "123456", entropy: 7 },
        ],
      },
      [],
    ],
    [{ fields: [other, ours] }, []],
    [{ title: "u" }, ["the title"]],
    [{ category: "LOGIN" }, ["the category"]],
    [{ favorite: true }, ["the favourite mark"]],
    [{ tags: [] }, ["the tags"]],
    [{ urls: [{ href: "https://a.example", primary: true }] }, ["the URLs"]],
    [{ sections: [] }, ['the section "S"']],
    [{ sections: [...json.sections, { id: "x", label: "" }] }, ['the section "x"']],
    [{ files: [] }, ['the file "f.txt"']],
    [{ files: [{ id: "file", name: "f.txt", size: 4 }] }, ['the file "f.txt"']],
    [{ fields: [ours] }, ['the field "other"']],
    [{ fields: [ours, { ...other, value: "their-value" }] }, ['the field "other"']],
    [{ fields: [ours, { ...other, type: "STRING" }] }, ['the field "other"']],
    [{ fields: [ours, { ...other, section: undefined }] }, ['the field "other"']],
    [{ fields: [...json.fields, { id: "new", label: "theirs", type: "STRING" }] }, ['the field "theirs"']],
    [{ fields: [{ ...ours, type: "STRING" }, other] }, ['the field "ours"']],
    [{ fields: [{ ...ours, label: "renamed" }, other] }, ['the field "ours"']],
  ];
  for (const [change, expected] of cases) {
    assert.deepEqual(differences(item(json), item({ ...json, ...change }), "ours"), expected, JSON.stringify(change));
  }
  const made = { id: "made", label: "m", type: "CONCEALED", value: "x", section: { id: "add more" } };
  const grown = {
    ...json,
    fields: [...json.fields, made],
    sections: [...json.sections, { id: "add more", label: "" }],
  };
  assert.deepEqual(differences(item(json), item(grown), "made"), [], "1Password may make a section for a new field");
});

test("a missing value or item is undefined; an ambiguous one is an error", async (t) => {
  const { between } = await connectFixture(t);
  process.env["ZOT_AUTH_TEST_CONNECT"] = "writer-token";
  t.after(() => Reflect.deleteProperty(process.env, "ZOT_AUTH_TEST_CONNECT"));
  configure({ connectUrl: between.url, connectToken: "env:ZOT_AUTH_TEST_CONNECT" });
  assert.ok((await findSecret(`op://${VAULT}/${ITEM}/keyid`)) instanceof Secret);
  for (const reference of [
    "Forgejo Secrets/nothing",
    "Forgejo Secrets/empty",
    "Nothing/x",
    "Old/token",
    "Gone/token",
  ]) {
    assert.equal(await findSecret(`op://homelab/${reference}`), undefined, reference);
  }
  await fails(findSecret("op://homelab/Forgejo Secrets/twice"), "ONEPASSWORD_FIELD_AMBIGUOUS");
  await fails(findSecret("op://homelab/Twins/x"), "ONEPASSWORD_ITEM_AMBIGUOUS");
  await fails(findSecret("op://nowhere/x/y"), "ONEPASSWORD_VAULT_UNKNOWN");
  await fails(findSecret("env:ZOT_AUTH_TEST_NOT_THERE"), "SECRET_MISSING");
});
