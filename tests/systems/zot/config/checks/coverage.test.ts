import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { matchesGlob } from "../../../../../systems/zot/access/globs/match.ts";
import { REPOSITORY_NAME } from "../../../../../systems/zot/access/imageNames.ts";
import {
  TAGS,
  TAG_CHARACTERS,
  expressionLanguage,
} from "../../../../../systems/zot/config/checks/coverage/expressions.ts";
import {
  REPOSITORIES,
  REPOSITORY_CHARACTERS,
  globLanguage,
} from "../../../../../systems/zot/config/checks/coverage/globs.ts";
import { uncovered } from "../../../../../systems/zot/config/checks/coverage/uncovered.ts";

// The comparison of languages, against what matches single words.

/** All words of these characters up to a length. */
function words(characters: string, length: number): readonly string[] {
  const shorter = length === 1 ? [""] : words(characters, length - 1);
  return ["", ...shorter.flatMap((word) => Array.from(characters, (one) => word + one))];
}

const NAMES = [...new Set(words("ab-/", 6))].filter((name) => REPOSITORY_NAME.test(name));
const SOME_TAGS = [...new Set(words("ab1-", 5))].filter((tag) => /^[\w][\w.-]*$/.test(tag));

const glob = fc
  .array(fc.constantFrom("a", "b", "*", "**", "/", "/**", "**/", "?", "[ab]", "[!a]", "{a,b}", "{a/,}", "{*,b}", "-"), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => parts.join(""));

const part = fc
  .tuple(
    fc.constantFrom("a", "b", "1", ".", "\\d", "[a-b]", "[^a]", "(a|b1)", "-"),
    fc.constantFrom("", "", "", "*", "+?", "{2}", "{0,2}"),
  )
  .map((both) => both.join(""));
const expression = fc
  .array(fc.oneof({ weight: 5, arbitrary: part }, fc.constantFrom("^", "$")), { maxLength: 5 })
  .map((parts) => parts.join(""));

test("a glob's language has the repositories that the glob matches", () => {
  fc.assert(
    fc.property(fc.array(glob, { maxLength: 3 }), glob, (earlier, later) => {
      const of = globLanguage(later);
      const by = earlier.map(globLanguage);
      if (of === undefined || by.includes(undefined)) return;
      const known = by.filter((one) => one !== undefined);
      const found = uncovered({ words: REPOSITORIES, alphabet: REPOSITORY_CHARACTERS, of: [of], by: known });
      const isLeft = (name: string) => matchesGlob(later, name) && !earlier.some((other) => matchesGlob(other, name));
      if (found === undefined) assert.deepEqual(NAMES.filter(isLeft), []);
      else assert.ok(REPOSITORY_NAME.test(found) && isLeft(found), `${found} is left`);
    }),
    { numRuns: 300 },
  );
});

test("a pattern's language has the tags in which the pattern is found", () => {
  fc.assert(
    fc.property(fc.array(expression, { maxLength: 3 }), expression, (earlier, later) => {
      const of = expressionLanguage(later);
      const by = earlier.map(expressionLanguage);
      if (of === undefined || by.includes(undefined)) return;
      const known = by.filter((one) => one !== undefined);
      const found = uncovered({ words: TAGS, alphabet: TAG_CHARACTERS, of: [of], by: known });
      const isLeft = (tag: string) =>
        [later, ...earlier].every((one, index) => new RegExp(one).test(tag) === (index === 0));
      if (found === undefined) assert.deepEqual(SOME_TAGS.filter(isLeft), []);
      else assert.ok(isLeft(found), `${found} is left`);
    }),
    { numRuns: 300 },
  );
});
