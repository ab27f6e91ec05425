import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { documentComponents, documentedArguments } from "../../docs/generate/componentTables.ts";
import { formatted } from "../../docs/generate/format.ts";

test("docs/reference/components.md lists the arguments that the types have (else: npm run docs)", async () => {
  const page = readFileSync(new URL("../../docs/reference/components.md", import.meta.url), "utf8");
  assert.equal(page, await formatted("components.md", documentComponents(page)));
});

for (const [name, listed] of documentedArguments()) {
  test(`every argument of ${name} has a doc comment, and a default where it can be left out`, () => {
    assert.ok(listed.length > 1);
    for (const { name: argument, description, optional } of listed) {
      assert.match(description, optional ? /^[`A-Z].* Default: .*\.$/ : /^[`A-Z].*\.$/, `${name}.${argument}`);
    }
  });
}
