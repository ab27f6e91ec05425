import type { Settings } from "../../../settings/schema.ts";

/**
 * The groups that may sign in to the registry, in the order of their PolicyBindings: admins, CI, every group that has rights somewhere (rights
 * that nobody can sign in for would be worth nothing), then those that may only sign in.
 */
export function signInGroups({ access }: Settings): readonly string[] {
  return [...new Set([...groupsWithRights(access), ...access.signInGroups])];
}

/** The groups that some setting gives rights. */
export function groupsWithRights(access: Settings["access"]): readonly string[] {
  const rules = [access, ...Object.values(access.namespaces)];
  return [...new Set([access.adminGroup, access.ciGroup, ...rules.flatMap(({ groups }) => Object.keys(groups))])];
}
