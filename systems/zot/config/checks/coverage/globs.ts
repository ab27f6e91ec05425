import { alternatives, matchesGlob } from "../../../access/globs/match.ts";
import { NOTHING, character, choice, literal, repeat, sequence } from "./language.ts";
import type { Language } from "./language.ts";

const ATOM = "abcdefghijklmnopqrstuvwxyz0123456789";
export const REPOSITORY_CHARACTERS = `${ATOM}._-/`;

const atoms = repeat(character(ATOM), 1);
const separators = choice(character("._"), literal("__"), repeat(character("-"), 1));
const segment = sequence(atoms, repeat(sequence(separators, atoms)));
/** The names of repositories: access/imageNames.ts. */
export const REPOSITORIES = sequence(segment, repeat(sequence(character("/"), segment)));

const ANY = character(REPOSITORY_CHARACTERS);
const IN_SEGMENT = character(REPOSITORY_CHARACTERS.replace("/", ""));

/** Next to braces, zot reads stars unlike in the alternatives written out. */
const STARS_AT_BRACES = /\*\{|[{,]\*|\}\*\*|[{,][,}].*\}\*/;

/** The repositories of a glob (access/globs/match.ts); `undefined` for a rare form that is not compared. */
export function globLanguage(glob: string): Language | undefined {
  if (glob.includes("{") && STARS_AT_BRACES.test(glob)) return undefined;
  const languages = alternatives(glob).map(withoutBraces);
  return languages.includes(undefined) ? undefined : choice(...languages.filter((one) => one !== undefined));
}

function withoutBraces(glob: string): Language | undefined {
  // An escaped slash begins no segment, one at the end matches what is no name, and of three stars at the end one has to match.
  if (glob.includes("\\/") || /\/$|\*{3}$/.test(glob)) return undefined;
  if (/^\*\*$/.test(glob)) return repeat(ANY);
  const segments = glob.split("/");
  const parts: Language[] = [];
  for (const [index, text] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (text === "**") {
      // Before it, the slash belongs to it at the end: `a/**` matches `a`.
      parts.push(isLast ? repeat(ANY) : repeat(sequence(repeat(IN_SEGMENT), character("/"))));
      continue;
    }
    const part = segmentLanguage(text);
    if (part === undefined) return undefined;
    const isBeforeEnd = index === segments.length - 2 && segments.at(-1) === "**";
    if (isBeforeEnd) {
      const below = sequence(part, character("/"), repeat(ANY));
      return sequence(...parts, choice(withoutFolder(text), below));
    }
    parts.push(part, ...(isLast ? [] : [character("/")]));
  }
  return sequence(...parts);
}

/** What a segment before a last `/**` matches without a folder below: stars at its end match one character or more, then. */
function withoutFolder(text: string): Language {
  const stem = text.replace(/(?<!\\)\*+$/, "");
  const language = segmentLanguage(stem) ?? NOTHING;
  return stem === text ? language : sequence(language, repeat(IN_SEGMENT, 1));
}

function segmentLanguage(text: string): Language | undefined {
  const parts: Language[] = [];
  for (const [part] of text.matchAll(/\\.|\[(?:\\.|[^\\\]])+\]|[\s\S]/gu)) {
    if (/^\*/.test(part)) parts.push(repeat(IN_SEGMENT));
    else if (part === "?") parts.push(IN_SEGMENT);
    else if (part.startsWith("[")) {
      if (part.length === 1 || matchesGlob(part, "/")) return undefined;
      parts.push({ kind: "character", has: (one) => matchesGlob(part, one) });
    } else parts.push(character(part.replace(/^\\/, "")));
  }
  return sequence(...parts);
}
