// Stands in for zot: evaluates the access control of its configuration.
import type { AccessControlConfig, Policy, RepositoryPolicies } from "../config/config.ts";
import { matchesGlob } from "../../../systems/zot/access/globs/match.ts";
import { isDigest } from "../storage/repositories.ts";
import type { ZotVersion } from "../version.ts";
import type { AccessRequest, Decision } from "./conditions.ts";
import { conditionsHold } from "./conditions.ts";

export type Action = "read" | "create" | "update" | "delete";

/** The user who sent a request. Anonymous users have an empty name. */
export interface Subject {
  readonly name: string;
  readonly groups: readonly string[];
  /** The claims of the token that the request came with. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

export const anonymous: Subject = { name: "", groups: [] };

/** Decides by the longest matching pattern, else by the admin policy. */
export function decide(config: AccessControlConfig, request: AccessRequest): Decision {
  const { subject, action, repository } = request;
  const isAdmin = concerns(config.adminPolicy, subject);
  const policies = policiesFor(config, repository);
  let reason = "";
  for (const policy of policies === undefined ? [] : grantingPolicies(policies, subject, action)) {
    const decision = conditionsHold(policy, request, isAdmin);
    if (decision.allowed) return decision;
    if (decision.reason !== "") reason = decision.reason;
  }
  if (policies !== undefined && grantsToEveryone(policies, subject, action)) return { allowed: true, reason: "" };
  if (!isAdmin || !config.adminPolicy.actions.includes(action)) return { allowed: false, reason };
  const decision = conditionsHold(config.adminPolicy, request, isAdmin);
  return decision.allowed || decision.reason !== "" ? decision : { allowed: false, reason };
}

/** Like `decide`, as if all conditions held: how zot filters lists of repositories, and which mounts it allows. */
export function mayList(config: AccessControlConfig, subject: Subject, action: Action, repository: string): boolean {
  const policies = policiesFor(config, repository);
  const { adminPolicy } = config;
  return (
    (policies !== undefined &&
      (grantingPolicies(policies, subject, action).length > 0 || grantsToEveryone(policies, subject, action))) ||
    (concerns(adminPolicy, subject) && adminPolicy.actions.includes(action))
  );
}

function policiesFor(config: AccessControlConfig, repository: string): RepositoryPolicies | undefined {
  const patterns = Object.keys(config.repositories).filter((pattern) => matchesGlob(pattern.toLowerCase(), repository));
  const longest = patterns.reduce((best, pattern) => (pattern.length > best.length ? pattern : best), "");
  return config.repositories[longest];
}

/** The policies that grant the action if their conditions hold: those with the user's name first, as zot asks them. */
function grantingPolicies({ policies }: RepositoryPolicies, subject: Subject, action: Action): readonly Policy[] {
  const granting = policies.filter(({ actions }) => actions.includes(action));
  return [
    ...granting.filter(({ users }) => users.includes(subject.name)),
    ...granting.filter(({ groups }) => groups.some((group) => subject.groups.includes(group))),
  ];
}

function grantsToEveryone(policies: RepositoryPolicies, subject: Subject, action: Action): boolean {
  return (subject.name === "" ? policies.anonymousPolicy : policies.defaultPolicy).includes(action);
}

function concerns(policy: Policy, subject: Subject): boolean {
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

/** A permission that PUT of a manifest needs, and the tag or digest for which it needs it. */
export interface NeededPermission {
  readonly action: Action;
  readonly reference: string;
}

/** The permissions that PUT of a manifest needs. `existing` holds the repository's tags. */
export function manifestWritePermissions(
  reference: string,
  queryTags: readonly string[],
  existing: ReadonlySet<string>,
  version: ZotVersion,
): readonly NeededPermission[] {
  if (!isDigest(reference)) {
    const overwrites = existing.has(reference) && !(version.createOverwritesLatest && reference === "latest");
    return [{ action: overwrites ? "update" : "create", reference }];
  }
  if (!version.tagQueryNeedsUpdate) return [{ action: "create", reference }];
  const updated = queryTags.filter((tag) => existing.has(tag));
  const created = queryTags.filter((tag) => !existing.has(tag));
  return [
    ...updated.map((tag) => ({ action: "update" as const, reference: tag })),
    ...created.map((tag) => ({ action: "create" as const, reference: tag })),
    ...(created.length > 0 || updated.length === 0 ? [{ action: "create" as const, reference }] : []),
    ...(updated.length > 0 ? [{ action: "update" as const, reference }] : []),
  ];
}
