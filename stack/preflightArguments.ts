import { accountSettings } from "../settings/accounts/accountSettings.ts";
import type { Settings } from "../settings/schema.ts";
import { blueprintNeeds } from "../systems/authentik/blueprint/render.ts";
import type { AccountsWithKeys } from "../systems/forgejo/jobToken/needlessKeys.ts";
import { jobTokenIssuer } from "../systems/forgejo/jobToken/issuer.ts";
import type { PreflightInputs } from "../systems/preflight/preflight.ts";
import { FIRST_WITH_JOB_TOKENS, atLeast, formatZotVersion } from "../systems/zot/version.ts";
import type { ZotVersion } from "../systems/zot/version.ts";
import { argocdConnection, blueprintArgs, clusterChoice } from "./arguments.ts";

/**
 * Every server, token and secret that must work before anything changes.
 *
 * @param unreadable the secrets of this machine that cannot be read, and why
 */
export function preflightInputs(settings: Settings, unreadable: readonly string[] = []): PreflightInputs {
  const { authentik, forgejo, kubernetes } = settings;
  const accounts = Object.values(settings.accounts);
  const jobs = Object.values(settings.jobAccounts);
  const { namespace, configMap, key } = kubernetes;
  return {
    blueprint: {
      needs: blueprintNeeds(blueprintArgs(settings)),
      appliedAfter: authentik.appliedAfter,
      clientId: authentik.clientId,
      providerName: authentik.providerName,
    },
    authentik: { authentikUrl: authentik.url, authentikToken: authentik.token },
    ciUsers: accounts.map(({ user }) => user),
    ...namedBy(settings),
    argocd: argocdConnection(settings) ?? null,
    ...(authentik.delivery === "configMap"
      ? {
          configMap: {
            namespace,
            configMap,
            key,
            ...clusterChoice(kubernetes),
          },
        }
      : {}),
    forgejo: { forgejoUrl: forgejo.url, forgejoToken: forgejo.token },
    targets: [...new Set([...accounts, ...jobs, ...forgejo.secrets].flatMap(({ repositories }) => repositories))],
    ...(jobs.length === 0
      ? {}
      : {
          jobTokens: {
            issuer: jobTokenIssuer(forgejo),
            targets: Object.fromEntries(
              Object.entries(settings.jobAccounts).flatMap(([id, { repositories }]) =>
                repositories.map((target) => [target, accountSettings(id, settings).repositories]),
              ),
            ),
          },
        }),
    ways: waysIn(settings),
    sources: forgejo.secrets.map((secret) => secret.source),
    keyStores: accounts.flatMap(({ keyStores }) => keyStores),
    ...(unreadable.length === 0 ? {} : { unreadable }),
  };
}

/** An account's key, the tokens of its jobs, and secrets that belong to no account: each has rows of its own. */
export const wayOf = {
  key: (id: string) => `${id}: apiKey`,
  jobToken: (id: string) => `${id}: jobToken`,
  otherSecrets: "forgejo.secrets",
} as const;

function waysIn({ accounts, jobAccounts, forgejo }: Settings): readonly string[] {
  return [
    ...Object.keys(accounts).map(wayOf.key),
    ...Object.keys(jobAccounts).map(wayOf.jobToken),
    ...(forgejo.secrets.length === 0 ? [] : [wayOf.otherSecrets]),
  ];
}

/** Accounts that could do without their stored keys, as far as zot is concerned. */
export function accountsWithKeys(
  { accounts, jobAccounts }: Settings,
  version: ZotVersion,
): AccountsWithKeys | undefined {
  const ids = Object.keys(accounts).filter(
    (id) => jobAccounts[id] === undefined && (accounts[id]?.repositories.length ?? 0) > 0,
  );
  return ids.length === 0 || !atLeast(version, FIRST_WITH_JOB_TOKENS)
    ? undefined
    : { zot: formatZotVersion(version), ids };
}

/** For messages about an account of several. */
function namedBy(settings: Settings): Pick<PreflightInputs, "namedBy"> {
  const named = Object.entries(settings.accounts)
    .filter(([, { access }]) => access[0].namespaces !== undefined)
    .flatMap(([id, { user, keyStores }]) => {
      const names = accountSettings(id, settings);
      return [[user, names.user] as const, ...keyStores.map((store) => [store, names.keyStore] as const)];
    });
  return named.length === 0 ? {} : { namedBy: Object.fromEntries(named) };
}
