import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { formatted } from "../../docs/generate/format.ts";
import { documentOutputs, outputsJsonSchema } from "../../docs/generate/outputsTable.ts";

const page = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");

test("docs/reference/outputs.md and docs/reference/outputs.schema.json are what the schema says (else: npm run docs)", async () => {
  const written = page("reference/outputs.md");
  assert.equal(written, await formatted("outputs.md", documentOutputs(written)));
  assert.deepEqual(JSON.parse(page("reference/outputs.schema.json")), outputsJsonSchema());
});
