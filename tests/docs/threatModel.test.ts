import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

// links.test.ts checks that the files exist.

test("every row of the threat model names the test of its claims, or says that it has none", () => {
  const page = readFileSync(new URL("../../docs/background/threat-model.md", import.meta.url), "utf8");
  const rows = page.split("\n").filter((line) => /^\|(?! *-)/.test(line));
  const tables = rows.filter((row) => /\| tested by *\|$/.test(row));
  assert.equal(tables.length, 3);
  const claims = rows.filter((row) => !tables.includes(row));
  assert.ok(claims.length > 40, `${claims.length} rows`);
  const untold = claims.filter((row) => {
    const tested = row.split(/(?<!\\)\|/).at(-2) ?? "";
    return !/\]\(\.\.\/\.\.\/tests\/[\w/.-]+\.ts\)|^ *no test\b/.test(tested);
  });
  assert.deepEqual(untold, []);
});
