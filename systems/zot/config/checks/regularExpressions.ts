// zot's regular expressions are those of Go: https://pkg.go.dev/regexp/syntax. Node's differ: Go has no look-around, no references to groups and no more
// than 1000 repetitions, but has `(?i)`, `\z`, `\Q…\E` and `[[:alpha:]]`.

/** How often an expression is repeated, and what it contains. */
interface Repeated {
  readonly times: number;
  readonly parts: readonly Repeated[];
}

const MOST_REPETITIONS = 1000;
/** Go allows this depth at most. */
const DEEPEST = 1000;

/** What is wrong with the regular expression; `undefined` for one that zot accepts. */
export function regularExpressionProblem(expression: string): string | undefined {
  try {
    new Parser(expression).parse();
    return undefined;
  } catch (error) {
    if (error instanceof InvalidExpression) return error.message;
    throw error;
  }
}

class InvalidExpression extends Error {}

class Parser {
  #rest: string;
  readonly #names = new Set<string>();

  constructor(expression: string) {
    this.#rest = expression;
  }

  parse(): void {
    this.#alternatives(0);
    if (this.#rest !== "") throw new InvalidExpression("unexpected )");
  }

  /** Takes the beginning of the rest, if it is as given. */
  #take(pattern: RegExp): RegExpExecArray | undefined {
    const found = pattern.exec(this.#rest);
    if (found === null) return undefined;
    this.#rest = this.#rest.slice(found[0].length);
    return found;
  }

  #alternatives(depth: number): Repeated[] {
    if (depth > DEEPEST) throw new InvalidExpression(`expression nests too deeply (at most ${DEEPEST} levels)`);
    const parts: Repeated[] = [];
    let last: Repeated | undefined;
    while (this.#rest !== "" && !this.#rest.startsWith(")")) {
      const repetition = this.#repetition();
      if (repetition !== undefined) {
        if (last === undefined)
          throw new InvalidExpression(`missing argument to repetition operator: ${repetition.text}`);
        parts.pop();
        last = { times: repetition.times, parts: [last] };
        if (repetition.times >= 2 && !mayRepeat(last, MOST_REPETITIONS))
          throw new InvalidExpression(`invalid repeat count: more than ${MOST_REPETITIONS} repetitions`);
        parts.push(last);
        const next = this.#repetition();
        if (next !== undefined)
          throw new InvalidExpression(`invalid nested repetition operator: ${repetition.text}${next.text}`);
        continue;
      }
      // Flags and an empty quotation are nothing: what follows repeats what is before them.
      if (this.#take(/^\(\?[imsU]*(?:-[imsU]+)?\)|^\\Q(?:\\E|$)/) !== undefined) continue;
      last = this.#take(/^\|/) === undefined ? this.#single(depth) : undefined;
      if (last !== undefined) parts.push(last);
    }
    return parts;
  }

  /** A repetition, if one follows. Braces that are none stand for themselves. */
  #repetition(): { readonly text: string; readonly times: number } | undefined {
    const found = this.#take(/^(?:[*+?]|\{(\d+)(?:,(\d*))?\})\??/);
    if (found === undefined) return undefined;
    const [text, least, most] = found;
    if (least === undefined) return { text, times: 1 };
    const [from, to] = [Number(least), Number(most === undefined || most === "" ? least : most)];
    if (from > MOST_REPETITIONS || to > MOST_REPETITIONS || to < from)
      throw new InvalidExpression(
        `invalid repeat count: ${text} (at most ${MOST_REPETITIONS}, the smaller number first)`,
      );
    return { text, times: to };
  }

