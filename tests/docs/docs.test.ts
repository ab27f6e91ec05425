import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { format } from "prettier";
import { documentSettings } from "../../settings/document.ts";

const page = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");

test("docs/settings.md is what the schema says (else: npm run docs)", async () => {
  assert.equal(page("settings.md"), await format(documentSettings(), { parser: "markdown", printWidth: 120 }));
});

test("every setting says what it is", () => {
  const rows = page("settings.md")
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  assert.ok(rows.length > 50);
  for (const row of rows) assert.match(row.replace(/\s+/g, " "), /\| [^|]*[^|\s][^|]* \|$/, row);
});
