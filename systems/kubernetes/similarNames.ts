import { distance } from "fastest-levenshtein";

/** Names that a person may have meant: with or without a generator's hash, with a part more or less, or with a slip. */
export function similarNames(wanted: string, names: readonly string[]): readonly string[] {
  return names.filter(
    (name) =>
      name.startsWith(wanted) ||
      wanted.startsWith(`${name}-`) ||
      name.endsWith(`-${wanted}`) ||
      distance(wanted, name) <= Math.max(2, wanted.length / 4),
  );
}
