// Stands in for zot: evaluates the access control of its configuration.
import type { AccessControlConfig, Policy, RepositoryPolicies } from "../config/config.ts";
import { matchesGlob } from "../../../systems/zot/access/globs/match.ts";
import { isDigest } from "../storage/repositories.ts";
import type { ZotVersion } from "../version.ts";

export type Action = "read" | "create" | "update" | "delete";

/** The user who sent a request. Anonymous users have an empty name. */
export interface Subject {
  readonly name: string;
  readonly groups: readonly string[];
}

export const anonymous: Subject = { name: "", groups: [] };

/** Whether the longest matching pattern or the admin policy allows the subject's action on the repository. */
export function isAllowed(config: AccessControlConfig, subject: Subject, action: Action, repository: string): boolean {
  const patterns = Object.keys(config.repositories).filter((pattern) => matchesGlob(pattern.toLowerCase(), repository));
  const longest = patterns.reduce((best, pattern) => (pattern.length > best.length ? pattern : best), "");
  const policies = config.repositories[longest];
  return (
    (policies !== undefined && repositoryAllows(policies, subject, action)) ||
    grants(config.adminPolicy, subject, action)
  );
}

function repositoryAllows(group: RepositoryPolicies, subject: Subject, action: Action): boolean {
  if (group.policies.some((policy) => grants(policy, subject, action))) return true;
  return (subject.name === "" ? group.anonymousPolicy : group.defaultPolicy).includes(action);
}

function grants(policy: Policy, subject: Subject, action: Action): boolean {
  if (policy.conditional || !policy.actions.includes(action)) return false;
  return policy.users.includes(subject.name) || policy.groups.some((group) => subject.groups.includes(group));
}

/** Whether any repository has an anonymous policy. */
export function hasAnonymousPolicy(config: AccessControlConfig | undefined): boolean {
  return Object.values(config?.repositories ?? {}).some(({ anonymousPolicy }) => anonymousPolicy.length > 0);
}

/** Whether the subject may read the metrics. */
export function mayReadMetrics(config: AccessControlConfig, subject: Subject, version: ZotVersion): boolean {
  const { users, anonymousPolicy } = config.metrics;
  if (version.metricsAnonymousPolicy && subject.name === "") return anonymousPolicy.includes("read");
  return users.includes(subject.name);
}

/** The permissions that PUT of a manifest needs. `existing` holds the repository's tags. */
export function manifestWriteActions(
  reference: string,
  queryTags: readonly string[],
  existing: ReadonlySet<string>,
  version: ZotVersion,
): readonly Action[] {
  if (!isDigest(reference)) {
    const overwrites = existing.has(reference) && !(version.createOverwritesLatest && reference === "latest");
    return [overwrites ? "update" : "create"];
  }
  if (!version.tagQueryNeedsUpdate) return ["create"];
  const updates = queryTags.some((tag) => existing.has(tag));
  const creates = !updates || queryTags.some((tag) => !existing.has(tag));
  return [...(creates ? (["create"] as const) : []), ...(updates ? (["update"] as const) : [])];
}
