import { braceExpand, minimatch } from "minimatch";
import { objectAt, valueAt } from "../config/anyCase.ts";

/** One entry of a glob's `policies`. */
export interface Policy {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly actions: readonly string[];
}

/** The rules for the repositories of one glob. */
export interface RepositoryRules {
  readonly glob: string;
  readonly policies: readonly Policy[];
  readonly anonymousPolicy: readonly string[];
  readonly defaultPolicy: readonly string[];
}

/** The rules in a config's `accessControl.repositories`: of a file on the host, or of `zot.extra`. Keys are case-insensitive. */
export function parseRepositoryRules(config: unknown): readonly RepositoryRules[] {
  return Object.entries(objectAt(config, "http", "accessControl", "repositories")).map(([glob, value]) => ({
    glob,
    policies: entries(valueAt(value, "policies")).map(parsePolicy),
    anonymousPolicy: texts(valueAt(value, "anonymousPolicy")),
    defaultPolicy: texts(valueAt(value, "defaultPolicy")),
  }));
}

/** One policy of a config. A policy with conditions counts as one without. */
export function parsePolicy(policy: unknown): Policy {
  return {
    users: texts(valueAt(policy, "users")),
    groups: texts(valueAt(policy, "groups")),
    actions: texts(valueAt(policy, "actions")),
  };
}

/** The rules that apply to a repository: only those of the longest matching glob. */
export function decidingRules(rules: readonly RepositoryRules[], repository: string): RepositoryRules | undefined {
  return rules
    .filter(({ glob }) => matches(repository, glob))
    .reduce<RepositoryRules | undefined>(
      (longest, next) => (longest === undefined || next.glob.length > longest.glob.length ? next : longest),
      undefined,
    );
}

/** Sample repository names below a prefix: at least one for each glob that can apply there. */
export function samplesBelow(rules: readonly RepositoryRules[], prefix: string): readonly string[] {
  const samples = rules.flatMap(({ glob }) =>
    braceExpand(glob)
      .flatMap((pattern) => namesBelow(pattern.split("/"), prefix.split("/")))
      .map((segments) => segments.join("/"))
      .filter((name) => matches(name, glob)),
  );
  return [...new Set([`${prefix}/sample`, `${prefix}/library/sample`, ...samples])];
}

/** Names that begin with the prefix and match the pattern, all as their segments. */
function namesBelow(
  [first, ...rest]: readonly string[],
  [inside, ...deeper]: readonly string[],
): readonly (readonly string[])[] {
  if (first === undefined) return [];
  const within = (names: readonly (readonly string[])[]) =>
    inside === undefined ? names : names.map((name) => [inside, ...name]);
  if (inside === undefined) {
    const starts = first === "**" ? [[], ["sample"], ["library", "sample"]] : [[exampleOf(first)]];
    const ends = rest.length === 0 ? [[]] : namesBelow(rest, []);
    return starts.flatMap((start) => ends.map((end) => [...start, ...end])).filter((name) => name.length > 0);
  }
  if (first === "**")
    return [...namesBelow(rest, [inside, ...deeper]), ...within(namesBelow([first, ...rest], deeper))];
  return matches(inside, first) ? within(namesBelow(rest, deeper)) : [];
}

function exampleOf(segment: string): string {
  return segment
    .replaceAll(/\*+/g, "sample")
    .replaceAll("?", "x")
    .replaceAll(/\[[!^]?(.)[^\]]*\]/g, "$1");
}

function matches(name: string, glob: string): boolean {
  return minimatch(name, glob, { dot: true, nonegate: true, nocomment: true, noext: true });
}

/** Whether the rules grant an action to a group or an account. */
export function grants(
  rules: Pick<RepositoryRules, "policies"> | undefined,
  who: { readonly group?: string; readonly user?: string },
  action: string,
): boolean {
  return (rules?.policies ?? []).some(
    ({ groups, users, actions }) =>
      actions.includes(action) &&
      ((who.group !== undefined && groups.includes(who.group)) || (who.user !== undefined && users.includes(who.user))),
  );
}

function entries(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return entries(value).filter((entry) => typeof entry === "string");
}
