// Stands in for zot: CEL expressions, with zot's checks at compile time and its messages. The evaluator is a library, so the reason in a syntax error is not cel-go's.
import { Environment } from "@marcbachmann/cel-js";
import type { TypeCheckResult } from "@marcbachmann/cel-js";

/** An expression that does not compile or has the wrong type. */
export class ExpressionError extends Error {}

export interface ExpressionOptions {
  /** Maps that the expression may use. */
  readonly variables: readonly string[];
  /** The type that the expression must have when it is compiled. Default: any. */
  readonly output?: "bool";
}

/** A compiled expression. */
export class Expression {
  readonly #text: string;
  readonly #evaluate: (data: Readonly<Record<string, unknown>>) => unknown;

  /** Compiles the text. Throws an `ExpressionError`. */
  constructor(text: string, { variables, output }: ExpressionOptions) {
    this.#text = text;
    const environment = new Environment({ enableOptionalTypes: true });
    for (const name of variables) environment.registerVariable(name, "map<string, dyn>");
    const checked = environment.check(text);
    if (!checked.valid) {
      throw new ExpressionError(`failed to parse the CEL expression '${text}': ${syntaxError(text, checked)}`);
    }
    if (output !== undefined && checked.type !== output) {
      throw new ExpressionError(`CEL expression output type mismatch: expected ${output}, got ${checked.type ?? ""}`);
    }
    this.#evaluate = environment.parse(text);
  }

  boolean(data: Readonly<Record<string, unknown>>): boolean {
    const value = this.value(data);
    if (typeof value !== "boolean") throw new Error(`failed to evaluate CEL expression as boolean: '${this.#text}'`);
    return value;
  }

  string(data: Readonly<Record<string, unknown>>): string {
    const value = this.value(data);
    if (typeof value !== "string") throw new Error(`failed to evaluate CEL expression as string: '${this.#text}'`);
    return value;
  }

  strings(data: Readonly<Record<string, unknown>>): readonly string[] {
    const value = this.value(data);
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
    const failed = `failed to evaluate CEL expression '${this.#text}' as []string`;
    throw new Error(`${failed}: unsupported native conversion from ${celType(value)} to '[]string'`);
  }

  value(data: Readonly<Record<string, unknown>>): unknown {
    try {
      return this.#evaluate(data);
    } catch (error) {
      const reason = firstLine(error).replace(/^N/, "n");
      throw new Error(`failed to evaluate the CEL expression '${this.#text}': ${reason}`, { cause: error });
    }
  }
}

/** An error as cel-go shows it, with the place below the expression. */
function syntaxError(text: string, { error }: TypeCheckResult): string {
  const position = error?.range?.start ?? 0;
  return `ERROR: <input>:1:${position + 1}: Syntax error: ${error?.summary ?? ""}\n | ${text}\n | ${".".repeat(position)}^`;
}

/** The library puts the expression below its message. */
function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}

function celType(value: unknown): string {
  if (Array.isArray(value)) return "list";
  return typeof value === "bigint" ? "int" : typeof value === "number" ? "double" : typeof value;
}
