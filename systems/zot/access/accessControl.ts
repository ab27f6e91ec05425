import type { Settings } from "../../../settings/schema.ts";
import { atLeast } from "../version.ts";
import type { ZotVersion } from "../version.ts";
import { present } from "../../../core/json.ts";
import type { JsonObject } from "../../../core/json.ts";

type Access = Settings["access"];
type Action = Access["groups"][string][number];

/** What one glob of repositories says. */
interface Rules {
  readonly ci: readonly Action[];
  readonly anonymousRead: boolean;
  readonly signedInRead: boolean;
  readonly groups: Access["groups"];
  readonly users: Access["users"];
}

/** What the CI group may do by `access.namespaces.<glob>.ci`. */
const CI_RIGHTS: Readonly<Record<Access["namespaces"][string]["ci"], readonly Action[]>> = {
  push: ["read", "create"],
  read: ["read"],
  none: [],
};

/**
 * zot's `accessControl`: three tiers on all repositories, and other rules for namespaces. In zot the longest glob that matches decides
 * alone, so each namespace is written out whole.
 *
 * Anonymous access to the metrics is `metrics.users: [""]` up to 2.1.17 and `metrics.anonymousPolicy` from 2.1.18: neither version takes
 * the other's form.
 */
export function renderAccessControl(access: Access, version: ZotVersion): JsonObject {
  const { anonymousRead, signedInRead } = access;
  const everywhere = { ...access, ci: CI_RIGHTS.push };
  const namespaces = Object.entries(access.namespaces).map(([glob, namespace]) => [
    glob,
    repositories(access, {
      ci: CI_RIGHTS[namespace.ci],
      anonymousRead: namespace.anonymousRead ?? anonymousRead,
      signedInRead: namespace.signedInRead ?? signedInRead,
      groups: namespace.groups,
      users: namespace.users,
    }),
  ]);
  return present({
    metrics: access.anonymousMetrics
      ? atLeast(version, "2.1.18")
        ? { anonymousPolicy: ["read"] }
        : { users: [""] }
      : undefined,
    repositories: { "**": repositories(access, everywhere), ...(Object.fromEntries(namespaces) as JsonObject) },
  });
}

function repositories(access: Access, rules: Rules): JsonObject {
  return {
    policies: [
      ...(rules.ci.length === 0 ? [] : [{ groups: [access.ciGroup], actions: rules.ci }]),
      { groups: [access.adminGroup], actions: ["read", "create", "update", "delete"] },
      ...Object.entries(rules.groups).map(([group, actions]) => ({ groups: [group], actions })),
      ...Object.entries(rules.users).map(([user, actions]) => ({ users: [user], actions })),
    ],
    anonymousPolicy: rules.anonymousRead ? ["read"] : [],
    defaultPolicy: rules.signedInRead ? ["read"] : [],
  };
}
