import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { parse } from "yaml";
import * as z from "zod";
import { documentSettings } from "../../settings/document.ts";
import { settingsJsonSchema } from "../../settings/jsonSchema.ts";
import { formatted } from "../../docs/generate/format.ts";

const page = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");

test("docs/settings.md is what the schema says (else: npm run docs)", async () => {
  assert.equal(page("settings.md"), await formatted("settings.md", documentSettings()));
});

test("every setting says what it is", () => {
  const rows = page("settings.md")
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  assert.ok(rows.length > 50);
  for (const row of rows) assert.match(row.replace(/\s+/g, " "), /\| [^|]*[^|\s][^|]* \|$/, row);
});

test("docs/settings.schema.json is up to date (else: npm run docs)", () => {
  assert.deepEqual(JSON.parse(page("settings.schema.json")), settingsJsonSchema());
});

test("the JSON schema accepts this repository's stacks, and rejects misspelled settings", () => {
  const schema = z.fromJSONSchema(settingsJsonSchema());
  for (const stack of ["lab", "prod"]) {
    const text = readFileSync(new URL(`../../Pulumi.${stack}.yaml`, import.meta.url), "utf8");
    assert.equal(schema.safeParse(parse(text)).error, undefined, stack);
    const [misspelledSetting, misspelledGroup] = [
      text.replace("imagePrefix:", "imagePrefx:"),
      text.replace("zot-auth:ci:", "zot-auth:ic:"),
    ];
    assert.equal(schema.safeParse(parse(misspelledSetting)).success, false);
    assert.equal(schema.safeParse(parse(misspelledGroup)).success, false);
  }
});
