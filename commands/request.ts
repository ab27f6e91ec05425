/** What follows `npm run <command> --`. */
export interface Request {
  readonly stack: string;
  /** What comes after the stack: passed to Pulumi. */
  readonly options: readonly string[];
  /** The `--config-file` option among them, which every Pulumi command of the run needs. */
  readonly configFile: readonly string[];
}

/** `undefined` if no stack is named: commands never guess it. */
export function requestOf([stack = "", ...options]: readonly string[]): Request | undefined {
  if (stack === "" || stack.startsWith("-")) return undefined;
  const at = options.findIndex((option) => option === "--config-file" || option.startsWith("--config-file="));
  const configFile = at < 0 ? [] : options.slice(at, at + (options[at] === "--config-file" ? 2 : 1));
  return { stack, options, configFile };
}
