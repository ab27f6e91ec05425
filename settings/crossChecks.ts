import { deliveryOf } from "../systems/authentik/blueprint/delivery.ts";
import { toSeconds } from "../core/duration.ts";
import { groupsWithRights } from "../systems/authentik/blueprint/signInGroups.ts";
import { decidingRules, grants, repositoryRules } from "../systems/zot/access/policies.ts";
import { NEWEST_KNOWN } from "../systems/zot/version.ts";
import { assembleZotConfig } from "../systems/zot/config/config.ts";
import { forgejoProblems } from "../systems/forgejo/settingsProblems.ts";
import type { SettingsProblem } from "../core/settings/problem.ts";
import type { Settings } from "./schema.ts";

/** What one setting alone cannot tell. */
export function* crossChecks(settings: Settings): Generator<SettingsProblem> {
  yield* keyProblems(settings);
  yield* pathProblems(settings);
  yield* accessProblems(settings);
  yield* signInProblems(settings);
  yield* deliveryProblems(settings);
  yield* zotProblems(settings);
  yield* forgejoProblems(settings);
}

function* keyProblems({ ci }: Settings): Generator<SettingsProblem> {
  if (ci.rotateAfter !== undefined && toSeconds(ci.rotateAfter) >= toSeconds(ci.keyLifetime)) {
    yield {
      path: "ci.rotateAfter",
      message: `got "${ci.rotateAfter}", which is not below ci.keyLifetime "${ci.keyLifetime}": the key would expire before it is replaced. Leave it out for two thirds of the lifetime.`,
    };
  }
}

function* pathProblems({ registry, zot }: Settings): Generator<SettingsProblem> {
  if (registry.configFile === registry.credentialsFile) {
    yield {
      path: "registry.credentialsFile",
      message: "is the same file as registry.configFile. Name a file of its own.",
    };
  }
  if (registry.host === "local") return;
  const paths: Record<string, string | undefined> = {
    "registry.configFile": registry.configFile,
    "registry.credentialsFile": registry.credentialsFile,
    "registry.dataDirectory": registry.dataDirectory,
    "registry.serviceFile": registry.serviceFile,
    "registry.serviceLog": registry.serviceLog,
    "zot.http.tls.cert": zot.http.tls?.cert,
    "zot.http.tls.key": zot.http.tls?.key,
    "zot.http.tls.caCert": zot.http.tls?.caCert,
    "zot.auth.sessionKeysFile": zot.auth.sessionKeysFile,
    "zot.log.output": zot.log.output,
    "zot.log.audit": zot.log.audit,
    "zot.sync.credentialsFile": zot.sync.credentialsFile,
    "zot.sync.downloadDir": zot.sync.downloadDir,
    ...Object.fromEntries(registry.pullThrough.map(({ certDir }, i) => [`registry.pullThrough.${i}.certDir`, certDir])),
    ...Object.fromEntries(
      Object.entries(zot.storage.subPaths).map(([path, sub]) => [
        `zot.storage.subPaths.${path}.dataDirectory`,
        sub.dataDirectory,
      ]),
    ),
  };
  for (const [path, value] of Object.entries(paths)) {
    if (value === undefined || value.startsWith("/")) continue;
    yield { path, message: `got "${value}"; on ${registry.host} it has to be an absolute path.` };
  }
}

function* accessProblems({ access, ci, registry, acceptance }: Settings): Generator<SettingsProblem> {
  if (access.adminGroup === access.ciGroup) {
    yield {
      path: "access.ciGroup",
      message: `got "${access.ciGroup}", which is access.adminGroup too: CI would get every right. Name another group.`,
    };
  }
  const named = [
    ["access", access] as const,
    ...Object.entries(access.namespaces).map(([glob, rules]) => [`access.namespaces.${glob}`, rules] as const),
  ];
  for (const [path, { groups, users }] of named) {
    for (const [setting, group] of Object.entries({ ciGroup: access.ciGroup, adminGroup: access.adminGroup })) {
      if (!(group in groups)) continue;
      yield {
        path: `${path}.groups.${group}`,
        message: `is access.${setting}, whose rights have settings of their own. Leave it out here.`,
      };
    }
    if (!(ci.user in users)) continue;
    yield {
      path: `${path}.users.${ci.user}`,
      message: "is ci.user, whose rights come from access.ciGroup. Leave it out here.",
    };
  }
  for (const [setting, repository] of Object.entries({
    "ci.imagePrefix": ci.imagePrefix,
    "acceptance.repository": acceptance.repository,
  })) {
    const destination = registry.pullThrough.find(({ name }) => `${repository}/`.startsWith(`${name}/`));
    if (destination === undefined) continue;
    yield {
      path: setting,
      message: `got "${repository}", which is below ${destination.name} of registry.pullThrough: what CI pushes there is replaced by the upstream's image at the next pull. Name another one.`,
    };
  }
}

function* signInProblems({ access }: Settings): Generator<SettingsProblem> {
  const named = groupsWithRights(access);
  for (const [index, group] of access.signInGroups.entries()) {
    if (!named.includes(group)) continue;
    yield {
      path: `access.signInGroups.${index}`,
      message: `got "${group}", which has rights by another setting and so may sign in. Leave it out here.`,
    };
  }
}

/** Settings that would have no effect beside the way in which the blueprint is delivered. */
function* deliveryProblems(settings: Settings): Generator<SettingsProblem> {
  const { authentik, argocd, kubernetes } = settings;
  if (deliveryOf(settings).kind === "configMap") return;
  const unused = { argocd, "kubernetes.kubeconfig": kubernetes.kubeconfig, "kubernetes.context": kubernetes.context };
  for (const [path, value] of Object.entries(unused)) {
    if (value === undefined) continue;
    yield {
      path,
      message: `is for authentik.delivery "configMap"; with "${authentik.delivery}" nothing asks it. Leave it out.`,
    };
  }
}

/** What zot would not take, or would take for something else, whatever its version. */
function* zotProblems(settings: Settings): Generator<SettingsProblem> {
  const { zot, access, ci, acceptance, registry } = settings;
  if (zot.ui && !zot.search.enable) {
    yield { path: "zot.ui", message: "got true; it has to be false without zot.search.enable, which the page needs." };
  }
  if (zot.search.cve && toSeconds(zot.search.cveUpdateInterval) < 7200) {
    yield {
      path: "zot.search.cveUpdateInterval",
      message: `got "${zot.search.cveUpdateInterval}"; it has to be "2 hours" or more.`,
    };
  }
  const { config, problems } = assembleZotConfig(settings, NEWEST_KNOWN, registry);
  yield* problems;
  const rules = repositoryRules(config);
  for (const [setting, repository] of Object.entries({
    "ci.imagePrefix": `${ci.imagePrefix}/sample`,
    "acceptance.repository": acceptance.repository,
  })) {
    const deciding = decidingRules(rules, repository);
    if (["read", "create"].every((action) => grants(deciding, { group: access.ciGroup }, action))) continue;
    yield {
      path: setting,
      message: `is where CI pushes, but the rules of "${deciding?.glob ?? "no glob"}" do not let it. Change access.namespaces, or name another place.`,
    };
  }
}
