// zot's globs: https://pkg.go.dev/github.com/bmatcuk/doublestar/v4, which zot uses for repositories in access control, retention and sync. No package for
// Node matches in the same way: there, `private/**` also matches `private`, `{a}` is `a`, and `{1..3}` is no range.

/** A place in the pattern and in the name from which a wildcard takes more of the name. */
interface Retry {
  readonly pattern: number;
  readonly name: number;
}

interface Retries {
  readonly star?: Retry | undefined;
  readonly doubleStar?: Retry | undefined;
}

/** Whether zot starts with the glob. */
export function isValidGlob(glob: string): boolean {
  const pattern = Array.from(glob);
  let depth = 0;
  for (let index = 0; index < pattern.length; index += 1) {
    const character = pattern[index];
    if (character === "\\") index += 1;
    else if (character === "[") index = endOfClass(pattern, index) ?? pattern.length;
    else if (character === "{") depth += 1;
    else if (character === "}") depth -= 1;
    if (depth < 0 || index >= pattern.length) return false;
  }
  return depth === 0;
}

/** Whether zot counts the repository among those of the glob. */
export function matchesGlob(glob: string, repository: string): boolean {
  return matches(Array.from(glob), Array.from(repository), { pattern: 0, name: 0 }, {});
}

/** The globs without braces that a glob stands for. */
export function alternatives(glob: string): readonly string[] {
  return expand(Array.from(glob)).map((pattern) => pattern.join(""));
}

function expand(pattern: readonly string[]): readonly (readonly string[])[] {
  for (let index = 0; index < pattern.length; index += 1) {
    if (pattern[index] === "\\") index += 1;
    else if (pattern[index] === "[") index = endOfClass(pattern, index) ?? index;
    else if (pattern[index] === "{") return (choicesAt(pattern, index) ?? []).flatMap(expand);
  }
  return [pattern];
}

function matches(pattern: readonly string[], name: readonly string[], from: Retry, retries: Retries): boolean {
  let { pattern: p, name: n } = from;
  let { star, doubleStar } = retries;
  let startsSegment = true;
  while (n < name.length) {
    const character = pattern[p];
    if (character === "*") {
      const double = pattern[p + 1] === "*";
      const whole = double && startsSegment;
      p += double ? 2 : 1;
      if (whole && p === pattern.length) return true;
      if (whole && pattern[p] === "/") {
        p += 1;
        doubleStar = { pattern: p, name: n };
        star = undefined;
      } else {
        startsSegment = false;
        star = { pattern: p, name: n };
      }
      continue;
    }
    if (character === "{") {
      const before = { pattern: p, name: n };
      return (choicesAt(pattern, p) ?? []).some((choice) => matches(choice, name, before, { star, doubleStar }));
    }
    const next = afterOne(pattern, p, name[n] ?? "");
    if (next !== undefined) {
      startsSegment = name[n] === "/" && character !== "[";
      p = next;
      n += 1;
    } else if (star !== undefined && name[star.name] !== "/") {
      star = { pattern: star.pattern, name: star.name + 1 };
      ({ pattern: p, name: n } = star);
      startsSegment = false;
    } else if (doubleStar !== undefined && name.indexOf("/", doubleStar.name) !== -1) {
      doubleStar = { pattern: doubleStar.pattern, name: name.indexOf("/", doubleStar.name) + 1 };
      ({ pattern: p, name: n } = doubleStar);
      startsSegment = true;
    } else {
      return false;
    }
  }
  return matchesNothing(pattern.slice(p));
}

/** The place after the part of the pattern that matches this one character; `undefined` if it does not match. */
function afterOne(pattern: readonly string[], at: number, character: string): number | undefined {
  switch (pattern[at]) {
    case "?":
      return character === "/" ? undefined : at + 1;
    case "[": {
      const end = endOfClass(pattern, at);
      return end !== undefined && inClass(pattern.slice(at + 1, end), character) ? end + 1 : undefined;
    }
    case "\\":
      return pattern[at + 1] === character ? at + 2 : undefined;
    default:
      return pattern[at] === character ? at + 1 : undefined;
  }
}

/** The `]` that closes the class; `undefined` if there is none, or the class is empty. */
function endOfClass(pattern: readonly string[], start: number): number | undefined {
  const negated = pattern[start + 1] === "^" || pattern[start + 1] === "!";
  const first = start + (negated ? 2 : 1);
  if (pattern[first] === "]") return undefined;
  for (let index = first; index < pattern.length; index += 1) {
    if (pattern[index] === "\\") index += 1;
    else if (pattern[index] === "]") return index;
  }
  return undefined;
}

/** A class may match a slash. The first character of a range counts even if the range is reversed. */
function inClass([sign = "", ...more]: readonly string[], character: string): boolean {
  const negated = sign === "^" || sign === "!";
  const body = negated ? more : [sign, ...more];
  const code = codeOf(character);
  for (let index = 0; index < body.length; index += 1) {
    if (body[index] === "\\") index += 1;
    const low = codeOf(body[index]);
    if (code === low) return !negated;
    if (body[index + 1] !== "-" || index + 2 >= body.length) continue;
    index += body[index + 2] === "\\" ? 3 : 2;
    if (low <= code && code <= codeOf(body[index])) return !negated;
  }
  return negated;
}

function codeOf(character: string | undefined): number {
  return character?.codePointAt(0) ?? -1;
}

/** The pattern with each of the alternatives in place of the braces; `undefined` if they are not closed. */
function choicesAt(pattern: readonly string[], start: number): readonly (readonly string[])[] | undefined {
  const ends: number[] = [start];
  let depth = 0;
  for (let index = start; index < pattern.length; index += 1) {
    const character = pattern[index];
    if (character === "\\") index += 1;
    else if (character === "{") depth += 1;
    else if (character === "," && depth === 1) ends.push(index);
    else if (character === "}") {
      depth -= 1;
      if (depth > 0) continue;
      const [before, after] = [pattern.slice(0, start), pattern.slice(index + 1)];
      return [...ends.keys()].map((choice) => [
        ...before,
        ...pattern.slice((ends[choice] ?? start) + 1, ends[choice + 1] ?? index),
        ...after,
      ]);
    }
  }
  return undefined;
}

const OPTIONAL = ["", "*", "**", "/**", "**/", "/**/"];

/** Whether the rest of a pattern matches where the name has ended. */
function matchesNothing(pattern: readonly string[]): boolean {
  if (pattern[0] !== "{") return OPTIONAL.includes(pattern.join(""));
  return (choicesAt(pattern, 0) ?? []).some(matchesNothing);
}
