import type { SettingsProblem } from "../core/settings/problem.ts";
import { authentikProblems } from "../systems/authentik/settingsProblems.ts";
import { forgejoProblems } from "../systems/forgejo/settingsProblems.ts";
import { decidingRules, grants } from "../systems/zot/access/policies.ts";
import type { RepositoryRules } from "../systems/zot/access/policies.ts";
import { allRepositories } from "../systems/zot/access/rules.ts";
import { accessProblems, ciLimitProblems } from "../systems/zot/access/settingsProblems.ts";
import type { CiImages } from "../systems/zot/access/settingsProblems.ts";
import { assembleZotConfig, assumedVersion } from "../systems/zot/config/config.ts";
import { mirrorProblems } from "../systems/zot/config/mirrors/problems.ts";
import { zotProblems } from "../systems/zot/config/settingsProblems.ts";
import { usernameClaimProblem } from "../systems/zot/signIn/usernameClaim.ts";
import { pathProblems } from "../systems/zot/host/settingsProblems.ts";
import { keyProblems } from "../systems/zot/keys/settingsProblems.ts";
import { accountProblems } from "./accounts/accountProblems.ts";
import { accountSettings } from "./accounts/accountSettings.ts";
import type { AccountSettings } from "./accounts/accountSettings.ts";
import { pushers } from "./accounts/accounts.ts";
import { jobTokenProblems } from "./accounts/jobTokenProblems.ts";
import { keyStoreProblems } from "./accounts/keyStoreProblems.ts";
import type { Settings } from "./schema.ts";
import { zotConfigArgs } from "./zotConfigArgs.ts";

/** Checks across settings: those of each system, and those that concern several systems. */
export function* crossChecks(settings: Settings): Generator<SettingsProblem> {
  const accounts = namedAccounts(settings);
  for (const { account, names } of accounts) yield* keyProblems(account, names.life);
  yield* accountProblems(settings);
  yield* keyStoreProblems(settings);
  yield* pathProblems(settings.registry, settings.zot);
  yield* accessProblems(
    settings.access,
    namedPushers(settings).map(({ account: { user, group }, names }) => ({
      user,
      group,
      userSetting: names.user,
      groupSetting: names.group,
    })),
  );
  yield* authentikProblems(
    settings.authentik,
    { ...settings.access, ciGroups: accounts.map(({ account }) => account.group) },
    accounts.map(({ names }) => names.group),
  );
  yield* deliveryProblems(settings);
  yield* zotProblems(settings.zot);
  yield* usernameClaimProblems(settings);
  yield* configProblems(settings);
  yield* pullThroughProblems(settings);
  yield* forgejoProblems(
    [
      ...accounts.map(({ account: { secretName: name, repositories }, names }) => ({
        setting: names.secretName,
        name,
        repositories,
      })),
      ...Object.entries(settings.jobAccounts).map(([id, { name, repositories }]) => ({
        setting: `${accountSettings(id, settings).life}.jobToken.name`,
        name,
        repositories,
      })),
    ],
    settings.forgejo,
  );
  yield* jobTokenProblems(settings);
}

function namedPushers(settings: Settings) {
  return pushers(settings).map(([id, account]) => ({ account, names: accountSettings(id, settings) }));
}

function namedAccounts(settings: Settings) {
  return Object.entries(settings.accounts).map(([id, account]) => ({
    account,
    names: accountSettings(id, settings),
  }));
}

/** API keys work with the name that zot gave the account at its sign-in. */
function* usernameClaimProblems({ zot, accounts }: Settings): Generator<SettingsProblem> {
  const claim = zot.auth.usernameClaim;
  const why = usernameClaimProblem(claim);
  if (why === undefined) return;
  yield {
    path: "zot.auth.usernameClaim",
    message: `got "${claim}", ${why}; zot must know CI's account by its user name, ${Object.values(accounts)[0]?.user ?? ""}. Use preferred_username, or a claim of your own that contains the user name.`,
  };
}

/** Images that zot would not fetch. */
function* pullThroughProblems({ acceptance, registry }: Settings): Generator<SettingsProblem> {
  const onDemand = registry.pullThrough.filter((mirror) => mirror.onDemand).map(({ name }) => name);
  for (const [index, image] of acceptance.pullThrough.entries()) {
    if (onDemand.some((name) => image.startsWith(`${name}/`))) continue;
    const names = onDemand.length === 0 ? "there is none" : `there are ${onDemand.join(", ")}`;
    yield {
      path: `acceptance.pullThrough.${index}`,
      message: `got "${image}", which begins with no name of registry.pullThrough with onDemand (${names}). Add its registry there, or remove the image.`,
    };
  }
}

/** Settings that have no effect with the chosen delivery of the blueprint. */
function* deliveryProblems(settings: Settings): Generator<SettingsProblem> {
  const { authentik, argocd, kubernetes } = settings;
  if (authentik.delivery === "configMap") return;
  const unused = { argocd, "kubernetes.kubeconfig": kubernetes.kubeconfig, "kubernetes.context": kubernetes.context };
  for (const [path, value] of Object.entries(unused)) {
    if (value === undefined) continue;
    yield {
      path,
      message: `has no effect with authentik.delivery "${authentik.delivery}"; it is only for "configMap". Remove it.`,
    };
  }
}

/** What every version of zot would reject or misread, and rules that lock CI out of its own images. */
function* configProblems(settings: Settings): Generator<SettingsProblem> {
  const { registry } = settings;
  const args = zotConfigArgs(settings);
  const { config, problems } = assembleZotConfig(args, assumedVersion(args), registry);
  yield* problems;
  const rules = allRepositories(args.rules);
  const accounts = namedPushers(settings);
  const images = accounts.flatMap(({ account, names }) => [
    ...account.prefixes.map((repository) => ({ setting: names.prefix, repository })),
    { setting: names.repository, repository: account.repository },
  ]);
  yield* mirrorProblems(args, config, images);
  for (const { account, names } of accounts) {
    // An account with a key and job tokens has two groups: what is wrong for both is said once.
    const reported = new Set<string>();
    for (const { group, namespaces } of account.access) {
      const { user, prefixes, repository } = account;
      const own = { user, group, prefixes, prefixSetting: names.prefix, repository };
      for (const problem of [
        ...ciLimitProblems(args.rules, settings.zot.extra, own),
        ...pushProblems(rules, own, names, namespaces === undefined),
      ]) {
        if (reported.has(problem.path)) continue;
        reported.add(problem.path);
        yield problem;
      }
    }
  }
}

/** Rules by which an account could not push its images. */
function* pushProblems(
  rules: readonly RepositoryRules[],
  { group, prefixes, repository }: CiImages,
  names: AccountSettings,
  isByAccess: boolean,
): Generator<SettingsProblem> {
  const samples = [
    ...prefixes.map((prefix) => [names.prefix, `${prefix}/sample`] as const),
    [names.repository, repository] as const,
  ];
  for (const [setting, sample] of samples) {
    const deciding = decidingRules(rules, sample);
    if (["read", "create"].every((action) => grants(deciding, { group }, action))) continue;
    const remedy = isByAccess
      ? "Let it push there with access.ci or access.namespaces, or use a different repository."
      : "Give the namespace rules of its own in access.namespaces, or remove that glob.";
    yield {
      path: setting,
      message: `CI cannot push to "${sample}": the rules of "${deciding?.glob ?? "no glob"}" do not allow its group "${group}" (${names.group}) to. ${remedy}`,
    };
  }
}
