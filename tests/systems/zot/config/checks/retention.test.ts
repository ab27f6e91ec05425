import assert from "node:assert/strict";
import test from "node:test";
import { retentionFindings } from "../../../../../systems/zot/config/checks/retention.ts";

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
  for (const some of [["^v"], ["^.$"], ["a.*b"], ["(?i)m"], ["ma(i|o)n$"], ["^main$"]])
    assert.deepEqual(unused(tags(some, ["main"], [])), [], some.join());
});

test("patterns are compared by what they match", () => {
  for (const [earlier, later] of [
    [["(.*)"], ["^v"]],
    [["(?:.)"], [""]],
    [["v[0-9]+"], ["^v\\d+\\.\\d+$"]],
    [["^v", "^release-"], ["^(v|release-)1$"]],
    [["^[a-m]", "^[^a-m]"], [".*"]],
    [["^.{1,3}$", "^.{4,}$"], ["^x"]],
    [["a|b"], ["^(?P<first>ab?)+$"]],
  ] as const)
    assert.deepEqual(unused(tags(earlier, later)), [SECOND_RULE], `${earlier.join()} before ${later.join()}`);
  for (const [earlier, later] of [
    [["^v"], ["v"]],
    [["^v\\d+$"], ["^v\\d"]],
    [["^[a-z]+$"], ["^[a-z]"]],
    [["(?i)^v"], ["^v1"]],
    [["\\bv"], ["^v"]],
    [["^.{2,3}$"], ["^.{2,4}$"]],
    [["^(a|b)$"], ["^(a|b)+$"]],
    [["a.{0,900}b.{0,900}c.{0,900}d"], ["abcd"]],
  ] as const)
    assert.deepEqual(unused(tags(earlier, later)), [], `${earlier.join()} before ${later.join()}`);
});

test("patterns and globs that nothing can match are said to be that", () => {
  for (const pattern of ["^$", "a b", "^v\\+", "^-", "x^", "$y"]) {
    assert.deepEqual(unused(tags([pattern], [])), ["storage.retention.policies.0.keepTags.0"], pattern);
  }
  const [said] = retentionFindings({ storage: { retention: { policies: [globs(["Team/**", "a//b"])] } } });
  assert.match(said ?? "", /never used: no repository has a name that it matches \(Team\/\*\*, a\/\/b\)/);
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
    [["*"], ["x"]],
    [["*", "*/**"], ["**"]],
    [["team/{a,b}/**"], ["team/a/**", "team/b/x-*"]],
    [["a/**", "b/**"], ["{a,b}/{x,y}"]],
    [["[a-m]*", "[n-z0-9]*"], ["*"]],
    [["**/img"], ["{team,x/y}/img"]],
    [["a/?*"], ["a/*"]],
    [["*{x,{y,z}}*"], ["*{x,{y,z}}*"]],
  ] as const)
    assert.deepEqual(unused(globs(earlier), globs(later)), [SECOND_POLICY], `${earlier.join()} before ${later.join()}`);
  for (const [earlier, later] of [
    [["team/**"], ["**"]],
    [["team/*"], ["team/**"]],
    [["a"], ["a", "b"]],
    [["a/**"], ["*/x"]],
    [["a/**"], ["{a,b}/x"]],
    [["a/**"], ["a/{b,../c}", "ab/**"]],
    [["*"], ["*/x"]],
    [["*", "*/*"], ["**"]],
    [["team/{a,b}/**"], ["team/*/x"]],
    [["a/{**,b}"], ["a"]],
    [["a*{,b}"], ["a"]],
    [["[!a]*"], ["*"]],
    [["a/**/b"], ["a/**"]],
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
