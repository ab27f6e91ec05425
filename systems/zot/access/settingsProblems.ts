import type { SettingsProblem } from "../../../core/settings/problem.ts";
import { groupsWithRights } from "../../authentik/blueprint/signInGroups.ts";
import { isObject } from "../../../core/json.ts";
import type { JsonObject } from "../../../core/json.ts";
import { valueAt } from "../config/anyCase.ts";
import { decidingRules, grants, parsePolicy } from "./policies.ts";
import type { RepositoryRules } from "./policies.ts";
import { allRepositories } from "./rules.ts";
import type { AccessRules } from "./rules.ts";
import { samplesBelow } from "./globs/samples.ts";
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

/** CI's images: nobody who has CI's key may overwrite or delete them. */
export interface CiImages {
  /** The setting ci.user. */
  readonly user: string;
  /** The image prefixes, by the setting that names them. */
  readonly prefixes: Readonly<Record<string, string>>;
}

const FORBIDDEN = ["update", "delete"] as const;

/** Rules of `zot.extra` by which CI could overwrite or delete its images: all other settings let it push new tags only. */
export function* ciLimitProblems(rules: AccessRules, extra: JsonObject, ci: CiImages): Generator<SettingsProblem> {
  const access = "zot.extra.http.accessControl";
  const who = { group: rules.ciGroup, user: ci.user };
  const adminPolicy = valueAt(extra, "http", "accessControl", "adminPolicy");
  if (isObject(adminPolicy)) {
    const policy = parsePolicy(adminPolicy);
    const given = FORBIDDEN.filter((action) => grants({ policies: [policy] }, who, action));
    if (given.length > 0)
      yield { path: `${access}.adminPolicy`, message: tooMuch(`CI (${rules.ciGroup})`, given, "every repository") };
  }
  const all = allRepositories(rules);
  const reported = new Set<string>();
  for (const [setting, prefix] of Object.entries(ci.prefixes)) {
    for (const sample of samplesBelow(all, prefix)) {
      const deciding = decidingRules(all, sample);
      if (deciding === undefined || !rules.extra.includes(deciding) || reported.has(deciding.glob)) continue;
      const given = FORBIDDEN.filter((action) => mayDo(deciding, who, action));
      if (given.length === 0) continue;
      reported.add(deciding.glob);
      yield {
        path: `${access}.repositories.${deciding.glob}`,
        message: tooMuch(
          holder(deciding, who, given, rules.ciGroup),
          given,
          `images such as ${sample}, which are below ${setting}`,
        ),
      };
    }
  }
}

type Who = Parameters<typeof grants>[1];

function mayDo(rules: RepositoryRules, who: Who, action: string): boolean {
  return grants(rules, who, action) || rules.defaultPolicy.includes(action) || rules.anonymousPolicy.includes(action);
}

function holder(rules: RepositoryRules, who: Who, given: readonly string[], ciGroup: string): string {
  if (given.some((action) => grants(rules, who, action))) return `CI (${ciGroup})`;
  return given.some((action) => rules.defaultPolicy.includes(action)) ? "every signed-in user, CI too," : "anyone";
}

function tooMuch(subject: string, actions: readonly string[], where: string): string {
  return (
    `gives ${subject} the permission to ${actions.join(" and ")} ${where}: with a leaked key, an attacker could replace or remove what others pull. ` +
    `Remove ${actions.join(" and ")} there, or give it to another group.`
  );
}
