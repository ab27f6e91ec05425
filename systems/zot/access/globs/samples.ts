import { alternatives, matchesGlob } from "./match.ts";
import { lengthOf } from "../policies.ts";
import type { RepositoryRules } from "../policies.ts";

/** Sample repository names below a prefix: at least one for each glob that can apply there. */
export function samplesBelow(rules: readonly RepositoryRules[], prefix: string): readonly string[] {
  const samples = rules.flatMap(({ glob }) => samplesOf(glob, "sample", prefix));
  return [...new Set([`${prefix}/sample`, `${prefix}/library/sample`, ...samples])];
}

/**
 * Repository names that the glob matches, one for each of its alternatives and each number of folders.
 *
 * @param word what stands for each `*`
 * @param prefix the folder that they must be in
 */
export function samplesOf(glob: string, word: string, prefix?: string): readonly string[] {
  const folders = prefix?.split("/") ?? [];
  return alternatives(glob.toLowerCase())
    .flatMap((pattern) => namesBelow(pattern.split("/"), folders, word))
    .map((segments) => segments.join("/"))
    .filter(
      (name) =>
        name !== "" && matchesGlob(glob.toLowerCase(), name) && (prefix === undefined || name.startsWith(`${prefix}/`)),
    );
}

/** Pairs of globs of the same length and with different rules that match the same repository: zot takes the rules of either. */
export function equallyLong(
  rules: readonly RepositoryRules[],
): readonly { readonly globs: readonly [string, string]; readonly repository: string }[] {
  return rules.flatMap((one, index) =>
    rules.slice(index + 1).flatMap((other) => {
      if (lengthOf(one) !== lengthOf(other) || sameRules(one, other)) return [];
      const repository = commonSample(one.glob, other.glob) ?? commonSample(other.glob, one.glob);
      return repository === undefined ? [] : [{ globs: [one.glob, other.glob] as const, repository }];
    }),
  );
}

function sameRules(one: RepositoryRules, other: RepositoryRules): boolean {
  return JSON.stringify({ ...one, glob: "" }) === JSON.stringify({ ...other, glob: "" });
}

/** A repository name that both globs match, if one is found. */
export function commonSample(glob: string, other: string): string | undefined {
  const words = ["sample", ...other.toLowerCase().split(/[^a-z0-9._-]+/)];
  return words.flatMap((word) => samplesOf(glob, word)).find((name) => matchesGlob(other.toLowerCase(), name));
}

/** Names that begin with the prefix and match the pattern, all as their segments. */
function namesBelow(
  [first, ...rest]: readonly string[],
  [inside, ...deeper]: readonly string[],
  word: string,
): readonly (readonly string[])[] {
  if (first === undefined) return [];
  const within = (names: readonly (readonly string[])[]) =>
    inside === undefined ? names : names.map((name) => [inside, ...name]);
  if (inside === undefined) {
    const starts = first === "**" ? [[word], [], ["library", word]] : [[exampleOf(first, word)]];
    const ends = rest.length === 0 ? [[]] : namesBelow(rest, [], word);
    return starts.flatMap((start) => ends.map((end) => [...start, ...end]));
  }
  if (first === "**")
    return [...namesBelow(rest, [inside, ...deeper], word), ...within(namesBelow([first, ...rest], deeper, word))];
  return matchesGlob(first, inside) ? within(namesBelow(rest, deeper, word)) : [];
}

const CHARACTERS = Array.from("abcdefghijklmnopqrstuvwxyz0123456789-_.");

/** A name that the segment of a pattern matches. */
function exampleOf(segment: string, word: string): string {
  return segment.replaceAll(/\\(.)|\*+|\?|\[(?:\\.|[^\\\]])+\]/g, (part, escaped?: string) => {
    if (escaped !== undefined) return escaped;
    if (part.startsWith("*")) return word;
    return CHARACTERS.find((character) => matchesGlob(part, character)) ?? part;
  });
}
