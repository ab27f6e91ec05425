import type { JsonObject } from "../../../core/json.ts";
import { parseRepositoryRules } from "./policies.ts";
import type { RepositoryRules } from "./policies.ts";
import type { AccessSettings } from "./settings.ts";

type Action = AccessSettings["groups"][string][number];
type Grants = Readonly<Record<string, readonly Action[]>>;

/**
 * Who may do what in the registry, computed once from the settings: the basis of zot's config, its checks, the expected access and the
 * warnings of a preview.
 */
export interface AccessRules {
  /** Has all permissions on all repositories. */
  readonly adminGroup: string;
  /** The group of the account that CI pushes with. */
  readonly ciGroup: string;
  /** The rules of the settings by glob: `**` first, then the namespaces. Each glob's rules are complete. */
  readonly repositories: readonly RepositoryRules[];
  /** Rules of further globs, which `zot.extra` adds. */
  readonly extra: readonly RepositoryRules[];
  /** Whether anyone may read the metrics. */
  readonly anonymousMetrics: boolean;
}

const ADMIN_ACTIONS: readonly Action[] = ["read", "create", "update", "delete"];

/** What the CI group may do by `access.ci`. */
const CI_ACTIONS: Readonly<Record<AccessSettings["ci"], readonly Action[]>> = {
  push: ["read", "create"],
  read: ["read"],
  none: [],
};

/**
 * The access rules of the settings. Only the longest matching glob applies in zot, so each namespace gets complete rules.
 *
 * @param extra the setting zot.extra
 */
export function accessRules(access: AccessSettings, extra: JsonObject): AccessRules {
  const { adminGroup, ciGroup, anonymousRead, signedInRead, signedInActions, anonymousMetrics } = access;
  const rules = (
    glob: string,
    ci: readonly Action[],
    all: Pick<AccessSettings, "anonymousRead" | "signedInRead" | "signedInActions">,
    grants: { readonly groups: Grants; readonly users: Grants },
  ): RepositoryRules => ({
    glob,
    policies: [
      ...(ci.length === 0 ? [] : [{ groups: [ciGroup], users: [], actions: ci }]),
      { groups: [adminGroup], users: [], actions: ADMIN_ACTIONS },
      ...Object.entries(grants.groups).map(([group, actions]) => ({ groups: [group], users: [], actions })),
      ...Object.entries(grants.users).map(([user, actions]) => ({ groups: [], users: [user], actions })),
    ],
    anonymousPolicy: all.anonymousRead ? ["read"] : [],
    defaultPolicy: [...(all.signedInRead ? ["read"] : []), ...all.signedInActions],
  });
  return {
    adminGroup,
    ciGroup,
    repositories: [
      rules("**", CI_ACTIONS[access.ci], access, access),
      ...Object.entries(access.namespaces).map(([glob, namespace]) =>
        rules(
          glob,
          CI_ACTIONS[namespace.ci ?? access.ci],
          {
            anonymousRead: namespace.anonymousRead ?? anonymousRead,
            signedInRead: namespace.signedInRead ?? signedInRead,
            signedInActions: namespace.signedInActions ?? signedInActions,
          },
          namespace,
        ),
      ),
    ],
    extra: parseRepositoryRules(extra),
    anonymousMetrics,
  };
}

/** The rules of every glob: those of the settings and those of `zot.extra`. */
export function allRepositories(rules: AccessRules): readonly RepositoryRules[] {
  return [...rules.repositories, ...rules.extra];
}
