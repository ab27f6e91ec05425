/** The groups with rights, which determine who may sign in. */
export interface GroupRights {
  readonly adminGroup: string;
  /** Those of CI's accounts. */
  readonly ciGroups: readonly string[];
  /** Groups with rights on all repositories. */
  readonly groups: Readonly<Record<string, unknown>>;
  /** Groups with rights in a namespace, by its glob. */
  readonly namespaces: Readonly<Record<string, { readonly groups: Readonly<Record<string, unknown>> }>>;
}

/**
 * The groups that may sign in to the registry, in the order of their PolicyBindings: admins, CI, every group that has rights anywhere (it could
 * not use them without signing in), then `more`.
 *
 * @param more groups without rights that may sign in
 */
export function signInGroups(rights: GroupRights, more: readonly string[]): readonly string[] {
  return [...new Set([...groupsWithRights(rights), ...more])];
}

/** The groups that have rights anywhere. */
export function groupsWithRights(rights: GroupRights): readonly string[] {
  const rules = [rights, ...Object.values(rights.namespaces)];
  return [...new Set([rights.adminGroup, ...rights.ciGroups, ...rules.flatMap(({ groups }) => Object.keys(groups))])];
}
