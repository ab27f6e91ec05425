// Stands in for Forgejo's Actions runner: the expressions between `${{` and `}}`.

export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** What an expression can read. */
export interface Scope {
  /** `github`, `secrets`, `inputs`, `needs`, … */
  readonly contexts: Readonly<Record<string, Value>>;
  /** The job's current status, for `success()` and similar functions. */
  readonly status: "success" | "failure" | "cancelled";
}

/** An invalid expression. The message goes into the job's log. */
export class ExpressionError extends Error {}

/** Replaces each `${{ … }}` in a text with its value. */
export function interpolate(text: string, scope: Scope): string {
  return text.replace(/\$\{\{([\s\S]*?)\}\}/g, (_, expression: string) => textOf(evaluate(expression, scope)));
}

/** Whether a step or job with this `if` runs. Without a status function, `success()` is implied. */
export function conditionHolds(condition: string | null, scope: Scope): boolean {
  if (condition === null) return scope.status === "success";
  const expression = condition.trim().replace(/^\$\{\{([\s\S]*)\}\}$/, "$1");
  const asksStatus = /\b(?:always|success|failure|cancelled)\s*\(/.test(expression);
  return (asksStatus || scope.status === "success") && truth(evaluate(expression, scope));
}

export function evaluate(expression: string, scope: Scope): Value {
  const parser = new Parser(tokens(expression), scope, expression.trim());
  return parser.whole();
}

const TOKEN = /\s*(?:('(?:[^']|'')*')|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w-]*)|(&&|\|\||==|!=|<=|>=|[<>!()[\].,*]))/y;

function tokens(expression: string): string[] {
  const found: string[] = [];
  const text = expression.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new ExpressionError(`unexpected "${text.slice(start).trim()}" in \${{ ${text.trim()} }}`);
    found.push(match[0].trim());
  }
  return found;
}

/** A recursive descent parser: or, and, equality, comparison, not, then values with their properties. */
class Parser {
  readonly #tokens: readonly string[];
  readonly #scope: Scope;
  readonly #source: string;
  #at = 0;

  constructor(all: readonly string[], scope: Scope, source: string) {
    this.#tokens = all;
    this.#scope = scope;
    this.#source = source;
  }

  whole(): Value {
    const value = this.#or();
    if (this.#at < this.#tokens.length) this.#fail();
    return value;
  }

  #or(): Value {
    let left = this.#and();
    while (this.#take("||")) {
      const right = this.#and();
      left = truth(left) ? left : right;
    }
    return left;
  }

  #and(): Value {
    let left = this.#equality();
    while (this.#take("&&")) {
      const right = this.#equality();
      left = truth(left) ? right : left;
    }
    return left;
  }

  #equality(): Value {
    let left = this.#comparison();
    for (;;) {
      if (this.#take("==")) left = equal(left, this.#comparison());
      else if (this.#take("!=")) left = !equal(left, this.#comparison());
      else return left;
    }
  }

  #comparison(): Value {
    const left = this.#not();
    if (this.#take("<=")) return numberOf(left) <= numberOf(this.#not());
    if (this.#take(">=")) return numberOf(left) >= numberOf(this.#not());
    if (this.#take("<")) return numberOf(left) < numberOf(this.#not());
    if (this.#take(">")) return numberOf(left) > numberOf(this.#not());
    return left;
  }

  #not(): Value {
    return this.#take("!") ? !truth(this.#not()) : this.#property(this.#primary());
  }

  #property(start: Value): Value {
    let value = start;
    for (;;) {
      if (this.#take(".")) value = member(value, this.#next());
      else if (this.#take("[")) {
        value = member(value, textOf(this.#or()));
        this.#expect("]");
      } else return value;
    }
  }

  #primary(): Value {
    const token = this.#next();
    if (token === "(") {
      const value = this.#or();
      this.#expect(")");
      return value;
    }
    if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
    if (/^-?\d/.test(token)) return Number(token);
    if (!/^[A-Za-z_]/.test(token)) return this.#fail();
    if (this.#take("(")) return this.#call(token);
    switch (token) {
      case "true":
        return true;
      case "false":
        return false;
      case "null":
        return null;
    }
    const context = member(this.#scope.contexts, token);
    if (context === null) throw new ExpressionError(`unknown context "${token}" in \${{ ${this.#source} }}`);
    return context;
  }

  #call(name: string): Value {
    const given: Value[] = [];
    if (!this.#take(")")) {
      do given.push(this.#or());
      while (this.#take(","));
      this.#expect(")");
    }
    const result = callFunction(name, given, this.#scope.status);
    if (result === undefined) throw new ExpressionError(`unknown function "${name}" in \${{ ${this.#source} }}`);
    return result;
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }

  #next(): string {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    return token ?? this.#fail();
  }

  #expect(token: string): void {
    if (!this.#take(token)) this.#fail();
  }

  #fail(): never {
    const found = this.#tokens[this.#at] ?? "its end";
    throw new ExpressionError(`unexpected ${found} in \${{ ${this.#source} }}`);
  }
}

function callFunction(name: string, given: readonly Value[], status: Scope["status"]): Value | undefined {
  const [first = null, second = null] = given;
  const lower = (value: Value): string => textOf(value).toLowerCase();
  switch (name.toLowerCase()) {
    case "always":
      return true;
    case "success":
    case "failure":
    case "cancelled":
      return status === name.toLowerCase();
    case "contains":
      return isList(first) ? first.some((one) => equal(one, second)) : lower(first).includes(lower(second));
    case "startswith":
      return lower(first).startsWith(lower(second));
    case "endswith":
      return lower(first).endsWith(lower(second));
    case "format":
      return textOf(first).replace(/\{(\d+)\}/g, (_, index: string) => textOf(given[Number(index) + 1] ?? null));
    case "join":
      return isList(first) ? first.map(textOf).join(second === null ? "," : textOf(second)) : textOf(first);
    case "tojson":
      return JSON.stringify(first, undefined, 2);
    case "fromjson":
      return parsed(textOf(first));
    default:
      return undefined;
  }
}

/** Hides the parser's error, which quotes the text: it may be a secret. */
function parsed(text: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch {
    throw new ExpressionError("fromJSON: invalid JSON");
  }
}

/** Looks names up without regard to case; null if missing. */
function member(value: Value, name: string): Value {
  if (isList(value)) return value[Number(name)] ?? null;
  if (typeof value !== "object" || value === null) return null;
  const key = Object.keys(value).find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return key === undefined ? null : (value[key] ?? null);
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function truth(value: Value): boolean {
  return value !== null && value !== false && value !== "" && value !== 0;
}

/** Compares strings without regard to case, and values of different types as numbers. */
function equal(left: Value, right: Value): boolean {
  if (typeof left === "string" && typeof right === "string") return left.toLowerCase() === right.toLowerCase();
  if (typeof left === typeof right && left !== null && right !== null) return left === right;
  return numberOf(left) === numberOf(right);
}

function numberOf(value: Value): number {
  if (value === null) return 0;
  return typeof value === "object" ? Number.NaN : Number(value);
}

function textOf(value: Value): string {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
