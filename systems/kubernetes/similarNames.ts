import { distance } from "fastest-levenshtein";

/** A generator's hash at the end of a name: kustomize's, of ten characters out of sixteen, or one with a digit. */
const HASH = /-(?:[2456789bcdfghkmt]{10}|(?=[a-z]*\d)[a-z\d]{5,})$/;

/** Whether a generator has made the name, and makes another one for other contents. */
export function hasHash(name: string): boolean {
  return HASH.test(name);
}

/** Names that a person may have meant: with another hash of a generator or without, with a part more or less, or with a slip. */
export function similarNames(wanted: string, names: readonly string[]): readonly string[] {
  const stem = wanted.replace(HASH, "");
  return names.filter((name) => {
    const other = name.replace(HASH, "");
    return (
      other === stem ||
      isPart(stem, other) ||
      isPart(other, stem) ||
      distance(stem, other) <= Math.max(2, stem.length / 4)
    );
  });
}

function isPart(part: string, name: string): boolean {
  return name.startsWith(`${part}-`) || name.endsWith(`-${part}`);
}
