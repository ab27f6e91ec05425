/** A run as README.md shows it: from its title to its last line, without the outputs, which docs/reference/outputs.md explains. */
export function recordedIn(text: string, title: "Previewing update (lab):" | "Updating (lab):"): string {
  const from = text.indexOf(title);
  const resources = from < 0 ? -1 : text.indexOf("\nResources:\n", from);
  const end =
    resources < 0 ? undefined : /^Resources:\n(?: .*\n)+(?:\nDuration: .*\n)?/.exec(text.slice(resources + 1))?.[0];
  if (end === undefined) throw new Error(`no run "${title}" was found`);
  return text.slice(from, resources + 1).replace(/^Outputs:\n(?:.*\n)*?\n/m, "") + end;
}

/** The rows of a recorded run's tree: type and name. */
export function rowsIn(run: string): readonly { readonly type: string; readonly name: string }[] {
  return [...run.matchAll(/^ \+ {3}[│├└─ ]*([a-zA-Z][\w:/-]*) +(\S+) +create/gm)].map(([, type = "", name = ""]) => ({
    type,
    name,
  }));
}
