import type { JsonObject } from "../../../core/json.ts";
import { samplesOf } from "./globs/samples.ts";
import { decidingRules, parseRepositoryRules } from "./policies.ts";
import type { Condition } from "./jobConditions.ts";
import type { Policy, RepositoryRules } from "./policies.ts";
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
  /** The rules of the settings by glob: `**` first, then the namespaces. Each glob's rules are complete. */
  readonly repositories: readonly RepositoryRules[];
  /** Rules of further globs, which `zot.extra` adds. */
  readonly extra: readonly RepositoryRules[];
  /** Whether anyone may read the metrics. */
  readonly anonymousMetrics: boolean;
}

const ADMIN_ACTIONS: readonly Action[] = ["read", "create", "update", "delete"];

/** A group of CI, and where it may push. */
export interface CiAccess {
  readonly group: string;
  /** Namespaces to which it may push, and no other group of CI. Default: `access.ci` and `access.namespaces` say where. */
  readonly namespaces?: readonly string[] | undefined;
  /** What a push must meet besides. Default: nothing. */
  readonly conditions?: readonly Condition[] | undefined;
}

/** What a CI group may do by `access.ci`. */
const CI_ACTIONS: Readonly<Record<NonNullable<AccessSettings["ci"]>, readonly Action[]>> = {
  push: ["read", "create"],
  read: ["read"],
  none: [],
};

/**
 * The access rules of the settings. Only the longest matching glob applies in zot, so each namespace gets complete rules.
 *
 * @param ci the groups of CI
 * @param extra the setting zot.extra
 */
export function accessRules(
  access: Omit<AccessSettings, "ciGroup">,
  ci: readonly CiAccess[],
  extra: JsonObject,
): AccessRules {
  const { adminGroup, anonymousRead, signedInRead, signedInActions, anonymousMetrics } = access;
  const rules = (
    glob: string,
    mayPush: AccessSettings["ci"],
    all: Pick<AccessSettings, "anonymousRead" | "signedInRead" | "signedInActions">,
    grants: { readonly groups: Grants; readonly users: Grants },
  ): RepositoryRules => ({
    glob,
    policies: [
      ...ci
        .map((entry) => policyOf(entry, actionsOf(entry, glob, mayPush)))
        .filter(({ actions }) => actions.length > 0),
      { groups: [adminGroup], users: [], actions: ADMIN_ACTIONS },
      ...Object.entries(grants.groups).map(([group, actions]) => ({ groups: [group], users: [], actions })),
      ...Object.entries(grants.users).map(([user, actions]) => ({ groups: [], users: [user], actions })),
    ],
    anonymousPolicy: all.anonymousRead ? ["read"] : [],
    defaultPolicy: [...(all.signedInRead ? ["read"] : []), ...all.signedInActions],
  });
  return {
    adminGroup,
    repositories: [
      rules("**", access.ci, access, access),
      ...Object.entries(withCiNamespaces(access, ci)).map(([glob, namespace]) =>
        rules(
          glob,
          namespace.ci ?? access.ci,
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

function policyOf({ group, conditions }: CiAccess, actions: readonly Action[]): Policy {
  const isConditional = conditions !== undefined && actions.includes("create");
  return { groups: [group], users: [], actions, ...(isConditional ? { conditions } : {}) };
}

function actionsOf({ namespaces }: CiAccess, glob: string, setting: AccessSettings["ci"]): readonly Action[] {
  if (namespaces === undefined) return CI_ACTIONS[setting ?? "push"];
  const samples = samplesOf(glob, "sample");
  const isInside = (name: string): boolean => namespaces.some((own) => name === own || name.startsWith(`${own}/`));
  return samples.length > 0 && samples.every(isInside) ? CI_ACTIONS.push : CI_ACTIONS[setting ?? "read"];
}

/** With a glob for each of CI's own namespaces, where the rules are those that apply there without it. */
function withCiNamespaces(
  { namespaces, groups, users }: Pick<AccessSettings, "namespaces" | "groups" | "users">,
  ci: readonly CiAccess[],
): AccessSettings["namespaces"] {
  const named = Object.entries(namespaces).map(([glob, rules]) => ({ glob, rules }));
  const own = ci
    .flatMap((entry) => entry.namespaces ?? [])
    .filter((namespace) => !Object.hasOwn(namespaces, `${namespace}/**`))
    .map((namespace) => {
      const around = decidingRules(named, `${namespace}/sample`)?.rules;
      return [`${namespace}/**`, around ?? { groups, users }] as const;
    });
  return { ...namespaces, ...Object.fromEntries(own) };
}

/** The rules of every glob: those of the settings and those of `zot.extra`. */
export function allRepositories(rules: AccessRules): readonly RepositoryRules[] {
  return [...rules.repositories, ...rules.extra];
}
