import assert from "node:assert/strict";
import test from "node:test";
import { isValidGlob, matchesGlob } from "../../../../systems/zot/access/globs/match.ts";
import { equallyLong, samplesOf } from "../../../../systems/zot/access/globs/samples.ts";
import { decidingRules } from "../../../../systems/zot/access/policies.ts";
import type { RepositoryRules } from "../../../../systems/zot/access/policies.ts";

// Worked out from the documentation of doublestar v4, and confirmed with v4.10.0, which zot 2.1.15 to 2.1.20 use.

/** The names that a glob matches, and those that it does not. */
const CASES: readonly (readonly [glob: string, matching: readonly string[], others: readonly string[]])[] = [
  // Names as they are.
  ["app", ["app"], ["", "apps", "my/app", "app/x"]],
  ["team/app", ["team/app"], ["team", "team/app/x", "team-app"]],
  ["a.b", ["a.b"], ["axb"]],
  ["App", ["App"], ["app"]],
  // One star matches any characters within one path component, including none.
  ["*", ["app", "a.b-c_d"], ["team/app", "/"]],
  ["team/*", ["team/app", "team/"], ["team", "team/app/x", "teams/app"]],
  ["*/app", ["team/app", "/app"], ["app", "a/team/app"]],
  ["a*", ["a", "abc"], ["ab/c", "ba"]],
  ["*-ci", ["my-ci", "-ci"], ["my-cix", "a/my-ci"]],
  ["a*c", ["ac", "abc", "abcc"], ["ab", "a/c"]],
  ["a*b*c", ["abc", "axbxc", "abbcc"], ["acb", "ab/c"]],
  ["*/*", ["a/b"], ["a", "a/b/c"]],
  // Two stars as a whole component match any number of components, including zero.
  ["**", ["", "a", "a/b/c"], []],
  ["private/**", ["private", "private/", "private/a", "private/a/b"], ["privat", "private-x", "my/private"]],
  ["private/**/", ["private", "private/", "private/a/"], ["private/a"]],
  ["**/app", ["app", "team/app", "a/b/app"], ["myapp", "app/x"]],
  ["a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a/xb", "ab", "a/b/c"]],
  ["**/cache/**", ["cache", "a/cache", "cache/b", "a/b/cache/c/d"], ["caches", "a/caches/b"]],
  ["**/*", ["a", "a/b/c"], []],
  ["a/**/*", ["a/b", "a/b/c"], ["a", "b"]],
  ["**/a/**/b", ["a/b", "x/a/y/b", "a/a/b"], ["b/a"]],
  ["**/**", ["a", "a/b"], [""]],
  // Two stars beside something else: one star.
  ["a**", ["a", "abc"], ["ab/c"]],
  ["**a", ["a", "ba"], ["b/a"]],
  ["a/b**/c", ["a/b/c", "a/bx/c"], ["a/b/x/c"]],
  ["a/**b", ["a/b", "a/xb"], ["a/x/b"]],
  ["***", ["a"], ["a/b"]],
  // A question mark: one character, but no slash.
  ["?", ["a", "é"], ["", "ab", "/"]],
  ["a?c", ["abc", "a-c"], ["ac", "a/c", "abbc"]],
  ["te??/*", ["team/a"], ["te/a", "teams/a"]],
  // Classes.
  ["[ab]x", ["ax", "bx"], ["cx", "x", "abx"]],
  ["[a-c]x", ["ax", "bx", "cx"], ["dx"]],
  ["[!ab]x", ["cx"], ["ax", "bx", "x"]],
  ["[^a-c]x", ["dx", "-x"], ["ax", "cx"]],
  ["[a-c0-9]", ["b", "7"], ["-", "d"]],
  ["v[0-9]*", ["v1", "v12-x"], ["v", "vx"]],
  ["[x-]", ["x", "-"], ["y"]],
  ["[-x]", ["x", "-"], ["y"]],
  ["[a-b-d]", ["a", "b", "-", "d"], ["c"]],
  ["[z-a]", ["z"], ["m", "a"]],
  ["[a\\]b]", ["a", "]", "b"], ["\\"]],
  ["[\\-z]", ["-", "z"], ["a"]],
  ["a[/]b", ["a/b"], ["a-b"]],
  ["a[!x]b", ["a/b", "acb"], ["axb"]],
  ["[a]/**", ["a", "a/b"], ["b"]],
  ["[*]", ["*"], ["a"]],
  ["[{]", ["{"], ["a"]],
  // Braces: one of the alternatives, which may be empty, contain slashes or further braces.
  ["{ci}/**", ["ci", "ci/app"], ["{ci}/app"]],
  ["{a,b}", ["a", "b"], ["c", "ab", "a,b"]],
  ["{a,b}/**", ["a", "b/c"], ["c/a"]],
  ["a{,b}", ["a", "ab"], ["b", "abb"]],
  ["a{,/b}/c", ["a/c", "a/b/c"], ["a/b"]],
  ["a/{b/c,d}", ["a/b/c", "a/d"], ["a/b", "a/c"]],
  ["{a/{b,c},d}", ["a/b", "a/c", "d"], ["a", "a/d"]],
  ["{a,b}{c,d}", ["ac", "ad", "bc", "bd"], ["ab", "a"]],
  ["{a*,b}/c", ["a/c", "axx/c", "b/c"], ["bx/c"]],
  ["*{a,b}", ["a", "xb", "ab"], ["ac", "x/a"]],
  ["**/{a,b}", ["a", "x/y/b"], ["x/c"]],
  ["{a,**}/b", ["a/b", "b", "x/y/b"], ["x/bb"]],
  ["{}", [""], ["{}", "a"]],
  ["a{}b", ["ab"], ["a{}b"]],
  // No ranges, no negation, no extended globs, no comments: these are characters.
  ["{1..3}", ["1..3"], ["1", "2", "3"]],
  ["v{1..3}/app", ["v1..3/app"], ["v1/app"]],
  ["!a", ["!a"], ["b"]],
  ["@(a|b)", ["@(a|b)"], ["a", "b"]],
  ["+(a)", ["+(a)"], ["aa"]],
  ["a|b", ["a|b"], ["a"]],
  ["#a", ["#a"], []],
  ["a,b", ["a,b"], ["a"]],
  ["$a.(b)", ["$a.(b)"], []],
  // A name that begins with a dot is like any other.
  ["*x", [".x"], []],
  ["**/x", [".a/x"], []],
  // A backslash takes the next character as it is.
  ["a\\*", ["a*"], ["ab", "a\\*"]],
  ["\\[a]", ["[a]"], ["a"]],
  ["\\{a,b\\}", ["{a,b}"], ["a"]],
  ["a\\b", ["ab"], ["a\\b"]],
  ["a/\\**", ["a/*", "a/*x"], ["a/b"]],
  // Slashes count as they are.
  ["/a", ["/a"], ["a"]],
  ["a/", ["a/"], ["a"]],
  ["a//b", ["a//b"], ["a/b"]],
  ["a/b", ["a/b"], ["a//b"]],
  // Alternatives begin like a part of a name, so two stars there reach over slashes, unless a star before them took something first.
  ["a{**,x}", ["a", "ab", "ab/c", "ax"], ["b"]],
  ["a{**/c,x}", ["ac", "ab/c", "ax"], ["ab", "a/d"]],
  ["{a,b/**}", ["a", "b", "b/c/d"], ["a/c"]],
  ["x/{**}", ["x/", "x/a/b"], ["x", "y/a"]],
  ["", [""], ["a"]],
];

