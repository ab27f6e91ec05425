import { valueAt } from "../syntax/anyCase.ts";
import type { ZotConfig } from "../config.ts";
import { TooLarge } from "./coverage/automaton.ts";
import { TAGS, TAG_CHARACTERS, expressionLanguage } from "./coverage/expressions.ts";
import { REPOSITORIES, REPOSITORY_CHARACTERS, globLanguage } from "./coverage/globs.ts";
import type { Language } from "./coverage/language.ts";
import { uncovered } from "./coverage/uncovered.ts";
import { list, retentionPolicies } from "./patterns.ts";

/**
 * Retention rules that zot never asks: for each repository, it takes the first policy with a glob that matches, and for each tag the first rule of
 * `keepTags` with a pattern that matches. Rare forms of globs and patterns are not compared.
 */
export function retentionFindings(config: ZotConfig): readonly string[] {
  const places = Map.groupBy(retentionPolicies(config), ({ path }) => path.slice(0, path.lastIndexOf(".")));
  return [...places.values()].flatMap((policies) =>
    policies.flatMap(({ path, policy }, index) => [
      ...unusedPolicy(path, policy, policies.slice(0, index)),
      ...unusedRules(path, list(valueAt(policy, "keepTags"))),
    ]),
  );
}

function unusedPolicy(
  path: string,
  policy: unknown,
  earlier: readonly { readonly policy: unknown }[],
): readonly string[] {
  const globs = texts(valueAt(policy, "repositories"));
  const before = earlier.flatMap((one) => texts(valueAt(one.policy, "repositories")));
  switch (whatIsLeft(REPOSITORY, globs, before)) {
    case "something":
      return [];
    case "nothing at all":
      return [
        `${path} of zot's config is never used: no repository has a name that it matches (${globs.join(", ")}). Names are in lower case. Correct it, or remove it.`,
      ];
    case "nothing":
      return [
        `${path} of zot's config is never used: earlier policies match all of its repositories (${globs.join(", ")}), and only the first policy that matches a ` +
          "repository counts. Move it before them, or remove it.",
      ];
  }
}

function unusedRules(path: string, rules: readonly unknown[]): readonly string[] {
  return rules.flatMap((rule, index) => {
    const own = patternsOf(rule);
    switch (whatIsLeft(TAG, own, rules.slice(0, index).flatMap(patternsOf))) {
      case "something":
        return [];
      case "nothing at all":
        return [
          `${path}.keepTags.${index} of zot's config is never used: no tag can match its patterns (${own.join(", ")}). Correct it, or remove it.`,
        ];
      case "nothing":
        return [
          `${path}.keepTags.${index} of zot's config is never used: earlier rules match all of its tags, and only the first rule with a matching pattern decides about ` +
            "a tag. Move it before them, or put its conditions into the earlier rule.",
        ];
    }
  });
}

/** No pattern is one that matches every tag. */
function patternsOf(rule: unknown): readonly string[] {
  const patterns = texts(valueAt(rule, "patterns"));
  return patterns.length === 0 ? [""] : patterns;
}

interface Names {
  readonly words: Language;
  readonly alphabet: string;
  readonly languageOf: (pattern: string) => Language | undefined;
}

const REPOSITORY: Names = { words: REPOSITORIES, alphabet: REPOSITORY_CHARACTERS, languageOf: globLanguage };
const TAG: Names = { words: TAGS, alphabet: TAG_CHARACTERS, languageOf: expressionLanguage };

/** What patterns match besides what earlier ones match; in doubt, something. */
function whatIsLeft(
  { languageOf, ...names }: Names,
  patterns: readonly string[],
  earlier: readonly string[],
): "something" | "nothing" | "nothing at all" {
  const all = patterns.map(languageOf);
  const other = patterns.filter((pattern) => !earlier.includes(pattern)).map(languageOf);
  const by = earlier.map(languageOf).filter((language) => language !== undefined);
  const isMatched = (of: readonly (Language | undefined)[], except: readonly Language[]): boolean => {
    const known = of.filter((language) => language !== undefined);
    return known.length < of.length || uncovered({ ...names, of: known, by: except }) !== undefined;
  };
  try {
    if (isMatched(other, by)) return "something";
    return isMatched(all, []) ? "nothing" : "nothing at all";
  } catch (error) {
    if (error instanceof TooLarge) return "something";
    throw error;
  }
}

function texts(value: unknown): readonly string[] {
  return list(value).filter((entry) => typeof entry === "string");
}
