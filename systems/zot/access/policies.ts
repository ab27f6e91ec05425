import { minimatch } from "minimatch";
import { objectAt, valueAt } from "../../../core/json.ts";

/** One entry of a glob's `policies`, as it stands in the config. */
export interface Policy {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly actions: readonly string[];
}

/** What the config says about the repositories of one glob. */
export interface RepositoryRules {
  readonly glob: string;
  readonly policies: readonly Policy[];
  readonly anonymousPolicy: readonly string[];
  readonly defaultPolicy: readonly string[];
}

/** The config's `accessControl.repositories`, in whatever case its keys are written. */
export function repositoryRules(config: unknown): readonly RepositoryRules[] {
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

/** The rules that decide about a repository: those of the longest glob that matches, and of no other. */
export function decidingRules(rules: readonly RepositoryRules[], repository: string): RepositoryRules | undefined {
  return rules
    .filter(({ glob }) => minimatch(repository, glob, { dot: true, nonegate: true, nocomment: true, noext: true }))
    .reduce<RepositoryRules | undefined>(
      (longest, next) => (longest === undefined || next.glob.length > longest.glob.length ? next : longest),
      undefined,
    );
}

/** Names of repositories that stand for all that begins with the prefix: one for each glob that can decide there. */
export function samplesBelow(rules: readonly RepositoryRules[], prefix: string): readonly string[] {
  const deeper = rules
    .map(({ glob }) => glob.replace(/[*?[{].*$/, ""))
    .filter((fixed) => fixed.startsWith(`${prefix}/`))
    .map((fixed) => (fixed.endsWith("/") ? `${fixed}sample` : fixed));
  return [...new Set([`${prefix}/sample`, `${prefix}/library/sample`, ...deeper])];
}

/** Whether a group or an account may do that in a repository. */
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
