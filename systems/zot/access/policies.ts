import { objectAt, valueAt } from "../config/syntax/anyCase.ts";
import { matchesGlob } from "./globs/match.ts";
import type { Condition } from "./jobConditions.ts";

/** One entry of a glob's `policies`. */
export interface Policy {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly actions: readonly string[];
  /** What a request must meet besides, all of it. Default: nothing. */
  readonly conditions?: readonly Condition[] | undefined;
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

/**
 * The rules that apply to a repository: only those of the longest matching glob. A glob is a key of zot's config, so it counts in lower case.
 * Of equally long ones, zot takes any: {@link equallyLong}.
 */
export function decidingRules<Rules extends { readonly glob: string }>(
  rules: readonly Rules[],
  repository: string,
): Rules | undefined {
  return rules
    .filter(({ glob }) => glob !== "" && matchesGlob(glob.toLowerCase(), repository))
    .reduce<Rules | undefined>(
      (longest, next) => (longest === undefined || lengthOf(next) > lengthOf(longest) ? next : longest),
      // zot also uses the empty glob for repositories that no other matches.
      rules.find(({ glob }) => glob === ""),
    );
}

/** zot compares lengths in bytes. */
export function lengthOf({ glob }: Pick<RepositoryRules, "glob">): number {
  return Buffer.byteLength(glob);
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

/** A list of texts. zot takes a text for a list of one. */
export function texts(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return entries(value).filter((entry) => typeof entry === "string");
}
