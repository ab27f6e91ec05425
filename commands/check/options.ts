/** The options of `npm run check` that Pulumi does not know. */
export interface OwnOptions {
  /** File for the metrics; an empty name if the option lacks its value. */
  readonly textfile: string | undefined;
  /** Whether the proofs run again. */
  readonly full: boolean;
  /** Everything else. */
  readonly rest: readonly string[];
}

export function ownOptionsIn(args: readonly string[]): OwnOptions {
  const rest = args.filter((option) => option !== "--full");
  const at = rest.findIndex((option) => option === "--textfile" || option.startsWith("--textfile="));
  const full = rest.length < args.length;
  if (at < 0) return { textfile: undefined, full, rest };
  const [option = "", value = ""] = rest.slice(at);
  const apart = option === "--textfile";
  return {
    textfile: apart ? value : option.slice("--textfile=".length),
    full,
    rest: rest.toSpliced(at, apart ? 2 : 1),
  };
}
