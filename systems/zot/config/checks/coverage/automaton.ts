import type { Language } from "./language.ts";

type When = "always" | "start" | "end";

/** More than patterns that a person writes need. */
const MOST_STATES = 3000;

/** The language is too large to be compared. */
export class TooLarge extends Error {}

/** A nondeterministic automaton that accepts the words of a language. Its states are numbers. */
export class Automaton {
  readonly #free: (readonly [to: number, when: When])[][] = [];
  readonly #taking: (readonly [to: number, has: (character: string) => boolean])[][] = [];
  readonly #first: number;
  readonly #last: number;

  constructor(language: Language) {
    this.#first = this.#state();
    this.#last = this.#add(language, this.#first);
  }

  /** For each character, which steps take it: two with the same answer are alike. */
  signature(character: string): string {
    return this.#taking.map((steps) => steps.map(([, has]) => (has(character) ? "1" : "0")).join("")).join(".");
  }

  /** The states before a word. */
  begin(): readonly number[] {
    return this.#closure([this.#first], ["always", "start"]);
  }

  after(states: readonly number[], character: string): readonly number[] {
    const next = states.flatMap((state) =>
      (this.#taking[state] ?? []).flatMap(([to, has]) => (has(character) ? [to] : [])),
    );
    return this.#closure(next, ["always"]);
  }

  /** Whether the word that led to the states belongs to the language. No word is empty. */
  accepts(states: readonly number[]): boolean {
    return this.#closure(states, ["always", "end"]).includes(this.#last);
  }

  #closure(states: readonly number[], passable: readonly When[]): readonly number[] {
    const found = new Set(states);
    for (const state of found) {
      for (const [to, when] of this.#free[state] ?? []) if (passable.includes(when)) found.add(to);
    }
    return [...found].toSorted((a, b) => a - b);
  }

  #state(): number {
    if (this.#free.length >= MOST_STATES) throw new TooLarge();
    this.#taking.push([]);
    return this.#free.push([]) - 1;
  }

  /** Adds the language's states behind one; returns the one in which its words end. */
  #add(language: Language, from: number): number {
    switch (language.kind) {
      case "character": {
        const to = this.#state();
        this.#taking[from]?.push([to, language.has]);
        return to;
      }
      case "start":
      case "end": {
        const to = this.#state();
        this.#free[from]?.push([to, language.kind]);
        return to;
      }
      case "sequence":
        return language.parts.reduce((at, part) => this.#add(part, at), from);
      case "choice": {
        const to = this.#state();
        for (const part of language.parts) {
          const begin = this.#state();
          this.#link(from, begin);
          this.#link(this.#add(part, begin), to);
        }
        return to;
      }
      case "repeat":
        return this.#repeat(language, from);
    }
  }

  #repeat({ part, min, max }: Extract<Language, { kind: "repeat" }>, from: number): number {
    let at = from;
    for (let time = 0; time < min; time += 1) at = this.#add(part, at);
    const to = this.#state();
    if (max === undefined) {
      // A state of its own, so that what comes before cannot be entered again.
      const again = this.#state();
      this.#link(at, again);
      this.#link(this.#add(part, again), again);
      this.#link(again, to);
      return to;
    }
    for (let time = min; time < max; time += 1) {
      this.#link(at, to);
      at = this.#add(part, at);
    }
    this.#link(at, to);
    return to;
  }

  #link(from: number, to: number): void {
    this.#free[from]?.push([to, "always"]);
  }
}
