import { problemsOf, valueFromText } from "../settings/schema.ts";
import { withValue } from "../settings/tree.ts";
import type { Tree } from "../settings/tree.ts";

/** What the command line says. */
export interface Flags {
  readonly settings: Tree;
  /** Options that are no settings: `--yes`. */
  readonly options: readonly string[];
  /** What is wrong with them, each with the flag. */
  readonly problems: readonly string[];
}

const OPTION = /^(?:--yes(?:=\w+)?|-y|--keep|--discard|--non-interactive(?:=\w+)?)$/;

/** Reads flags such as `--registry.host ssh:nas` or `--ci.imagePrefix=homelab`: each setting is one, by its path in docs/reference/settings.md. */
export function readFlags(args: readonly string[]): Flags {
  let settings: Tree = {};
  const options: string[] = [];
  const problems: string[] = [];
  const given = [...args];
  for (let flag = given.shift(); flag !== undefined; flag = given.shift()) {
    if (OPTION.test(flag)) {
      options.push(flag);
      continue;
    }
    const [, setting, inline] = /^--([A-Za-z]+(?:\.[A-Za-z0-9]+)+)(?:=(.*))?$/s.exec(flag) ?? [];
    if (setting === undefined) {
      problems.push(
        `${shown(flag)}: no such flag. Each setting of docs/reference/settings.md is one, such as --registry.host.`,
      );
      continue;
    }
    const value = inline ?? (given[0]?.startsWith("--") === true ? undefined : given.shift());
    if (value === undefined) problems.push(`--${setting}: needs a value.`);
    else settings = withValue(settings, setting.split("."), valueFromText(setting, value));
  }
  if (options.includes("--keep") && options.includes("--discard"))
    problems.push("--keep and --discard exclude each other.");
  problems.push(...problemsOf(settings).map(({ path, message }) => `--${path}: ${message}`));
  return { settings, options, problems };
}

/** Without what could be a value, and so a secret in the wrong place. */
function shown(flag: string): string {
  return flag.startsWith("-") ? (flag.split("=")[0] ?? "") : "an argument that belongs to no flag";
}
