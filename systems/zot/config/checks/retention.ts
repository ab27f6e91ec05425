import { matchesGlob } from "../../access/globs/match.ts";
import { valueAt } from "../anyCase.ts";
import type { ZotConfig } from "../config.ts";
import { list, retentionPolicies } from "./patterns.ts";

/**
 * Retention rules that zot never asks: for each repository, it takes the first policy with a glob that matches, and for each tag the first rule of
 * `keepTags` with a pattern that matches.
 */
export function retentionFindings(config: ZotConfig): readonly string[] {
  const places = Map.groupBy(retentionPolicies(config), ({ path }) => path.slice(0, path.lastIndexOf(".")));
  return [...places.values()].flatMap((policies) =>
    policies.flatMap(({ path, policy }, index) => [
      ...shadowedPolicy(path, policy, policies.slice(0, index)),
      ...shadowedRules(path, list(valueAt(policy, "keepTags"))),
    ]),
  );
}

function shadowedPolicy(
  path: string,
  policy: unknown,
  earlier: readonly { readonly path: string; readonly policy: unknown }[],
): readonly string[] {
  const globs = texts(valueAt(policy, "repositories"));
  const before = earlier.flatMap((one) => texts(valueAt(one.policy, "repositories")));
  if (globs.length === 0 || !globs.every((glob) => before.some((other) => includes(other, glob)))) return [];
  return [
    `${path} of zot's config is never used: earlier policies match all of its repositories (${globs.join(", ")}), and only the first policy that matches a ` +
      "repository counts. Move it before them, or remove it.",
  ];
}

/** Whether a glob surely matches every repository of another: nothing is said about globs that overlap in part. */
function includes(glob: string, other: string): boolean {
  if (glob === other || glob === "**" || glob === "**/*") return true;
  const folder = glob.endsWith("/**") ? glob.slice(0, -"/**".length) : glob;
  if (/[*?[{\\]/.test(folder)) return false;
  return other === folder || (glob !== folder && matchesGlob(glob, other));
}

function shadowedRules(path: string, rules: readonly unknown[]): readonly string[] {
  return rules.flatMap((rule, index) => {
    const earlier = rules.slice(0, index).map((one) => texts(valueAt(one, "patterns")));
    const own = texts(valueAt(rule, "patterns"));
    const asked = earlier.flat();
    const all = earlier.some((patterns) => patterns.length === 0 || patterns.some(matchesEveryTag));
    if (!all && (own.length === 0 || !own.every((pattern) => asked.includes(pattern)))) return [];
    return [
      `${path}.keepTags.${index} of zot's config is never used: earlier rules match all of its tags, and only the first rule with a matching pattern decides about ` +
        "a tag. Move it before them, or put its conditions into the earlier rule.",
    ];
  });
}

/** Patterns match anywhere in a tag, and a tag is never empty. */
function matchesEveryTag(pattern: string): boolean {
  return /^\^?(?:\.[*+]\??)?\$?$/.test(pattern) && pattern !== "^$";
}

function texts(value: unknown): readonly string[] {
  return list(value).filter((entry) => typeof entry === "string");
}
