// Stands in for zot: the glob patterns for repositories in its access control.

/** Whether a repository matches. `*` matches within a path segment, `**` as a whole segment any number of segments. */
export function globMatches(pattern: string, name: string): boolean {
  return expandBraces(pattern).some((alternative) => segmentsMatch(alternative.split("/"), name.split("/")));
}

/** Whether zot can compile the pattern. */
export function isValidGlob(pattern: string): boolean {
  let depth = 0;
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index];
    if (character === "\\") {
      index++;
      if (index >= pattern.length) return false;
    } else if (character === "[") {
      const end = classEnd(pattern, index);
      if (end === -1) return false;
      index = end;
    } else if (character === "{") depth++;
    else if (character === "}" && --depth < 0) return false;
  }
  return depth === 0;
}

function segmentsMatch(pattern: readonly string[], name: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return name.length === 0;
  if (first === "**") {
    return segmentsMatch(rest, name) || (name.length > 0 && segmentsMatch(pattern, name.slice(1)));
  }
  const [segment, ...others] = name;
  return segment !== undefined && segmentExpression(first).test(segment) && segmentsMatch(rest, others);
}

function segmentExpression(segment: string): RegExp {
  let source = "";
  for (let index = 0; index < segment.length; index++) {
    const character = segment.charAt(index);
    if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (character === "[" && classEnd(segment, index) !== -1) {
      const end = classEnd(segment, index);
      source += `[${segment.slice(index + 1, end).replace(/^[!^]/, "^")}]`;
      index = end;
    } else if (character === "\\") source += escape(segment.charAt(++index));
    else source += escape(character);
  }
  return new RegExp(`^${source}$`, "u");
}

function escape(character: string): string {
  return character.replace(/[$()*+./?[\\\]^{|}]/, "\\$&");
}

function classEnd(pattern: string, start: number): number {
  for (let index = start + 1; index < pattern.length; index++) {
    if (pattern[index] === "\\") index++;
    else if (pattern[index] === "]" && index > start + 1) return index;
  }
  return -1;
}

function expandBraces(pattern: string): string[] {
  const start = pattern.indexOf("{");
  if (start === -1) return [pattern];
  let depth = 0;
  const commas: number[] = [];
  for (let index = start; index < pattern.length; index++) {
    const character = pattern[index];
    if (character === "{") depth++;
    else if (character === "," && depth === 1) commas.push(index);
    else if (character === "}" && --depth === 0) {
      const bounds = [start, ...commas, index];
      const alternatives = bounds.slice(0, -1).map((from, at) => pattern.slice(from + 1, bounds[at + 1]));
      return alternatives.flatMap((choice) =>
        expandBraces(pattern.slice(0, start) + choice + pattern.slice(index + 1)),
      );
    }
  }
  return [pattern];
}
