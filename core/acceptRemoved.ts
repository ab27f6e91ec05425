/** Access and accounts that were made by hand and that an `up` would take away, and what a setting accepts of them. */
export interface Removal {
  /** What gives the access now: `/etc/zot/config.json on ssh:indri`. */
  readonly from: string;
  /** The setting that accepts it: `registry.acceptRemoved`. */
  readonly setting: string;
  /** Each in the text that the setting must list. */
  readonly removed: readonly string[];
  readonly accepted: readonly string[];
}

/**
 * What is taken away without being accepted, with the lines to add to the settings: the warning of a preview, and the error of an `up`. `undefined` if all of it is
 * accepted. An entry that accepts nothing is named only then: it is spent once the access is gone.
 */
export function unacceptedRemoval({ from, setting, removed, accepted }: Removal): string | undefined {
  // The setting is a list without duplicates.
  const missing = [...new Set(removed)].filter((line) => !accepted.includes(line));
  if (missing.length === 0) return undefined;
  const unknown = accepted.filter((line) => !removed.includes(line));
  // As in Pulumi.<stack>.yaml, below `config:`.
  const names = `zot-auth:${setting}`.split(".");
  const path = names.map((name, depth) => `${"  ".repeat(depth + 1)}${name}:`);
  const entries = missing.map((line) => `${"  ".repeat(names.length + 1)}- ${yaml(line)}`);
  return [
    `The first update takes away access that ${from} gives now. Keep it by other settings, or accept the loss by adding to the settings:`,
    ...path,
    ...entries,
    ...unknown.map(
      (line) => `${setting} also lists ${JSON.stringify(line)}, which is not taken away. Correct or remove it.`,
    ),
  ].join("\n");
}

/** A text as YAML, in quotes unless it is plain. */
function yaml(text: string): string {
  return /^[A-Za-z][\w ,./*@+()-]*(?<! )$/.test(text) ? text : JSON.stringify(text);
}
