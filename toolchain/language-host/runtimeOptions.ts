import type { ProgramInfo } from "@pulumi/pulumi/proto/language_pb.js";

/** `runtime.options` in Pulumi.yaml, https://www.pulumi.com/docs/iac/concepts/projects/project-file/#runtime-options. */
export interface RuntimeOptions {
  /** Whether the SDK runs the program with ts-node. Default: true, as in the official language host. */
  readonly typescript: boolean;
  /** Path of the tsconfig that ts-node reads. */
  readonly tsconfig: string | undefined;
  /** Arguments for Node, placed before the program. */
  readonly nodeArgs: readonly string[];
  /** Whether `pulumi install` omits devDependencies. */
  readonly production: boolean;
}

/** Reads the options. @throws an error that names the unusable option */
export function runtimeOptions(info: ProgramInfo | undefined): RuntimeOptions {
  const options = info?.getOptions()?.toJavaScript() ?? {};
  const manager = option(options, "packagemanager", "string") ?? "auto";
  if (manager !== "auto" && manager !== "npm") {
    throw new Error(
      `The runtime option packagemanager is ${manager}, but this project's stand-in for the language host supports only npm. Set it to npm in Pulumi.yaml, or put Pulumi's own pulumi-language-nodejs on PATH.`,
    );
  }
  return {
    typescript: option(options, "typescript", "boolean") ?? true,
    tsconfig: option(options, "tsconfig", "string"),
    nodeArgs: splitArguments(option(options, "nodeargs", "string") ?? ""),
    production: option(options, "production", "boolean") ?? false,
  };
}

interface Kinds {
  string: string;
  boolean: boolean;
}

function option<Kind extends keyof Kinds>(options: object, name: string, kind: Kind): Kinds[Kind] | undefined {
  const value: unknown = Object.getOwnPropertyDescriptor(options, name)?.value;
  if (value === undefined) return undefined;
  if (typeof value !== kind) {
    throw new Error(`The runtime option ${name} in Pulumi.yaml must be a ${kind}, not ${JSON.stringify(value)}.`);
  }
  return value as Kinds[Kind];
}

/** Splits a line into arguments as a shell does: at whitespace, except in quotes and after a backslash. */
export function splitArguments(line: string): string[] {
  const parts = line.match(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/gs) ?? [];
  return parts.map((part) =>
    part.replace(
      /\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/gs,
      (_match, escaped?: string, double?: string, single?: string) =>
        double === undefined ? (single ?? escaped ?? "") : double.replace(/\\(["\\$`])/g, "$1"),
    ),
  );
}
