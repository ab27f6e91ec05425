import type { SettingsProblem } from "../core/settings/problem.ts";
import { authentikProblems } from "../systems/authentik/settingsProblems.ts";
import { forgejoProblems } from "../systems/forgejo/settingsProblems.ts";
import { decidingRules, grants } from "../systems/zot/access/policies.ts";
import { allRepositories } from "../systems/zot/access/rules.ts";
import { accessProblems, ciLimitProblems } from "../systems/zot/access/settingsProblems.ts";
import { assembleZotConfig } from "../systems/zot/config/config.ts";
import { mirrorProblems } from "../systems/zot/config/mirrors/problems.ts";
import { zotProblems } from "../systems/zot/config/settingsProblems.ts";
import { usernameClaimProblem } from "../systems/zot/config/usernameClaim.ts";
import { pathProblems } from "../systems/zot/host/settingsProblems.ts";
import { keyProblems } from "../systems/zot/keys/settingsProblems.ts";
import { NEWEST_KNOWN } from "../systems/zot/version.ts";
import { keyStoreProblems } from "./keyStore.ts";
import type { Settings } from "./schema.ts";
import { zotConfigArgs } from "./zotConfigArgs.ts";

/** Checks across settings: those of each system, and those that concern several systems. */
export function* crossChecks(settings: Settings): Generator<SettingsProblem> {
  yield* keyProblems(settings.ci);
  yield* keyStoreProblems(settings);
  yield* pathProblems(settings.registry, settings.zot);
  yield* accessProblems(settings.access, settings.ci.user);
  yield* authentikProblems(settings.authentik, settings.access);
  yield* deliveryProblems(settings);
  yield* zotProblems(settings.zot);
  yield* usernameClaimProblems(settings);
  yield* configProblems(settings);
  yield* pullThroughProblems(settings);
  yield* forgejoProblems(settings.forgejo);
}

/** API keys work with the name that zot gave the account at its sign-in. */
function* usernameClaimProblems({ zot, ci }: Settings): Generator<SettingsProblem> {
  const claim = zot.auth.usernameClaim;
  const why = usernameClaimProblem(claim);
  if (why === undefined) return;
  yield {
    path: "zot.auth.usernameClaim",
    message: `got "${claim}", ${why}; zot must know CI's account by its user name, ${ci.user}. Use preferred_username, or a claim of your own that contains the user name.`,
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
  const { ci, acceptance, registry } = settings;
  const args = zotConfigArgs(settings);
  const { config, problems } = assembleZotConfig(args, NEWEST_KNOWN, registry);
  yield* problems;
  const images = { "ci.imagePrefix": ci.imagePrefix, "acceptance.repository": acceptance.repository };
  yield* mirrorProblems(args, config, images);
  yield* ciLimitProblems(args.rules, settings.zot.extra, {
    user: ci.user,
    imagePrefix: ci.imagePrefix,
    repository: acceptance.repository,
  });
  const rules = allRepositories(args.rules);
  for (const [setting, repository] of Object.entries({
    "ci.imagePrefix": `${ci.imagePrefix}/sample`,
    "acceptance.repository": acceptance.repository,
  })) {
    const deciding = decidingRules(rules, repository);
    if (["read", "create"].every((action) => grants(deciding, { group: args.rules.ciGroup }, action))) continue;
    yield {
      path: setting,
      message: `CI cannot push to "${repository}": the rules of "${deciding?.glob ?? "no glob"}" do not allow its group "${args.rules.ciGroup}" (access.ciGroup) to. Let it push there with access.ci or access.namespaces, or use a different repository.`,
    };
  }
}
