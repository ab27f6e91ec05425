import type { SettingsProblem } from "../../core/settings/problem.ts";
import { groupsWithRights } from "./blueprint/signInGroups.ts";
import type { GroupRights } from "./blueprint/signInGroups.ts";
import { WAY_IN } from "./blueprint/wayIn.ts";
import type { AuthentikSettings } from "./settings.ts";

/**
 * Names in Authentik that one setting would take from another, or from a former account's way in.
 *
 * @param groupSettings the settings that name `access.ciGroups`
 */
export function* authentikProblems(
  authentik: Pick<AuthentikSettings, "machineFlow" | "authorizationFlow" | "invalidationFlow">,
  access: GroupRights & { readonly signInGroups: readonly string[] },
  groupSettings: readonly string[],
): Generator<SettingsProblem> {
  const { machineFlow } = authentik;
  for (const setting of ["authorizationFlow", "invalidationFlow"] as const) {
    if (machineFlow !== authentik[setting]) continue;
    yield {
      path: "authentik.machineFlow",
      message: `got "${machineFlow}", which is also authentik.${setting}: the blueprint would change that flow for people into one for machines. Use a slug of its own.`,
    };
  }
  if (machineFlow === WAY_IN) {
    yield {
      path: "authentik.machineFlow",
      message: `got "${machineFlow}", the flow through which former accounts sign in: it is deleted afterwards. Use a different slug.`,
    };
  }
  if (![...groupsWithRights(access), ...access.signInGroups].includes(WAY_IN)) return;
  const ofCi = groupSettings[access.ciGroups.indexOf(WAY_IN)];
  yield {
    path: ofCi ?? (access.adminGroup === WAY_IN ? "access.adminGroup" : "access"),
    message: `got "${WAY_IN}", the group of former accounts that sign in to revoke their keys: they would get its permissions, and it is deleted afterwards. Use a different group.`,
  };
}
