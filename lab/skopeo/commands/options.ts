// Stands in for skopeo: the options of its commands.
import { parseArgs } from "node:util";
import type { ParseArgsConfig } from "node:util";
import { Fatal } from "../errors.ts";

const OPTIONS = {
  ...sideOptions(""),
  ...sideOptions("src-"),
  ...sideOptions("dest-"),
  all: { type: "boolean", short: "a" },
  config: { type: "boolean" },
  debug: { type: "boolean" },
  digestfile: { type: "string" },
  format: { type: "string", short: "f" },
  help: { type: "boolean", short: "h" },
  "insecure-policy": { type: "boolean" },
  "password-stdin": { type: "boolean" },
  username: { type: "string", short: "u" },
  "no-tags": { type: "boolean", short: "n" },
  quiet: { type: "boolean", short: "q" },
  raw: { type: "boolean" },
  "retry-times": { type: "string" },
  version: { type: "boolean", short: "v" },
} satisfies NonNullable<ParseArgsConfig["options"]>;

export type Values = Readonly<Record<string, string | boolean | undefined>>;

function sideOptions(side: string): Record<string, { type: "string" | "boolean" }> {
  return {
    [`${side}creds`]: { type: "string" },
    [`${side}authfile`]: { type: "string" },
    [`${side}tls-verify`]: { type: "string" },
    [`${side}no-creds`]: { type: "boolean" },
  };
}

export function parse(given: readonly string[]): { values: Values; positionals: string[] } {
  // `--tls-verify` without a value means true. parseArgs does not support optional values.
  const args = given.map((argument) =>
    /^--(?:src-|dest-)?tls-verify$/.test(argument) ? `${argument}=true` : argument,
  );
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const unknown = /'(--?[^' ]+)/.exec(message)?.[1] ?? "";
    throw new Fatal(
      code === "ERR_PARSE_ARGS_UNKNOWN_OPTION" ? `unknown flag: ${unknown}` : `invalid argument: ${message}`,
    );
  }
}

export function text(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

export function one(names: readonly string[]): string {
  const [name, ...others] = names;
  if (name === undefined || others.length > 0) throw new Fatal("Exactly one argument expected");
  return name;
}

export function two(names: readonly string[]): readonly [string, string] {
  const [source, destination, ...others] = names;
  if (source === undefined || destination === undefined || others.length > 0) {
    throw new Fatal("Exactly two arguments expected");
  }
  return [source, destination];
}
