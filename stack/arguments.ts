import type { AcceptanceArgs, TestBuildArgs } from "../components/acceptance.ts";
import type { AuthentikAccessArgs } from "../components/authentikAccess.ts";
import type { CiServiceAccountArgs } from "../components/ciServiceAccount.ts";
import type { ForgejoSecretArgs } from "../components/forgejoSecret.ts";
import type { ZotServerArgs } from "../components/zotServer.ts";
import type { AccountNames } from "../core/settings/accountNames.ts";
import { accountSettings } from "../settings/accounts/accountSettings.ts";
import { ONLY, mainAccount } from "../settings/accounts/accounts.ts";
import type { CiAccount } from "../settings/accounts/accounts.ts";
import type { Settings } from "../settings/schema.ts";
import { zotConfigArgs } from "../settings/zotConfigArgs.ts";
import type { BlueprintArgs } from "../systems/authentik/blueprint/args.ts";
import { defaultBlueprintPath, parseDelivery } from "../systems/authentik/blueprint/delivery.ts";
import type { BlueprintDelivery } from "../systems/authentik/blueprint/delivery.ts";
import { appPasswordIdentifier } from "../systems/authentik/blueprint/render.ts";
import { signInGroups } from "../systems/authentik/blueprint/signInGroups.ts";
import { issuerOf } from "../systems/authentik/issuer.ts";
import type { ArgoCdConnection } from "../systems/argocd/client.ts";
import type { ClusterChoice, ServicesArgs } from "../systems/services/args.ts";
import { expectedAccess } from "../systems/zot/access/matrix.ts";
import { USERNAME_CLAIM } from "../systems/zot/signIn/usernameClaim.ts";
import { filesOnHost } from "../systems/zot/host/zotHost.ts";
import type { ZotHost } from "../systems/zot/host/zotHost.ts";
import type { ZotVersion } from "../systems/zot/version.ts";
import type { SignInArgs } from "../systems/zot/signIn/check.ts";

// What each component gets from the settings; index.ts adds what it gets from other components.

export function clusterChoice({ kubeconfig, context }: Settings["kubernetes"]): ClusterChoice {
  return { ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) };
}

export function argocdConnection({ argocd }: Settings): ArgoCdConnection | undefined {
  if (argocd === undefined) return undefined;
  const { url, token, application, applicationNamespace, project } = argocd;
  return {
    argocdUrl: url,
    argocdToken: token,
    application,
    ...(applicationNamespace === undefined ? {} : { applicationNamespace }),
    project,
  };
}

function servicesArgs(settings: Settings): ServicesArgs {
  const { authentik, forgejo, kubernetes, onePassword, acceptance } = settings;
  const { user, keyStores, repository } = mainAccount(settings);
  const argocd = argocdConnection(settings);
  const { admin, pullThrough } = acceptance;
  return {
    authentik: { authentikUrl: authentik.url, authentikToken: authentik.token },
    ...(argocd === undefined ? {} : { argocd }),
    forgejo: { forgejoUrl: forgejo.url, forgejoToken: forgejo.token },
    targets: [
      ...new Set(
        [...Object.values(settings.accounts), ...Object.values(settings.jobAccounts)].flatMap(
          ({ repositories }) => repositories,
        ),
      ),
    ],
    registry: {
      puller: { username: user, key: keyStores[0] },
      pullThrough,
      ...(admin === undefined ? {} : { admin: { username: admin.user, key: admin.apiKey } }),
      repository,
    },
    ...(onePassword.connectUrl === undefined ? {} : { connectUrl: onePassword.connectUrl }),
    ...(authentik.delivery === "configMap" ? { kubernetes: clusterChoice(kubernetes) } : {}),
  };
}

