import type { SettingsProblem } from "../../../core/settings/problem.ts";
import { groupsWithRights } from "../../authentik/blueprint/signInGroups.ts";
import type { AccessSettings } from "./settings.ts";

/**
 * Groups and accounts with conflicting settings.
 *
 * @param ciUser the setting ci.user
 */
export function* accessProblems(access: AccessSettings, ciUser: string): Generator<SettingsProblem> {
  if (access.adminGroup === access.ciGroup) {
    yield {
      path: "access.ciGroup",
      message: `got "${access.ciGroup}", which is also access.adminGroup: CI would get every permission. Use a different group.`,
    };
  }
  for (const [path, { groups, users }] of [
    ["access", access] as const,
    ...Object.entries(access.namespaces).map(([glob, rules]) => [`access.namespaces.${glob}`, rules] as const),
  ]) {
    for (const setting of ["ciGroup", "adminGroup"] as const) {
      if (!(access[setting] in groups)) continue;
      yield {
        path: `${path}.groups.${access[setting]}`,
        message: `is access.${setting}, which has its own settings. Remove it here.`,
      };
    }
    if (!(ciUser in users)) continue;
    yield {
      path: `${path}.users.${ciUser}`,
      message: "is ci.user, which gets its permissions from access.ciGroup. Remove it here.",
    };
  }
  const named = groupsWithRights(access);
  for (const [index, group] of access.signInGroups.entries()) {
    if (!named.includes(group)) continue;
    yield {
      path: `access.signInGroups.${index}`,
      message: `got "${group}", which may sign in already because another setting grants it permissions. Remove it here.`,
    };
  }
}
