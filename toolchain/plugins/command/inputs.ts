import type { Value, Values } from "../../../provider/grpc/index.ts";

/** Inputs that `local.Command` and `local.run` share. */
export interface CommandOptions {
  /** Program and arguments, placed before the command. */
  readonly interpreter: readonly string[];
  readonly dir: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly stdin: string;
  readonly logged: { readonly stdout: boolean; readonly stderr: boolean };
  /** Whether the command gets the previous run's output in its environment. */
  readonly previousOutputInEnv: boolean;
}

export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
}

const LOGGING = ["stdout", "stderr", "stdoutAndStderr", "none"];

export function optionsOf(values: Values): CommandOptions {
  const logging = text(values["logging"]) ?? "stdoutAndStderr";
  const interpreter = (values["interpreter"] ?? []) as readonly string[];
  return {
    interpreter: interpreter.length > 0 ? interpreter : ["/bin/sh", "-c"],
    dir: text(values["dir"]),
    environment: (values["environment"] ?? {}) as Readonly<Record<string, string>>,
    stdin: text(values["stdin"]) ?? "",
    logged: {
      stdout: logging === "stdout" || logging === "stdoutAndStderr",
      stderr: logging === "stderr" || logging === "stdoutAndStderr",
    },
    previousOutputInEnv: values["addPreviousOutputInEnv"] !== false,
  };
}

export function outputOf(values: Values): CommandOutput {
  return { stdout: text(values["stdout"]) ?? "", stderr: text(values["stderr"]) ?? "" };
}

export function text(value: Value | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Invalid inputs, by property. Values that are not yet known pass. */
export function failuresOf(values: Values): { readonly property: string; readonly reason: string }[] {
  const failures: { property: string; reason: string }[] = [];
  const require = (property: string, fits: (value: Value) => boolean, expected: string) => {
    const value = values[property];
    if (value === undefined || value === null || typeof value === "symbol" || fits(value)) return;
    failures.push({ property, reason: `must be ${expected}` });
  };
  for (const property of ["command", "create", "update", "delete", "dir", "stdin"]) {
    require(property, (value) => typeof value === "string", "a string");
  }
  const isText = (value: Value) => typeof value === "string" || typeof value === "symbol";
  require("interpreter", (value) => Array.isArray(value) && value.every(isText), "a list of strings");
  require("environment", (value) =>
    typeof value === "object" &&
    !Array.isArray(value) &&
    Object.values(value as Values).every(isText), "a map of strings");
  require("logging", (value) => LOGGING.includes(value as string), `one of ${LOGGING.join(", ")}`);
  require("addPreviousOutputInEnv", (value) => typeof value === "boolean", "a boolean");
  for (const property of ["assetPaths", "archivePaths"]) {
    require(property, () => false, "omitted: this stand-in for the official plugin does not support files");
  }
  return failures;
}