  /** One character, class, group or assertion. */
  #single(depth: number): Repeated {
    if (this.#take(/^\\Q[\s\S]*?(?:\\E|$)/) !== undefined) return once([]);
    if (this.#rest.startsWith("\\")) {
      if (this.#take(/^\\[bBAz]/) === undefined) this.#escape(true);
      return once([]);
    }
    if (this.#rest.startsWith("[")) {
      this.#class();
      return once([]);
    }
    if (this.#take(/^\(/) === undefined) {
      this.#take(/^[\s\S]/u);
      return once([]);
    }
    const name = this.#take(/^\?P?<([A-Za-z0-9_]+)>/)?.[1];
    if (name !== undefined && this.#names.size === this.#names.add(name).size)
      throw new InvalidExpression(`duplicate capture group name: ${name}`);
    if (name === undefined && this.#take(/^\?[imsU]*(?:-[imsU]+)?:/) === undefined && this.#rest.startsWith("?"))
      throw new InvalidExpression(`unsupported syntax (${this.#rest.slice(0, 3)}: Go has no look-around`);
    const parts = this.#alternatives(depth + 1);
    if (this.#take(/^\)/) === undefined) throw new InvalidExpression("missing closing )");
    return once(parts);
  }

  /** The code of the escaped character; `undefined` for a class of characters. */
  #escape(classes: boolean): number | undefined {
    if (classes && this.#characters()) return undefined;
    const [text, long, short, octal] =
      this.#take(/^\\(?:x\{([0-9A-Fa-f]+)\}|x([0-9A-Fa-f]{2})|([1-7][0-7]{1,2}|0[0-7]{0,2}))/) ?? [];
    if (text !== undefined) {
      const code = octal === undefined ? Number.parseInt(long ?? short ?? "", 16) : Number.parseInt(octal, 8);
      if (code <= 0x10_ff_ff) return code;
      throw new InvalidExpression(`invalid escape sequence: ${text}`);
    }
    const plain = this.#take(/^\\([afnrtv]|[^\p{L}\p{N}\u{80}-\u{10ffff}])/u)?.[1];
    if (plain !== undefined) return plain.codePointAt(0);
    throw new InvalidExpression(`invalid escape sequence: ${this.#rest.slice(0, 2)} (Go has no references to groups)`);
  }

  /** Takes `\d`, `\pL` or `\p{Greek}`. */
  #characters(): boolean {
    if (this.#take(/^\\[dDsSwW]/) !== undefined) return true;
    const found = this.#take(/^\\[pP](?:\{\^?([A-Za-z_]+)\}|([A-Z]))/);
    if (found === undefined) return false;
    const name = found[1] ?? found[2] ?? "";
    if (name !== "Any" && ![`\\p{${name}}`, `\\p{Script=${name}}`].some(isKnown))
      throw new InvalidExpression(`invalid character class: ${found[0]}`);
    return true;
  }

  #class(): void {
    this.#take(/^\[\^?/);
    for (let first = true; first || !this.#rest.startsWith("]"); first = false) {
      if (this.#rest === "") throw new InvalidExpression(`missing closing ]`);
      const named = this.#take(/^\[:(\^?[a-z]*):\]/);
      if (named !== undefined) {
        if (!NAMED.test(named[1] ?? "")) throw new InvalidExpression(`invalid character class: ${named[0]}`);
        continue;
      }
      if (this.#characters()) continue;
      const low = this.#classCharacter();
      if (this.#take(/^-(?!\])/) === undefined) continue;
      if (this.#rest === "") throw new InvalidExpression(`missing closing ]`);
      const high = this.#classCharacter();
      if (high < low) throw new InvalidExpression("invalid character class range");
    }
    this.#take(/^\]/);
  }

  #classCharacter(): number {
    if (this.#rest.startsWith("\\")) return this.#escape(false) ?? 0;
    return this.#take(/^[\s\S]/u)?.[0].codePointAt(0) ?? 0;
  }
}

const NAMED = /^\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit)$/;

function once(parts: readonly Repeated[]): Repeated {
  return { times: 1, parts };
}

/** Go counts repetitions in repetitions, by division. */
function mayRepeat({ times, parts }: Repeated, allowed: number): boolean {
  if (times > allowed) return false;
  const left = times > 1 ? Math.floor(allowed / times) : allowed;
  return parts.every((part) => mayRepeat(part, left));
}

function isKnown(source: string): boolean {
  try {
    return new RegExp(source, "u").source !== "";
  } catch {
    return false;
  }
}
