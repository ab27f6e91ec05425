import { distance } from "fastest-levenshtein";

/**
 * The hash with which kustomize ends a name: ten hexadecimal digits, of which it spells 0, 1, 3, a and e as g, h, k, m and t (`encode` in its
 * api/hasher/hasher.go). What else ends in letters and digits, such as `prod1`, may be a name's own word.
 */
const HASH = /-[2456789bcdfghkmt]{10}$/;

/** Whether kustomize has made the name, and makes another one for other contents. */
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
