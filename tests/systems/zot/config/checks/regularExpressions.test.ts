import assert from "node:assert/strict";
import test from "node:test";
import { SettingsError, parseSettings } from "../../../../../settings/parse.ts";
import { regularExpressionProblem } from "../../../../../systems/zot/config/checks/regularExpressions.ts";
import { REAL_CASE } from "../../../../support/settings.ts";

// Compared with Go 1.26's regexp.Compile, as were 150,000 random expressions.

const VALID = [
  ...[
    "",
    "v.*",
    "^v[0-9]+\\.[0-9]+$",
    "a|b|",
    "()",
    "(a|b)*c",
    "(?:a)",
    "(?P<n>a)",
    "(?<n>a)",
    "(?i)main",
    "(?i:a)b",
    "(?s-i:a)",
    "(?)",
  ],
  ...[
    "a{2}",
    "a{2,}",
    "a{2,3}?",
    "a{,3}",
    "a{x}",
    "{",
    "}",
    "]",
    "a{1000}",
    "(a{30}){30}",
    "^*",
    "a*?",
    "a(?i)*",
    "(|a)*",
  ],
  ...[
    "\\d\\W\\s",
    "\\bmain\\b",
    "\\A.\\z",
    "\\pL\\p{Greek}\\P{^Lu}",
    "\\x41\\x{1F600}",
    "\\012\\12\\0",
    "\\.\\-\\_\\/",
    "\\Qa.b*\\E+",
    "\\n\\t",
  ],
  ...[
    "[]a]",
    "[^]]",
    "[a-z0-9._-]",
    "[a-]",
    "[-a]",
    "[a\\]]",
    "[\\d-]",
    "[[:alpha:]_]",
    "[[:^digit:]]",
    "[\\x41-\\x5A]",
    "é+",
    "[é-ü]",
  ],
];

const INVALID: readonly (readonly [expression: string, problem: RegExp])[] = [
  ["(?=a)", /look-around/],
  ["(?!latest).*", /look-around/],
  ["(?<=v)1", /look-around/],
  ["(?>a)", /unsupported syntax \(\?>a/],
  ["(?P<n>a)(?P<n>b)", /duplicate capture group name: n/],
  ["(a)\\1", /invalid escape sequence: \\1 \(Go has no references/],
  ["\\k<n>", /\\k/],
  ["\\Z", /\\Z/],
  ["\\", /invalid escape sequence/],
  ["\\x{110000}", /invalid escape sequence/],
  ["\\p{Nothing}", /invalid character class: /],
  ["[[:letters:]]", /invalid character class: /],
  ["*", /missing argument to repetition operator: \*/],
  ["a|+", /repetition operator: \+/],
  ["(?i)?", /repetition operator: \?/],
  ["a**", /invalid nested repetition operator: \*\*/],
  ["a++", /invalid nested repetition operator/],
  ["a{2}{3}", /invalid nested repetition operator/],
  ["a{1001}", /at most 1000/],
  ["a{3,2}", /smaller number first/],
  ["(a{50}){50}", /more than 1000 repetitions/],
  ["(a", /missing closing \)/],
  ["a)", /unexpected \)/],
  ["[a", /missing closing \]/],
  ["[^]", /missing closing \]/],
  ["[z-a]", /invalid character class range/],
];

test("what Go accepts as a regular expression is valid", () => {
  for (const expression of VALID) assert.equal(regularExpressionProblem(expression), undefined, expression);
});

for (const [expression, problem] of INVALID) {
  test(`${expression} is no regular expression for zot`, () => {
    assert.match(regularExpressionProblem(expression) ?? "", problem);
  });
}

const keeping = (pattern: string) => ({ policies: [{ repositories: ["**"], keepTags: [{ patterns: [pattern] }] }] });
const subPaths = { "/a": { rootDirectory: "/a", retention: keeping("a{3,2}") } };
const pullThrough = [{ name: "quay.io", url: "https://quay.io", tagsRegex: "v**" }];

for (const [setting, change] of [
  ["zot.storage.retention.policies.0.keepTags.0.patterns.0", { zot: { storage: { retention: keeping("(?!a)") } } }],
  [
    "zot.storage.retention.policies.0.repositories.0",
    { zot: { storage: { retention: { policies: [{ repositories: ["{a"] }] } } } },
  ],
  ["registry.pullThrough.0.tagsRegex", { registry: { ...REAL_CASE.registry, pullThrough } }],
  [
    "zot.extra.storage.subPaths./a.retention.policies.0.keepTags.0.patterns.0",
    { zot: { extra: { storage: { subPaths } } } },
  ],
] as const) {
  test(`an invalid pattern is an error of ${setting}`, () => {
    assert.throws(
      () => parseSettings({ ...REAL_CASE, ...change }),
      (error) => {
        assert.ok(error instanceof SettingsError);
        assert.deepEqual(
          error.problems.map(({ path }) => path),
          [setting],
        );
        return true;
      },
    );
  });
}
