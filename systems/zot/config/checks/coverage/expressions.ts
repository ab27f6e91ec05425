import { character, choice, repeat, sequence } from "./language.ts";
import type { Language } from "./language.ts";

const WORD = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
export const TAG_CHARACTERS = `${WORD}.-`;
/** The tags that the OCI distribution specification allows, and longer ones. */
export const TAGS = sequence(character(WORD), repeat(character(TAG_CHARACTERS)));

const ANY = character(TAG_CHARACTERS);

/** The tags in which a regular expression of Go matches anywhere; `undefined` for a rare form that is not compared, such as `(?i)` or `\b`. */
export function expressionLanguage(expression: string): Language | undefined {
  const inside = new Parser(expression).parse();
  return inside === undefined ? undefined : sequence(repeat(ANY), inside, repeat(ANY));
}

class NotCompared extends Error {}

class Parser {
  #rest: string;

  constructor(expression: string) {
    this.#rest = expression;
  }

  parse(): Language | undefined {
    try {
      const found = this.#alternatives();
      return this.#rest === "" ? found : undefined;
    } catch (error) {
      if (error instanceof NotCompared) return undefined;
      throw error;
    }
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    const found = pattern.exec(this.#rest);
    if (found === null) return undefined;
    this.#rest = this.#rest.slice(found[0].length);
    return found;
  }

  #alternatives(): Language {
    const found = [this.#sequence()];
    while (this.#take(/^\|/) !== undefined) found.push(this.#sequence());
    return choice(...found);
  }

  #sequence(): Language {
    const parts: Language[] = [];
    while (this.#rest !== "" && !/^[|)]/.test(this.#rest)) {
      const part = this.#single();
      const times = this.#take(/^(?:[*+?]|\{(\d+)(,(\d*))?\})\??/);
      parts.push(times === undefined ? part : repeated(part, times));
      if (times !== undefined && /^(?:[*+?]|\{\d+(?:,\d*)?\})/.test(this.#rest)) throw new NotCompared();
    }
    return sequence(...parts);
  }

  #single(): Language {
    if (this.#take(/^\((?:\?:|\?P?<\w+>)?(?!\?)/) !== undefined) {
      const inside = this.#alternatives();
      if (this.#take(/^\)/) === undefined) throw new NotCompared();
      return inside;
    }
    if (this.#take(/^(?:\^|\\A)/) !== undefined) return { kind: "start" };
    if (this.#take(/^(?:\$|\\z)/) !== undefined) return { kind: "end" };
    if (this.#take(/^\./) !== undefined) return ANY;
    if (this.#take(/^\[/) !== undefined) return this.#class();
    const plain = this.#take(/^[^\\(*+?]/u);
    return plain === undefined ? oneOf(this.#escape()) : character(plain[0]);
  }

  #class(): Language {
    const isNegated = this.#take(/^\^/) !== undefined;
    const tests: ((character: string) => boolean)[] = [];
    for (let first = true; first || this.#take(/^\]/) === undefined; first = false) {
      if (/^$|^\[:/.test(this.#rest)) throw new NotCompared();
      const low = this.#classPart();
      if (/^-[^\]]/.test(this.#rest)) {
        this.#take(/^-/);
        const high = this.#classPart();
        if (typeof low !== "string" || typeof high !== "string") throw new NotCompared();
        tests.push((one) => low <= one && one <= high);
      } else tests.push(typeof low === "string" ? (one) => one === low : low);
    }
    return { kind: "character", has: (one) => tests.some((test) => test(one)) !== isNegated };
  }

  #classPart(): string | ((character: string) => boolean) {
    const plain = this.#take(/^[^\\]/u);
    return plain === undefined ? this.#escape() : plain[0];
  }

  /** The escaped character, or whether a character belongs to the escaped class. */
  #escape(): string | ((character: string) => boolean) {
    const [, escaped] = this.#take(/^\\([dDwWsS]|[^\p{L}\p{N}\u{80}-\u{10ffff}])/u) ?? [];
    if (escaped === undefined) throw new NotCompared();
    if (!/[dDwWsS]/.test(escaped)) return escaped;
    const one = new RegExp(`^\\${escaped}$`);
    return (character) => one.test(character);
  }
}

function repeated(part: Language, [text, least, comma, most]: RegExpExecArray): Language {
  if (text.startsWith("*")) return repeat(part);
  if (text.startsWith("+")) return repeat(part, 1);
  if (text.startsWith("?")) return repeat(part, 0, 1);
  const min = Number(least);
  const max = comma === undefined ? min : most === "" || most === undefined ? undefined : Number(most);
  if (max !== undefined && max < min) throw new NotCompared();
  return repeat(part, min, max);
}

function oneOf(found: string | ((character: string) => boolean)): Language {
  return typeof found === "string" ? character(found) : { kind: "character", has: found };
}
