import assert from "node:assert/strict";
import test from "node:test";
import { retentionFindings } from "../../../../systems/zot/config/checks/retention.ts";

/** Where the policies have a rule that is never used. */
function unused(...policies: readonly object[]): readonly string[] {
  const found = retentionFindings({ storage: { retention: { policies } } });
  return found.map((text) => text.slice(0, text.indexOf(" of zot's")));
}

const tags = (...patterns: readonly (readonly string[])[]) => ({
  repositories: ["**"],
  keepTags: patterns.map((list) => ({ patterns: list })),
});
const globs = (repositories: readonly string[]) => ({ repositories });
const SECOND_RULE = "storage.retention.policies.0.keepTags.1";
const SECOND_POLICY = "storage.retention.policies.1";

test("a rule for tags that earlier rules take is never asked", () => {
  for (const everything of [[], [".*"], ["v1", "^.*$"], [""], ["^"], [".+?"]])
    assert.deepEqual(unused(tags(everything, ["^v"])), [SECOND_RULE], JSON.stringify(everything));
  assert.deepEqual(unused(tags(["a", "b"], ["b"])), [SECOND_RULE]);
  assert.deepEqual(unused(tags([".*"], [])), [SECOND_RULE]);
  for (const some of [["^v"], ["^$"], ["^.$"], ["a.*"]])
    assert.deepEqual(unused(tags(some, ["main"], [])), [], some.join());
});

test("a policy for repositories that earlier policies take is never asked", () => {
  for (const [earlier, later] of [
    [["**"], ["team/**"]],
    [["team/**"], ["team/ci/*", "team"]],
    [
      ["a", "b/**"],
      ["a", "b/*"],
    ],
    [["{a,b}/*"], ["{a,b}/*"]],
  ] as const)
    assert.deepEqual(unused(globs(earlier), globs(later)), [SECOND_POLICY], `${earlier.join()} before ${later.join()}`);
  for (const [earlier, later] of [
    [["team/**"], ["**"]],
    [["team/*"], ["team/**"]],
    [["a"], ["a", "b"]],
    [["a/**"], ["*/x"]],
    [["a/**"], ["{a,b}/x"]],
    [["a/**"], ["a/{b,../c}", "ab/**"]],
  ] as const)
    assert.deepEqual(unused(globs(earlier), globs(later)), [], `${earlier.join()} before ${later.join()}`);
});

test("each folder has its own policies, also in other spellings, and the warning says what to do", () => {
  const retention = { policies: [globs(["**"])] };
  const policies = [globs(["**"]), globs(["a"])];
  const found = retentionFindings({ storage: { retention, subpaths: { "/b": { Retention: { policies } } } } });
  assert.equal(found.length, 1);
  assert.match(
    found.join(),
    /^storage\.subPaths\.\/b\.retention\.policies\.1 .* never used: .* \(a\), .*Move it before them, or remove it\.$/,
  );
});
