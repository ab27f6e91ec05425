import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { parse } from "yaml";
import * as z from "zod";
import { documentSettings } from "../../settings/documentation/document.ts";
import { settingsJsonSchema } from "../../settings/documentation/jsonSchema.ts";
import { CHANGES } from "../../settings/documentation/changes.ts";
import { settingsSchema } from "../../settings/schema.ts";
import { isObject } from "../../core/json.ts";
import { formatted } from "../../docs/generate/format.ts";

const page = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");

test("docs/reference/settings.md is what the schema says (else: npm run docs)", async () => {
  assert.equal(page("reference/settings.md"), await formatted("settings.md", documentSettings()));
});

test("every setting says what it is, and what a change of it changes", () => {
  const rows = page("reference/settings.md")
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  assert.ok(rows.length > 50);
  for (const row of rows) {
    const [, , type = "", , description = "", change = ""] = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
    assert.notEqual(description, "", row);
    assert.equal(change === "", /^(group|list of groups|map of groups)$/.test(type), row);
  }
});

test("what is said about changes is about settings that exist", () => {
  const settings = Object.entries(z.toJSONSchema(settingsSchema, { io: "input" }).properties ?? {});
  const missing = Object.keys(CHANGES).filter((path) => !settings.some(([group, schema]) => has(schema, group, path)));
  assert.deepEqual(missing, []);
});

/** Whether a path is that of the group or of a setting in it. */
function has(schema: unknown, at: string, path: string): boolean {
  if (at === path) return true;
  if (!isObject(schema)) return false;
  const { properties, items, additionalProperties } = schema;
  return (
    has(items, at, path) ||
    (isObject(additionalProperties) && has(additionalProperties, `${at}.<name>`, path)) ||
    Object.entries(isObject(properties) ? properties : {}).some(([name, inner]) => has(inner, `${at}.${name}`, path))
  );
}

test("docs/reference/settings.schema.json is up to date (else: npm run docs)", () => {
  assert.deepEqual(JSON.parse(page("reference/settings.schema.json")), settingsJsonSchema());
});

test("the JSON schema accepts this repository's stacks, and rejects misspelled settings", () => {
  // zod compiles patterns without the flag `u`, which \p{…} needs. Editors use it.
  const schema = z.fromJSONSchema(
    JSON.parse(JSON.stringify(settingsJsonSchema()), (key, value: unknown) =>
      key === "pattern" && String(value).includes("\\p{") ? undefined : value,
    ) as ReturnType<typeof settingsJsonSchema>,
  );
  for (const stack of ["lab", "prod"]) {
    const text = readFileSync(new URL(`../../Pulumi.${stack}.yaml`, import.meta.url), "utf8");
    assert.equal(schema.safeParse(parse(text)).error, undefined, stack);
    const [misspelledSetting, misspelledGroup] = [
      text.replace(/imagePrefix:|keyStores:/, "misspelt:"),
      text.replace("zot-auth:ci:", "zot-auth:ic:"),
    ];
    assert.equal(schema.safeParse(parse(misspelledSetting)).success, false);
    assert.equal(schema.safeParse(parse(misspelledGroup)).success, false);
  }
});
