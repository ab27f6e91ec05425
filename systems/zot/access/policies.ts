import { minimatch } from "minimatch";
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
    policies: entries(valueAt(value, "policies")).map((policy) => ({
      users: texts(valueAt(policy, "users")),
      groups: texts(valueAt(policy, "groups")),
      actions: texts(valueAt(policy, "actions")),
    })),
    anonymousPolicy: texts(valueAt(value, "anonymousPolicy")),
    defaultPolicy: texts(valueAt(value, "defaultPolicy")),
  }));
}

/** The rules that apply to a repository: only those of the longest matching glob. */
export function decidingRules(rules: readonly RepositoryRules[], repository: string): RepositoryRules | undefined {
  return rules
    .filter(({ glob }) => minimatch(repository, glob, { dot: true, nonegate: true, nocomment: true, noext: true }))
    .reduce<RepositoryRules | undefined>(
      (longest, next) => (longest === undefined || next.glob.length > longest.glob.length ? next : longest),
      undefined,
    );
}

/** Sample repository names below a prefix: one for each glob that can apply there. */
export function samplesBelow(rules: readonly RepositoryRules[], prefix: string): readonly string[] {
  const deeper = rules
    .map(({ glob }) => glob.replace(/[*?[{].*$/, ""))
    .filter((fixed) => fixed.startsWith(`${prefix}/`))
    .map((fixed) => (fixed.endsWith("/") ? `${fixed}sample` : fixed));
  return [...new Set([`${prefix}/sample`, `${prefix}/library/sample`, ...deeper])];
}

/** Whether the rules grant an action to a group or an account. */
export function grants(
  rules: RepositoryRules | undefined,
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
