// Expressions as workflows use them.
import assert from "node:assert/strict";
import test from "node:test";
import { conditionHolds, ExpressionError, interpolate } from "../../../lab/forgejo/runner/expressions.ts";
import type { Scope } from "../../../lab/forgejo/runner/expressions.ts";

const scope: Scope = {
  status: "success",
  contexts: {
    github: { repository: "own/app", ref: "refs/heads/main" },
    secrets: { KEY: "it's ${{ github.ref }}" },
    inputs: { flag: "false", count: "3", empty: "" },
    steps: { a: { outputs: { "with-dash": "yes" } } },
  },
};

await test("interpolation", () => {
  for (const [text, expected] of [
    ["a ${{ github.repository }} b ${{github.ref}}", "a own/app b refs/heads/main"],
    ["${{ SECRETS.key }}", "it's ${{ github.ref }}"],
    ["${{ secrets.MISSING }}|", "|"],
    ["${{ steps.a.outputs.with-dash }}", "yes"],
    ["${{ github['repository'] }}", "own/app"],
    ["${{ inputs.empty || 'default' }}", "default"],
    ["${{ inputs.flag == 'true' && 'on' || 'off' }}", "off"],
    ["${{ 'it''s' }}", "it's"],
    ["${{ inputs.count > 2 && !(inputs.count >= 4) }}", "true"],
    ["${{ contains(github.ref, 'MAIN') }}", "true"],
    ["${{ format('{0}-{1}', github.repository, 7) }}", "own/app-7"],
    ["${{ startsWith(github.ref, 'refs/heads/') }}", "true"],
    ["${{ fromJSON('[1,2]')[1] }}", "2"],
    ["$NOT and {{ this }}", "$NOT and {{ this }}"],
  ] as const) {
    assert.equal(interpolate(text, scope), expected, text);
  }
});

await test("conditions", () => {
  const failed: Scope = { ...scope, status: "failure" };
  assert.equal(conditionHolds(null, scope), true);
  assert.equal(conditionHolds(null, failed), false);
  assert.equal(conditionHolds("github.ref == 'refs/heads/main'", scope), true);
  assert.equal(conditionHolds("github.ref == 'refs/heads/main'", failed), false);
  assert.equal(conditionHolds("${{ always() }}", failed), true);
  assert.equal(conditionHolds("failure()", failed), true);
  assert.equal(conditionHolds("!cancelled()", failed), true);
  assert.equal(conditionHolds("success() || failure()", failed), true);
});

await test("the error for an invalid expression quotes it", () => {
  for (const text of ["${{ nope.x }}", "${{ github.ref == }}", "${{ call() }}", "${{ 'open }}", "${{ (true }}"]) {
    assert.throws(() => interpolate(text, scope), ExpressionError, text);
  }
});