const INVALID = ["[", "[]", "[a", "[^", "[!]", "a[", "[]a]", "{a", "{a,b", "a}", "{a}}", "{{a}", "\\", "a\\", "[a\\]"];

for (const [glob, matching, others] of CASES) {
  test(`the glob ${JSON.stringify(glob)} matches as in zot`, () => {
    assert.ok(isValidGlob(glob));
    for (const name of matching) assert.ok(matchesGlob(glob, name), `matches ${JSON.stringify(name)}`);
    for (const name of others) assert.ok(!matchesGlob(glob, name), `does not match ${JSON.stringify(name)}`);
  });
}

test("the globs with which zot does not start are known", () => {
  for (const glob of INVALID) assert.ok(!isValidGlob(glob), glob);
  for (const glob of ["]", "e/]", "[}]", "[{]", "a\\}", "{[}],a}", ","]) assert.ok(isValidGlob(glob), glob);
});

test("samples of a glob are names that it matches, for every alternative", () => {
  assert.deepEqual(samplesOf("{a,b}/*", "x"), ["a/x", "b/x"]);
  assert.deepEqual(samplesOf("private/**", "x"), ["private/x", "private", "private/library/x"]);
  assert.deepEqual(samplesOf("[!a]b\\*?", "x"), ["bb*a"]);
  assert.deepEqual(samplesOf("team/**", "x", "team/ci"), ["team/ci/x", "team/ci/library/x"]);
});

const rules = (glob: string, ...anonymousPolicy: string[]): RepositoryRules => ({
  glob,
  policies: [],
  anonymousPolicy,
  defaultPolicy: [],
});

test("the longest glob decides, in bytes and in lower case, and the empty one if no other matches", () => {
  const all = ["**", "a/**", "A/{b}/*", "a/é*", ""].map((glob) => rules(glob));
  assert.deepEqual(
    ["x", "a", "a/b/c", "a/éx"].map((name) => decidingRules(all, name)?.glob),
    ["**", "a/**", "A/{b}/*", "a/é*"],
  );
  assert.equal(decidingRules([rules("a/*"), rules("")], "b")?.glob, "");
});

test("two globs of the same length with different rules and a repository in common are found", () => {
  assert.deepEqual(equallyLong([rules("a*/**"), rules("*b/**", "read")]), [
    { globs: ["a*/**", "*b/**"], repository: "ab/b" },
  ]);
  assert.deepEqual(equallyLong([rules("**/x"), rules("team", "read"), rules("abc", "read")]), []);
  assert.deepEqual(equallyLong([rules("a*/**"), rules("*b/**")]), []);
});
