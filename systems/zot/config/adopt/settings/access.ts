import { isObject, list, present } from "../../../../../core/json.ts";
import type { JsonObject } from "../../../../../core/json.ts";
import { parsePolicy, parseRepositoryRules } from "../../../access/policies.ts";
import type { RepositoryRules } from "../../../access/policies.ts";
import { ACTIONS } from "../../../access/settings.ts";
import { objectAt, valueAt } from "../../syntax/anyCase.ts";
import type { Roles } from "./roles.ts";

/** The rules of one glob as the settings tell them: what each group and account may do. */
interface Grants {
  readonly groups: ReadonlyMap<string, readonly string[]>;
  readonly users: ReadonlyMap<string, readonly string[]>;
  readonly anonymous: readonly string[];
  readonly everyone: readonly string[];
}

/** What `access` says of all repositories, or of a namespace. */
interface Tiers {
  readonly ci: "push" | "read" | "none";
  readonly anonymousRead: boolean;
  readonly signedInRead: boolean;
  readonly signedInActions: readonly string[];
}

const EVERYTHING = ["read", "create", "update", "delete"];
const CI: Readonly<Record<Tiers["ci"], readonly string[]>> = { push: ["read", "create"], read: ["read"], none: [] };

/**
 * The settings `access` of a config. Rules of a glob that the settings cannot express exactly are left to `zot.extra`; only those of `**` always
 * come from the settings, which then say what they can.
 */
export function adoptAccess(config: JsonObject, roles: Roles): JsonObject {
  const control = valueAt(config, "http", "accessControl");
  const rules = parseRepositoryRules(config);
  const all = rules.find(({ glob }) => glob === "**");
  const grants = all === undefined ? NOTHING : grantsOf(all, conditional(config, "**"));
  const namespaces = rules.filter((one) => one !== all && isExpressible(one, config, roles));
  const isOpenToAll = Object.keys(objectAt(config, "http", "auth")).length === 0;
  const found = isObject(control) ? tiersOf(grants, roles) : { ...WITHOUT_RULES, anonymousRead: isOpenToAll };
  // Where the config does not say what CI may do, it pushes where a namespace lets it, if there is one.
  const isSilent = roles.ciGroup === undefined || all === undefined || !namesCi(config, roles);
  const pushes = namespaces.some((one) => ciTier(grantsOf(one), roles) === "push");
  const tiers: Tiers = isSilent ? { ...found, ci: pushes ? "none" : "push" } : found;
  return present({
    adminGroup: roles.adminGroup,
    ciGroup: roles.ciGroup,
    ...tiers,
    anonymousMetrics: isObject(control) ? isOpen(objectAt(control, "metrics")) : isOpenToAll,
    ...named(grants, roles),
    namespaces: Object.fromEntries(
      namespaces.map((one) => [
        one.glob.toLowerCase(),
        { ...differing(tiersOf(grantsOf(one), roles), tiers), ...named(grantsOf(one), roles) },
      ]),
    ),
  });
}

/** Whether any policy is about CI. */
function namesCi(config: JsonObject, { ciGroup, ciUser }: Roles): boolean {
  const adminPolicy = valueAt(config, "http", "accessControl", "adminPolicy");
  const policies = [
    ...parseRepositoryRules(config).flatMap((rules) => rules.policies),
    ...(isObject(adminPolicy) ? [parsePolicy(adminPolicy)] : []),
  ];
  return policies.some(({ groups, users }) => groups.includes(ciGroup ?? "") || users.includes(ciUser ?? ""));
}

const NOTHING: Grants = { groups: new Map(), users: new Map(), anonymous: [], everyone: [] };

/** zot without `accessControl`: who is signed in may do everything, and without sign-in, everyone. CI is one of them, and must not overwrite. */
const WITHOUT_RULES: Tiers = { ci: "push", anonymousRead: false, signedInRead: true, signedInActions: ["create"] };

function tiersOf(grants: Grants, roles: Roles): Tiers {
  return {
    ci: ciTier(grants, roles),
    anonymousRead: grants.anonymous.includes("read"),
    signedInRead: grants.everyone.includes("read"),
    signedInActions: grants.everyone.filter((action) => action !== "read"),
  };
}

/** What CI may do of what the settings can allow. */
function ciTier(grants: Grants, roles: Roles): Tiers["ci"] {
  const actions = ciActions(grants, roles);
  if (actions.includes("read") && actions.includes("create")) return "push";
  return actions.includes("read") ? "read" : "none";
}

function ciActions({ groups, users }: Grants, { ciGroup, ciUser }: Roles): readonly string[] {
  return [...(groups.get(ciGroup ?? "") ?? []), ...(users.get(ciUser ?? "") ?? [])];
}

/** Everyone whom the settings do not name otherwise. */
function named({ groups, users }: Grants, { adminGroup, ciGroup, ciUser }: Roles): JsonObject {
  return {
    groups: Object.fromEntries([...groups].filter(([name]) => name !== adminGroup && name !== ciGroup)),
    users: Object.fromEntries([...users].filter(([name]) => name !== ciUser)),
  };
}

function differing(tiers: Tiers, all: Tiers): JsonObject {
  return Object.fromEntries(
    Object.entries(tiers).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(all[key as keyof Tiers])),
  );
}

/** Whether a namespace's settings say the same: they give the admins everything, and CI a fixed share. */
function isExpressible(rules: RepositoryRules, config: JsonObject, roles: Roles): boolean {
  const grants = grantsOf(rules);
  return (
    conditional(config, rules.glob).size === 0 &&
    roles.adminGroup !== undefined &&
    isSameSet(grants.groups.get(roles.adminGroup) ?? [], EVERYTHING) &&
    !grants.users.has(roles.ciUser ?? "") &&
    isSameSet(ciActions(grants, roles), CI[ciTier(grants, roles)]) &&
    grants.anonymous.every((action) => action === "read")
  );
}

/** The rules by group and account. Actions that zot does not know grant nothing. */
function grantsOf(
  { policies, anonymousPolicy, defaultPolicy }: RepositoryRules,
  without: ReadonlySet<number> = new Set(),
): Grants {
  const groups = new Map<string, readonly string[]>();
  const users = new Map<string, readonly string[]>();
  for (const [index, policy] of policies.entries()) {
    const actions = known(policy.actions);
    if (without.has(index) || actions.length === 0) continue;
    for (const group of policy.groups) groups.set(group, [...new Set([...(groups.get(group) ?? []), ...actions])]);
    for (const user of policy.users) users.set(user, [...new Set([...(users.get(user) ?? []), ...actions])]);
  }
  return { groups, users, anonymous: known(anonymousPolicy), everyone: known(defaultPolicy) };
}

function known(actions: readonly string[]): readonly string[] {
  return [...new Set(actions)].filter((action) => ACTIONS.some((one) => one === action));
}

/** The places of the policies with conditions, which no setting has. */
function conditional(config: JsonObject, glob: string): ReadonlySet<number> {
  const policies = list(valueAt(config, "http", "accessControl", "repositories", glob, "policies"));
  return new Set(policies.flatMap((policy, index) => (list(valueAt(policy, "conditions")).length > 0 ? [index] : [])));
}

/** Whether exactly everyone may read the metrics, in the form of either release. */
function isOpen(metrics: JsonObject): boolean {
  const { users } = parsePolicy(metrics);
  const anonymous = list(valueAt(metrics, "anonymousPolicy"));
  if (users.length === 0) return isSameSet(anonymous.map(String), ["read"]);
  return anonymous.length === 0 && isSameSet(users, [""]);
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return new Set(one).size === new Set(other).size && one.every((entry) => other.includes(entry));
}
