import { isObject } from "../../../../../core/json.ts";
import type { JsonObject } from "../../../../../core/json.ts";
import { parsePolicy, parseRepositoryRules } from "../../../access/policies.ts";
import type { Policy } from "../../../access/policies.ts";
import { valueAt } from "../../syntax/anyCase.ts";

/** Who plays which part in the settings. */
export interface Roles {
  /** The setting access.adminGroup. */
  readonly adminGroup: string | undefined;
  /** The setting access.ciGroup. */
  readonly ciGroup: string | undefined;
  /** The setting ci.user. */
  readonly ciUser: string | undefined;
}

const EVERYTHING = ["read", "create", "update", "delete"];
const ADMIN = /admin|owner|root/i;
const CI =
  /(^|[^a-z])(ci|cd|robots?|bots?|runners?|workloads?|builds?|builders?|pipelines?|actions?|automation|push(ers?)?)([^a-z]|$)/i;

/** Finds the groups of the admins and of CI in the policies, unless they are known. */
export function rolesIn(config: JsonObject, known: Partial<Roles>): Roles {
  const rules = parseRepositoryRules(config);
  const adminPolicy = valueAt(config, "http", "accessControl", "adminPolicy");
  const everywhere = rules.filter(({ glob }) => glob === "**").flatMap(({ policies }) => policies);
  const elsewhere = rules.filter(({ glob }) => glob !== "**").flatMap(({ policies }) => policies);
  const admins = isObject(adminPolicy) ? [parsePolicy(adminPolicy)] : [];
  // The rules for all repositories count first.
  const places = [everywhere, admins, elsewhere];
  const adminGroup =
    known.adminGroup ?? first(places, (policies) => adminAmong(holders(policies, mayEverything), known.ciGroup));
  // Never by what it may do alone: it may be a group of people.
  const ciGroup =
    known.ciGroup ??
    first([everywhere, elsewhere], (policies) =>
      holders(policies, mayPush).find((group) => group !== adminGroup && CI.test(group)),
    ) ??
    // A group that is called like CI and may overwrite, which the program takes away.
    [...holders(everywhere, (actions) => actions.includes("create"))].find(
      (group) => group !== adminGroup && CI.test(group),
    );
  return { adminGroup, ciGroup, ciUser: known.ciUser };
}

/** Groups that may push and nothing else, if none is called like CI's: one with a service account in Authentik may be CI's. */
export function possibleCiGroups(config: JsonObject, known: Partial<Roles>): readonly string[] {
  const { adminGroup, ciGroup } = rolesIn(config, known);
  if (ciGroup !== undefined) return [];
  const policies = parseRepositoryRules(config).flatMap((rules) => rules.policies);
  return holders(policies, mayPush).filter((group) => group !== adminGroup);
}

function mayEverything(actions: readonly string[]): boolean {
  return EVERYTHING.every((action) => actions.includes(action));
}

function mayPush(actions: readonly string[]): boolean {
  return actions.length === 2 && actions.includes("read") && actions.includes("create");
}

/** The groups of which all that they may do here is as asked. */
function holders(policies: readonly Policy[], fits: (actions: readonly string[]) => boolean): readonly string[] {
  const groups = [...new Set(policies.flatMap((policy) => policy.groups))];
  return groups.filter((group) =>
    fits([...new Set(policies.filter((policy) => policy.groups.includes(group)).flatMap(({ actions }) => actions))]),
  );
}

/** The first that is called like it, or the first one. */
function adminAmong(candidates: readonly string[], ciGroup: string | undefined): string | undefined {
  const free = candidates.filter((group) => group !== ciGroup);
  return free.find((group) => ADMIN.test(group)) ?? free[0];
}

function first<Place>(places: readonly Place[], find: (place: Place) => string | undefined): string | undefined {
  for (const place of places) {
    const found = find(place);
    if (found !== undefined) return found;
  }
  return undefined;
}