export function blueprintArgs(settings: Settings): BlueprintArgs {
  const { authentik, registry, accounts, access } = settings;
  const ciGroups = Object.values(accounts).map(({ group }) => group);
  return {
    registryUrl: registry.url,
    application: authentik.application,
    applicationName: authentik.applicationName,
    providerName: authentik.providerName,
    clientId: authentik.clientId,
    clientSecretVariable: authentik.clientSecretVariable,
    authorizationFlow: authentik.authorizationFlow,
    invalidationFlow: authentik.invalidationFlow,
    signingCertificate: authentik.signingCertificate,
    machineFlow: authentik.machineFlow,
    accounts: Object.fromEntries(
      Object.entries(accounts).map(([id, account]) => [
        id,
        { user: account.user, group: account.group, ...namesOf(settings, id, account) },
      ]),
    ),
    signInGroups: signInGroups({ ...access, ciGroups }, access.signInGroups),
    appliedAfter: authentik.appliedAfter,
  };
}

export function blueprintDelivery({ authentik, kubernetes }: Settings): BlueprintDelivery {
  const pathOf = (source: string): string => authentik.blueprintPath ?? defaultBlueprintPath(source);
  const delivery = parseDelivery(authentik.delivery);
  switch (delivery?.kind) {
    case "configMap": {
      const { namespace, configMap, key } = kubernetes;
      return { kind: "configMap", namespace, configMap, key, blueprintPath: pathOf(key) };
    }
    case "file":
      return { kind: "file", file: delivery.file, blueprintPath: pathOf(delivery.file) };
    case "api":
      return { kind: "api" };
    case undefined:
      throw new TypeError(`the settings accepted the delivery "${authentik.delivery}"`);
  }
}

export function authentikAccessArgs(settings: Settings): Omit<AuthentikAccessArgs, "clientSecretFingerprint"> {
  const { authentik, argocd, kubernetes } = settings;
  const { kubeconfig, context } = kubernetes;
  return {
    ...blueprintArgs(settings),
    authentikUrl: authentik.url,
    authentikToken: authentik.token,
    delivery: blueprintDelivery(settings),
    argocd,
    kubernetes: { kubeconfig, context },
    acceptRemoved: authentik.acceptRemoved,
    applyTimeout: authentik.applyTimeout,
  };
}

export function zotHost({ registry, zot }: Settings): ZotHost {
  const { host, binary, configFile, service, manageService, serviceFile, serviceLog, restartCommand } = registry;
  const { sessionKeysFile } = zot.auth;
  return {
    host,
    binary,
    configFile,
    sessionKeysFile,
    service,
    manageService,
    serviceFile,
    serviceLog,
    restartCommand,
  };
}

/** zot's own schema is needed only for what no setting covers. */
export function schemaQuestion({ zot }: Settings): { readonly schema: boolean } {
  return { schema: Object.keys(zot.extra).length > 0 };
}

export function zotServerArgs(settings: Settings): Omit<ZotServerArgs, "facts" | "config" | "clientSecret" | "issuer"> {
  return {
    ...zotHost(settings),
    readyTimeout: settings.registry.readyTimeout,
    clientId: settings.authentik.clientId,
    acceptRemoved: settings.registry.acceptRemoved,
    groupsOf: Object.fromEntries(Object.values(settings.accounts).map(({ user, group }) => [user, [group]])),
  };
}

/** Where the settings name an account of several, for messages; nothing for the only one. */
function namesOf(
  settings: Settings,
  id: string,
  { access }: Pick<CiAccount, "access">,
): { readonly settings?: AccountNames } {
  if (access[0].namespaces === undefined) return {};
  const { user, group } = accountSettings(id, settings);
  return { settings: { user, group } };
}

