import type { SettingsProblem } from "../../../core/settings/problem.ts";
import { groupsWithRights } from "../../authentik/blueprint/signInGroups.ts";
import { isObject } from "../../../core/json.ts";
import type { JsonObject } from "../../../core/json.ts";
import { valueAt } from "../config/syntax/anyCase.ts";
import { decidingRules, grants, parsePolicy } from "./policies.ts";
import type { RepositoryRules } from "./policies.ts";
import { allRepositories } from "./rules.ts";
import type { AccessRules } from "./rules.ts";
import { samplesBelow } from "./globs/samples.ts";
import type { AccessSettings } from "./settings.ts";

/** A CI account, and the settings that name it. */
export interface CiNames {
  readonly user: string;
  readonly group: string;
  /** `ci.user` */
  readonly userSetting: string;
  /** `access.ciGroup` */
  readonly groupSetting: string;
}

/** Groups and accounts with conflicting settings. */
export function* accessProblems(
  access: Omit<AccessSettings, "ciGroup">,
  ci: readonly CiNames[],
): Generator<SettingsProblem> {
  for (const { group, groupSetting } of ci) {
    if (access.adminGroup !== group) continue;
    yield {
      path: groupSetting,
      message: `got "${group}", which is also access.adminGroup: CI would get every permission. Use a different group.`,
    };
  }
  const special = [
    ...ci.map(({ group, groupSetting }) => ({ name: group, setting: groupSetting })),
    { name: access.adminGroup, setting: "access.adminGroup" },
  ];
  for (const [path, { groups, users }] of [
    ["access", access] as const,
    ...Object.entries(access.namespaces).map(([glob, rules]) => [`access.namespaces.${glob}`, rules] as const),
  ]) {
    for (const { name, setting } of special) {
      if (!Object.hasOwn(groups, name)) continue;
      yield { path: `${path}.groups.${name}`, message: `is ${setting}, which has its own settings. Remove it here.` };
    }
    for (const { user, userSetting, groupSetting } of ci) {
      if (!Object.hasOwn(users, user)) continue;
      yield {
        path: `${path}.users.${user}`,
        message: `is ${userSetting}, which gets its permissions from ${groupSetting}. Remove it here.`,
      };
    }
  }
  const named = groupsWithRights({ ...access, ciGroups: ci.map(({ group }) => group) });
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
  readonly user: string;
  readonly group: string;
  /** The namespaces of the images, and the setting that names them: `ci.imagePrefix`. */
  readonly prefixes: readonly string[];
  readonly prefixSetting: string;
  /** Where overwriting and deleting are tried: `acceptance.repository`. */
  readonly repository: string;
}

const FORBIDDEN = ["update", "delete"] as const;

/**
 * Rules by which CI could overwrite or delete its images: those of `zot.extra`, and what every signed-in user may do. All other settings let it push
 * new tags only.
 */
export function* ciLimitProblems(rules: AccessRules, extra: JsonObject, ci: CiImages): Generator<SettingsProblem> {
  const access = "zot.extra.http.accessControl";
  const who = { group: ci.group, user: ci.user };
  const adminPolicy = valueAt(extra, "http", "accessControl", "adminPolicy");
  if (isObject(adminPolicy)) {
    const policy = parsePolicy(adminPolicy);
    const given = FORBIDDEN.filter((action) => grants({ policies: [policy] }, who, action));
    if (given.length > 0)
      yield { path: `${access}.adminPolicy`, message: tooMuch(`CI (${ci.group})`, given, "every repository") };
  }
  const all = allRepositories(rules);
  const reported = new Set<string>();
  const samples = ci.prefixes
    .flatMap((prefix) => samplesBelow(all, prefix))
    .map((sample) => [sample, `are below ${ci.prefixSetting}`] as const);
  for (const [sample, where] of [...samples, [ci.repository, "are those of acceptance.repository"] as const]) {
    const deciding = decidingRules(all, sample);
    if (deciding === undefined || reported.has(deciding.glob)) continue;
    const isExtra = rules.extra.includes(deciding);
    const given = FORBIDDEN.filter((action) =>
      isExtra ? mayDo(deciding, who, action) : deciding.defaultPolicy.includes(action),
    );
    if (given.length === 0) continue;
    reported.add(deciding.glob);
    yield {
      path: isExtra ? `${access}.repositories.${deciding.glob}` : signedInActionsOf(deciding.glob),
      message: tooMuch(
        isExtra ? holder(deciding, who, given, ci.group) : "every signed-in user, including CI,",
        given,
        `images such as ${sample}, which ${where}`,
      ),
    };
  }
}

function signedInActionsOf(glob: string): string {
  return glob === "**" ? "access.signedInActions" : `access.namespaces.${glob}.signedInActions`;
}

type Who = Parameters<typeof grants>[1];

function mayDo(rules: RepositoryRules, who: Who, action: string): boolean {
  return grants(rules, who, action) || rules.defaultPolicy.includes(action) || rules.anonymousPolicy.includes(action);
}

function holder(rules: RepositoryRules, who: Who, given: readonly string[], ciGroup: string): string {
  if (given.some((action) => grants(rules, who, action))) return `CI (${ciGroup})`;
  return given.some((action) => rules.defaultPolicy.includes(action))
    ? "every signed-in user, including CI,"
    : "anyone";
}

function tooMuch(subject: string, actions: readonly string[], where: string): string {
  return (
    `gives ${subject} permission to ${actions.join(" and ")} ${where}: whoever gets hold of CI's key could replace or remove what others pull. ` +
    `Remove ${actions.join(" and ")} here, or grant ${actions.length > 1 ? "them" : "it"} to a group that CI is not in.`
  );
}
