/** What follows `npm run <command> --`. */
export interface Request {
  readonly stack: string;
  /** What comes after the stack: passed to Pulumi. */
  readonly options: readonly string[];
  /** The `--config-file` option among them, which every Pulumi command of the run needs. */
  readonly configFile: readonly string[];
  /** The other options. */
  readonly others: readonly string[];
}

/** `undefined` if no stack is named, since commands never guess it, or another one among the options: part of the run would be on that one. */
export function requestOf([stack = "", ...options]: readonly string[]): Request | undefined {
  if (stack === "" || stack.startsWith("-")) return undefined;
  if (options.some((option) => /^(?:--stack(?:=|$)|-[defhijry]*s)/.test(option))) return undefined;
  const at = options.findIndex((option) => option === "--config-file" || option.startsWith("--config-file="));
  const length = at < 0 ? 0 : options[at] === "--config-file" ? 2 : 1;
  const configFile = options.slice(at, at + length);
  return { stack, options, configFile, others: options.toSpliced(at, length) };
}

/** The stack's settings file, as Pulumi finds it. */
export function settingsFileOf({ stack, configFile }: Request): string {
  const given = configFile.at(-1)?.replace(/^--config-file=/, "");
  // The stack may be named in full: organization/project/stack.
  return given ?? `Pulumi.${stack.split("/").at(-1) ?? stack}.yaml`;
}

/** An option with its value, and the arguments without both; an empty value if it lacks one. */
export function takeOption(
  name: string,
  args: readonly string[],
): readonly [value: string | undefined, rest: readonly string[]] {
  const at = args.findIndex((option) => option === name || option.startsWith(`${name}=`));
  if (at < 0) return [undefined, args];
  const [option = "", value = ""] = args.slice(at);
  const apart = option === name;
  return [apart ? value : option.slice(name.length + 1), args.toSpliced(at, apart ? 2 : 1)];
}