/** How a CI account signs in. */
export function signInArgs(
  settings: Settings,
  { user, group, access }: Pick<CiAccount, "user" | "group" | "access">,
): SignInArgs {
  const { authentik, registry, zot, accounts } = settings;
  const [id = ONLY] = Object.entries(accounts).find(([, account]) => account.user === user) ?? [];
  return {
    ...namesOf(settings, id, { access }),
    authentikUrl: authentik.url,
    authentikToken: authentik.token,
    registryUrl: registry.url,
    username: user,
    // The default is left out, as in the states of earlier versions.
    usernameClaim: zot.auth.usernameClaim === USERNAME_CLAIM ? undefined : zot.auth.usernameClaim,
    machineFlow: authentik.machineFlow,
    appPassword: appPasswordIdentifier(user),
    issuer: issuerOf(authentik),
    clientSecret: authentik.clientSecret,
    ciGroup: group,
    groupsClaim: zot.auth.groupsClaim ?? "groups",
    configPlace: { host: registry.host, configFile: filesOnHost(registry).configFile },
  };
}

export function ciServiceAccountArgs(
  settings: Settings,
  account: CiAccount,
): Omit<CiServiceAccountArgs, "owner" | "stack" | "access" | "account" | "server"> {
  const { authentik, registry } = settings;
  const [keyStore, ...keyCopies] = account.keyStores;
  return {
    signIn: signInArgs(settings, account),
    zotData: `${registry.host}:${filesOnHost(registry).dataDirectory}`,
    keyStore,
    keyCopies,
    keyLifetime: account.keyLifetime,
    rotateAfter: account.rotateAfter,
    rotationTrigger: account.rotationTrigger,
    revocationTrigger: account.revocationTrigger,
    onDestroy: account.onDestroy,
    proofRepository: account.repository,
    applyTimeout: authentik.applyTimeout,
  };
}

/** Without the secrets beside the keys: {@link otherSecrets}. */
export function forgejoSecretArgs(
  { forgejo, registry }: Settings,
  { user, prefixes, secretName, repositories }: CiAccount,
): Omit<ForgejoSecretArgs, "owner" | "key"> {
  return {
    login: { user, registry: registry.url, prefix: prefixes[0] },
    forgejoUrl: forgejo.url,
    forgejoToken: forgejo.token,
    secretName,
    targets: repositories,
  };
}

export function otherSecrets({ forgejo }: Settings): NonNullable<ForgejoSecretArgs["otherSecrets"]> {
  return forgejo.secrets.map(({ name, source, repositories }) => ({ name, source, targets: repositories }));
}

export function acceptanceArgs(
  settings: Settings,
  account: CiAccount,
  version: ZotVersion,
): Omit<AcceptanceArgs, "owner" | "stack" | "key" | "configHash" | "clientSecretFingerprint" | "secrets"> {
  const { zot, forgejo, acceptance } = settings;
  const isMain = account === mainAccount(settings);
  const { group, prefixes, repository } = account;
  return {
    signIn: signInArgs(settings, account),
    keyStore: account.keyStores[0],
    repository,
    expectedAccess: expectedAccess({
      rules: zotConfigArgs(settings).rules,
      repository,
      group,
      prefixes,
      anyone: isMain,
      version,
      metricsPath: zot.metrics.enable ? zot.metrics.path : undefined,
    }),
    // What does not depend on the account is proved once.
    ...(isMain
      ? {
          services: servicesArgs(settings),
          testBuild: acceptance.workflow === undefined ? undefined : testBuildArgs(forgejo, acceptance.workflow),
          testBuilds: acceptance.workflows.map((workflow) => testBuildArgs(forgejo, workflow)),
          secretName: account.secretName,
        }
      : {}),
    gracePeriod: account.gracePeriod,
    unmanagedKeys: account.unmanagedKeys,
  };
}

function testBuildArgs(
  forgejo: Settings["forgejo"],
  { repository, file, ref, inputs, timeout }: Settings["acceptance"]["workflows"][number],
): TestBuildArgs {
  return {
    forgejoUrl: forgejo.url,
    forgejoToken: forgejo.token,
    repository,
    workflow: file,
    ref,
    inputs,
    timeout,
  };
}
