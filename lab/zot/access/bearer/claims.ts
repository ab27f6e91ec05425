// Stands in for zot: turns the claims of a workload's token into a user with groups, by the CEL expressions of `claimMapping`.
import type { BearerOidcConfig, ClaimMappingConfig } from "../../config/bearer.ts";
import { Expression } from "../expression.ts";

/** A token's claims. */
export type Claims = Readonly<Record<string, unknown>>;

/** Who a token stands for. */
export interface Workload {
  readonly name: string;
  readonly groups: readonly string[];
  readonly claims: Claims;
}

interface Validation {
  readonly expression: Expression;
  readonly message: string;
}

const variables = ["claims", "vars"];
const defaultUsername = "claims.iss + '/' + claims.sub";

export class ClaimProcessor {
  readonly #audiences: readonly string[];
  readonly #variables: readonly (readonly [string, Expression])[];
  readonly #validations: readonly Validation[];
  readonly #username: Expression;
  readonly #groups: Expression | undefined;

  /** Compiles the expressions. Throws zot's error for the first that it rejects. */
  constructor({ audiences, claimMapping }: BearerOidcConfig) {
    this.#audiences = audiences.map((audience) => audience.trim());
    const empty = this.#audiences.indexOf("");
    if (empty !== -1) throw new Error(`audience[${empty}]: audience is empty`);
    this.#variables = compileVariables(claimMapping);
    this.#validations = compileValidations(claimMapping);
    const username = claimMapping.username === "" ? defaultUsername : claimMapping.username;
    this.#username = compile(username, "username");
    this.#groups = claimMapping.groups === "" ? undefined : compile(claimMapping.groups, "groups");
  }

  /** The workload with these claims. Throws zot's reason if they are refused. */
  process(claims: Claims): Workload {
    checkAudience(claims["aud"], this.#audiences);
    const vars: Record<string, unknown> = {};
    const data = { claims, vars };
    for (const [name, expression] of this.#variables) {
      vars[name] = attempt(`failed to evaluate variable '${name}'`, () => expression.value(data));
    }
    for (const { expression, message } of this.#validations) {
      const holds = attempt("failed to evaluate validation expression", () => expression.boolean(data));
      if (!holds) throw new Error(`OIDC claim validation failed: ${message}`);
    }
    const name = attempt("failed to evaluate username expression", () => this.#username.string(data));
    const groups = attempt("failed to evaluate groups expression", () => this.#groups?.strings(data) ?? []);
    return { name, groups, claims };
  }
}

function compileVariables({ variables: configured }: ClaimMappingConfig): (readonly [string, Expression])[] {
  return configured.map(({ name, expression }, index) => {
    if (name === "") throw new Error(`variable[${index}]: variable name is empty`);
    return [name, compile(expression, `variable[${index}] (name: ${name})`)];
  });
}

function compileValidations({ validations }: ClaimMappingConfig): Validation[] {
  return validations.map(({ expression, message }, index) => {
    if (message === "") throw new Error(`validation[${index}]: validation error message is empty`);
    return { expression: compile(expression, `validation[${index}]`, "bool"), message };
  });
}

function compile(text: string, what: string, output?: "bool"): Expression {
  return attempt(`failed to parse CEL expression for ${what}`, () => {
    return new Expression(text, { variables, ...(output === undefined ? {} : { output }) });
  });
}

function checkAudience(claim: unknown, expected: readonly string[]): void {
  const audiences = [claim].flat();
  if (claim === undefined) throw new Error("at least one audience must be specified: missing 'aud' claim");
  if (audiences.some((audience) => typeof audience !== "string")) {
    throw new Error("invalid audiences claim in token: 'aud' claim contains non-string value");
  }
  if (expected.some((audience) => audiences.includes(audience))) return;
  const described = `token=map[${audiences.map((audience) => `${String(audience)}:{}`).join(" ")}], expected=[${expected.join(" ")}]`;
  throw new Error(`token audience does not match any of the expected audiences: ${described}`);
}

function attempt<T>(failure: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new Error(`${failure}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
