import { closest, distance } from "fastest-levenshtein";
import type { SettingsProblem } from "../core/settings/problem.ts";
import { settingsSchema } from "./schema.ts";

/** A stack's configuration, split into what is ours and what nobody would read. */
export interface StackConfig {
  /** Our groups, without the project's prefix. */
  readonly groups: Readonly<Record<string, unknown>>;
  /** Every key outside of the project's namespace: a setting under a misspelt prefix would silently be its default. */
  readonly problems: readonly SettingsProblem[];
}

/** Pulumi's own namespace: `pulumi:tags`, `pulumi:autonaming`. */
const PULUMI = "pulumi";

/**
 * Splits a stack's configuration.
 *
 * @param config every key with its namespace, as Pulumi passes it
 * @param project the project's name, which is the namespace of its settings
 */
export function splitStackConfig(config: Readonly<Record<string, unknown>>, project: string): StackConfig {
  const groups: Record<string, unknown> = {};
  const problems: SettingsProblem[] = [];
  for (const [key, value] of Object.entries(config)) {
    const separator = key.indexOf(":");
    const [namespace, name] = [key.slice(0, separator), key.slice(separator + 1)];
    const group = GROUPS.find((known) => name.startsWith(`${known}.`) || name.startsWith(`${known}:`));
    if (namespace === PULUMI) continue;
    if (namespace !== project) problems.push({ path: key, message: foreignKey(namespace, name, project) });
    else if (group !== undefined) problems.push({ path: key, message: pathAsName(key, group) });
    else groups[name] = value;
  }
  return { groups, problems };
}

const GROUPS = Object.keys(settingsSchema.shape);

function foreignKey(namespace: string, name: string, project: string): string {
  const [first = name] = name.split(/[.:]/);
  const near = closest(first.toLowerCase(), GROUPS);
  const isGroup = distance(first.toLowerCase(), near.toLowerCase()) <= first.length / 3;
  if (isGroup) return `unknown setting. Did you mean "${project}:${near}"?`;
  const owner = closest(namespace.toLowerCase(), GROUPS);
  // Pulumi packages are configured like this in other programs: `kubernetes:context`.
  if (distance(namespace.toLowerCase(), owner.toLowerCase()) <= namespace.length / 3)
    return `unknown setting: this program configures its providers itself. Did you mean "${first}" of "${project}:${owner}"?`;
  return `unknown setting: this program reads only keys that begin with "${project}:". Remove it.`;
}

/** `pulumi config set zot-auth:access.anonymousRead false` writes one flat key, unless `--path` is given. */
function pathAsName(key: string, group: string): string {
  const at = key.indexOf(":") + 1 + group.length;
  if (key[at] === ":") {
    const [inner, name] = [key.slice(0, at), key.slice(at + 1)];
    return `unknown setting. Did you mean ${name} under ${inner}, as \`pulumi config set --path '${inner}.${name}' <value>\` writes it? Remove this key from the file.`;
  }
  return `unknown setting: settings are nested in their group. Run \`pulumi config rm '${key}'\` and then \`pulumi config set --path '${key}' <value>\`, or write ${key.slice(at + 1)} under ${key.slice(0, at)} in the file.`;
}
