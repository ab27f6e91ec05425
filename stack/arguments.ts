import type { AcceptanceArgs, TestBuildArgs } from "../components/acceptance.ts";
import type { AuthentikAccessArgs } from "../components/authentikAccess.ts";
import type { CiServiceAccountArgs } from "../components/ciServiceAccount.ts";
import type { ForgejoSecretArgs } from "../components/forgejoSecret.ts";
import type { ZotServerArgs } from "../components/zotServer.ts";
import type { Settings } from "../settings/schema.ts";
import type { BlueprintArgs } from "../systems/authentik/blueprint/args.ts";
import { defaultBlueprintPath, parseDelivery } from "../systems/authentik/blueprint/delivery.ts";
import type { BlueprintDelivery } from "../systems/authentik/blueprint/delivery.ts";
import { appPasswordIdentifier, blueprintNeeds } from "../systems/authentik/blueprint/render.ts";
import { signInGroups } from "../systems/authentik/blueprint/signInGroups.ts";
import { issuerOf } from "../systems/authentik/issuer.ts";
import type { ArgoCdConnection } from "../systems/argocd/client.ts";
import type { PreflightInputs } from "../systems/preflight.ts";
import type { ClusterChoice, ServicesArgs } from "../systems/services/args.ts";
import { expectedAccess } from "../systems/zot/access/matrix.ts";
import { accessRules } from "../systems/zot/access/rules.ts";
import { USERNAME_CLAIM } from "../systems/zot/config/usernameClaim.ts";
import { filesOnHost } from "../systems/zot/host/zotHost.ts";
import type { ZotHost } from "../systems/zot/host/zotHost.ts";
import type { ZotVersion } from "../systems/zot/version.ts";
import type { SignInArgs } from "../systems/zot/signIn/check.ts";

// What each component gets from the settings; index.ts adds what it gets from other components.

/**
 * Every server, token and secret that must work before anything changes.
 *
 * @param unreadable the secrets of this machine that cannot be read, and why
 */
export function preflightInputs(settings: Settings, unreadable: readonly string[] = []): PreflightInputs {
  const { authentik, forgejo, ci, kubernetes } = settings;
  const { namespace, configMap, key } = kubernetes;
  return {
    blueprint: {
      needs: blueprintNeeds(blueprintArgs(settings)),
      appliedAfter: authentik.appliedAfter,
      clientId: authentik.clientId,
      providerName: authentik.providerName,
    },
    authentik: { authentikUrl: authentik.url, authentikToken: authentik.token },
    ciUser: ci.user,
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
    targets: [...new Set([...forgejo.repositories, ...forgejo.secrets.flatMap((secret) => secret.repositories)])],
    sources: forgejo.secrets.map((secret) => secret.source),
    keyStore: ci.keyStore,
    ...(unreadable.length === 0 ? {} : { unreadable }),
  };
}

function clusterChoice({ kubeconfig, context }: Settings["kubernetes"]): ClusterChoice {
  return { ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) };
}

function argocdConnection({ argocd }: Settings): ArgoCdConnection | undefined {
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
  const { authentik, forgejo, kubernetes, onePassword, acceptance, ci } = settings;
  const argocd = argocdConnection(settings);
  const { admin, pullThrough, repository } = acceptance;
  return {
    authentik: { authentikUrl: authentik.url, authentikToken: authentik.token },
    ...(argocd === undefined ? {} : { argocd }),
    forgejo: { forgejoUrl: forgejo.url, forgejoToken: forgejo.token },
    targets: forgejo.repositories,
    registry: {
      puller: { username: ci.user, key: ci.keyStore },
      pullThrough,
      ...(admin === undefined ? {} : { admin: { username: admin.user, key: admin.apiKey } }),
      repository,
    },
    ...(onePassword.connectUrl === undefined ? {} : { connectUrl: onePassword.connectUrl }),
    ...(authentik.delivery === "configMap" ? { kubernetes: clusterChoice(kubernetes) } : {}),
  };
}

export function blueprintArgs({ authentik, registry, ci, access }: Settings): BlueprintArgs {
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
    ciUser: ci.user,
    ciGroup: access.ciGroup,
    signInGroups: signInGroups(access, access.signInGroups),
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
    groupsOf: { [settings.ci.user]: [settings.access.ciGroup] },
  };
}

/** How the CI account signs in. */
export function signInArgs({ authentik, registry, ci, access, zot }: Settings): SignInArgs {
  return {
    authentikUrl: authentik.url,
    authentikToken: authentik.token,
    registryUrl: registry.url,
    username: ci.user,
    // The default is left out, as in the states of earlier versions.
    usernameClaim: zot.auth.usernameClaim === USERNAME_CLAIM ? undefined : zot.auth.usernameClaim,
    machineFlow: authentik.machineFlow,
    appPassword: appPasswordIdentifier(ci.user),
    issuer: issuerOf(authentik),
    clientSecret: authentik.clientSecret,
    ciGroup: access.ciGroup,
    groupsClaim: zot.auth.groupsClaim ?? "groups",
    configPlace: { host: registry.host, configFile: filesOnHost(registry).configFile },
  };
}

export function ciServiceAccountArgs(settings: Settings): Omit<CiServiceAccountArgs, "owner" | "access" | "server"> {
  const { ci, authentik, acceptance, registry } = settings;
  return {
    signIn: signInArgs(settings),
    zotData: `${registry.host}:${filesOnHost(registry).dataDirectory}`,
    keyStore: ci.keyStore,
    keyLifetime: ci.keyLifetime,
    rotateAfter: ci.rotateAfter,
    rotationTrigger: ci.rotationTrigger,
    revocationTrigger: ci.revocationTrigger,
    onDestroy: ci.onDestroy,
    proofRepository: acceptance.repository,
    applyTimeout: authentik.applyTimeout,
  };
}

export function forgejoSecretArgs({ forgejo, ci, registry }: Settings): Omit<ForgejoSecretArgs, "owner" | "key"> {
  return {
    login: { user: ci.user, registry: registry.url, prefix: ci.imagePrefix },
    forgejoUrl: forgejo.url,
    forgejoToken: forgejo.token,
    secretName: forgejo.secretName,
    targets: forgejo.repositories,
    otherSecrets: forgejo.secrets.map(({ name, source, repositories }) => ({ name, source, targets: repositories })),
  };
}

export function acceptanceArgs(
  settings: Settings,
  version: ZotVersion,
): Omit<AcceptanceArgs, "owner" | "key" | "configHash" | "clientSecretFingerprint" | "secrets"> {
  const { access, zot, ci, forgejo, acceptance } = settings;
  return {
    signIn: signInArgs(settings),
    keyStore: ci.keyStore,
    repository: acceptance.repository,
    expectedAccess: expectedAccess({
      rules: accessRules(access, zot.extra),
      repository: acceptance.repository,
      imagePrefix: ci.imagePrefix,
      version,
      metricsPath: zot.metrics.enable ? zot.metrics.path : undefined,
    }),
    services: servicesArgs(settings),
    testBuild: acceptance.workflow === undefined ? undefined : testBuildArgs(forgejo, acceptance.workflow),
    testBuilds: acceptance.workflows.map((workflow) => testBuildArgs(forgejo, workflow)),
    gracePeriod: ci.gracePeriod,
    unmanagedKeys: ci.unmanagedKeys,
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
