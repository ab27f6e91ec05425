// Stands in for Forgejo's Actions runner: the files through which a step passes values to later steps.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Values that a step passes to later steps. */
export interface Given {
  readonly environment: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly paths: readonly string[];
}

const NAMES = ["env", "output", "path", "step_summary", "state"] as const;

/** Creates empty files for a step. Returns the variables with their paths: `GITHUB_OUTPUT` and `FORGEJO_OUTPUT`, … */
export function makeCommandFiles(folder: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const name of NAMES) {
    const file = join(folder, name);
    writeFileSync(file, "");
    variables[`GITHUB_${name.toUpperCase()}`] = file;
    variables[`FORGEJO_${name.toUpperCase()}`] = file;
  }
  return variables;
}

export function readCommandFiles(folder: string): Given {
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  return {
    environment: assignments(read("env")),
    outputs: assignments(read("output")),
    paths: read("path")
      .split("\n")
      .filter((line) => line !== ""),
  };
}

/** Parses `name=value`, and `name<<END` with the lines up to `END`. */
function assignments(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    const long = /^([^=<]+)<<(.+)$/.exec(line);
    const short = /^([^=]+)=(.*)$/.exec(line);
    if (long?.[1] !== undefined) {
      const end = lines.indexOf(long[2] ?? "", at + 1);
      const last = end === -1 ? lines.length : end;
      found[long[1]] = lines.slice(at + 1, last).join("\n");
      at = last;
    } else if (short?.[1] !== undefined) found[short[1]] = short[2] ?? "";
  }
  return found;
}
