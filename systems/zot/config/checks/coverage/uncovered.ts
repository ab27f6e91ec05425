import { Automaton, TooLarge } from "./automaton.ts";
import { choice } from "./language.ts";
import type { Language } from "./language.ts";

/** After so many steps, the question stays open. */
const MOST_STEPS = 5000;

export interface Question {
  /** The words that there are at all. */
  readonly words: Language;
  readonly alphabet: string;
  readonly of: readonly Language[];
  readonly by: readonly Language[];
}

/**
 * One of the shortest words that belongs to a language of `of` and to none of `by`; `undefined` if there is none.
 *
 * @throws TooLarge
 */
export function uncovered({ words, alphabet, of, by }: Question): string | undefined {
  const automata = [words, choice(...of), choice(...by)].map((language) => new Automaton(language));
  const alike = Map.groupBy(alphabet, (one) => automata.map((each) => each.signature(one)).join("|"));
  const characters = [...alike.values()].map(([one = ""]) => one);
  const found: { readonly word: string; readonly at: readonly (readonly number[])[] }[] = [
    { word: "", at: automata.map((each) => each.begin()) },
  ];
  const seen = new Set<string>();
  for (const { word, at } of found) {
    for (const next of characters) {
      const there = automata.map((each, index) => each.after(at[index] ?? [], next));
      const [isWord = [], isOf = []] = there;
      const key = there.join("|");
      if (isWord.length === 0 || isOf.length === 0 || seen.has(key)) continue;
      if (seen.add(key).size > MOST_STEPS) throw new TooLarge();
      const [valid, wanted, covered] = automata.map((each, index) => each.accepts(there[index] ?? []));
      if (valid === true && wanted === true && covered !== true) return word + next;
      found.push({ word: word + next, at: there });
    }
  }
  return undefined;
}
