/** A set of words, in the terms of regular expressions. */
export type Language =
  | { readonly kind: "character"; readonly has: (character: string) => boolean }
  | { readonly kind: "sequence" | "choice"; readonly parts: readonly Language[] }
  | { readonly kind: "repeat"; readonly part: Language; readonly min: number; readonly max: number | undefined }
  | { readonly kind: "start" | "end" };

export function character(characters: string): Language {
  return { kind: "character", has: (one) => characters.includes(one) };
}

export function sequence(...parts: readonly Language[]): Language {
  return { kind: "sequence", parts };
}

export function choice(...parts: readonly Language[]): Language {
  return { kind: "choice", parts };
}

/** Without a maximum, any number of times. */
export function repeat(part: Language, min = 0, max?: number): Language {
  return { kind: "repeat", part, min, max };
}

/** The word itself. */
export function literal(word: string): Language {
  return sequence(...Array.from(word, character));
}

export const NOTHING: Language = choice();
