// What a change of each setting does to what runs. The table in docs/reference/settings.md shows it, and a test walks through the settings and compares.

import { isReloaded } from "../../systems/zot/config/config.ts";

/** One thing that a change does. */
export type Effect = keyof typeof EFFECTS;

export const EFFECTS = {
  none: "none on running systems",
  reload: "zot reloads its config",
  restart: "zot restarts (about 2 s)",
  blueprint: "Authentik applies the blueprint",
  key: "CI gets a new key; the old one stays valid for `ci.gracePeriod`",
  newKey: "CI gets a new key",
  revoke: "every key of the account is revoked, then CI gets a new one",
  secrets: "the secrets in Forgejo are written",
  variables: "the variables beside the secrets in Forgejo are written",
  description: "see the description",
} as const;

/**
 * A key of zot's config that the setting writes; `*` is what follows the group's name in the setting. Whether zot reloads or restarts is up to the
 * list by which `up` decides it.
 */
type Written = `config:${string}`;

const ACCESS: Written = "config:http.accessControl";
const BEARER: Written = "config:http.auth.bearer";
const ISSUER: Written = "config:http.auth.openid.providers.oidc.issuer";

/**
 * By the setting's path in docs/reference/settings.md, or by the group that it is in: the longest that fits counts.
 */
export const CHANGES: Readonly<Record<string, readonly (Effect | Written)[]>> = {
  registry: ["restart"],
  "registry.url": ["config:http.externalUrl", "blueprint", "newKey", "description"],
  "registry.host": ["restart", "newKey", "description"],
  "registry.binary": ["description"],
  "registry.address": ["config:http.address"],
  "registry.port": ["config:http.port"],
  "registry.credentialsFile": ["config:http.auth.openid.providers.oidc.credentialsFile"],
  "registry.dataDirectory": ["config:storage.rootDirectory", "newKey", "description"],
  "registry.readyTimeout": ["none"],
  "registry.restartCommand": ["none"],
  "registry.acceptCiOverwrite": ["none"],
  "registry.acceptRemoved": ["none"],
  "registry.pullThrough": ["config:extensions.sync"],

  "zot.storage": ["config:storage.*"],
  "zot.http": ["config:http.*"],
  "zot.auth": ["config:http.auth.*"],
  "zot.auth.scopes": ["config:http.auth.openid.providers.oidc.scopes"],
  "zot.auth.usernameClaim": ["config:http.auth.openid.providers.oidc.claimMapping"],
  "zot.auth.groupsClaim": ["config:http.auth.openid.providers.oidc.claimMapping"],
  "zot.auth.providerName": ["config:http.auth.openid.providers.oidc.name"],
  "zot.auth.callbackAllowOrigins": ["config:http.auth.openid.callbackAllowOrigins"],
  "zot.log": ["config:log.*"],
  "zot.metrics": ["config:extensions.metrics.*"],
  "zot.search": ["config:extensions.search.cve"],
  "zot.search.enable": ["config:extensions.search.enable"],
  "zot.ui": ["config:extensions.ui.enable"],
  "zot.sync": ["config:extensions.sync"],
  "zot.scrubInterval": ["config:extensions.scrub"],
  "zot.mandatoryAnnotations": ["config:extensions.lint"],
  // Most of its keys; a preview says it of each change.
  "zot.extra": ["restart"],

  access: [ACCESS],
  "access.adminGroup": [ACCESS, "blueprint"],
  "access.ciGroup": [ACCESS, "blueprint"],
  "access.signInGroups": ["blueprint"],
  "access.groups": [ACCESS, "blueprint"],
  "access.namespaces.<name>.groups": [ACCESS, "blueprint"],

  authentik: ["blueprint"],
  "authentik.url": [ISSUER, "blueprint"],
  "authentik.application": [ISSUER, "blueprint"],
  "authentik.clientId": ["restart", "blueprint"],
  "authentik.clientSecret": ["restart"],
  "authentik.acceptRemoved": ["none"],
  kubernetes: ["blueprint"],
  "kubernetes.kubeconfig": ["none"],
  "kubernetes.context": ["none"],
  argocd: ["none"],

  "ci.user": ["blueprint", "key", "description"],
  "ci.keyStore": ["key"],
  "ci.keyLifetime": ["key"],
  "ci.rotateAfter": ["none"],
  "ci.gracePeriod": ["none"],
  "ci.rotationTrigger": ["key"],
  "ci.revocationTrigger": ["revoke"],
  "ci.unmanagedKeys": ["none"],
  "ci.onDestroy": ["none"],
  "ci.imagePrefix": ["variables"],
  "ci.accounts": ["description"],
  "ci.accounts.<name>.auth": ["restart", "blueprint", "description"],
  "ci.accounts.<name>.user": ["blueprint", "key", "description"],
  "ci.accounts.<name>.group": [ACCESS, "blueprint"],
  "ci.accounts.<name>.push": [ACCESS, "variables"],
  "ci.accounts.<name>.keyStores": ["key", "description"],
  "ci.accounts.<name>.secretName": ["secrets"],
  "ci.accounts.<name>.repositories": ["secrets"],
  "ci.accounts.<name>.jobToken.refs": [BEARER],
  "ci.accounts.<name>.jobToken.events": [BEARER],
  "ci.accounts.<name>.jobToken.workflows": [BEARER],
  "ci.accounts.<name>.jobToken.shortKey": [ACCESS, "variables"],
  "ci.accounts.<name>.jobToken.name": ["variables"],
  "ci.accounts.<name>.jobToken.proof": ["none"],
  "ci.accounts.<name>.keyLifetime": ["key"],
  "ci.accounts.<name>.rotateAfter": ["none"],
  "ci.accounts.<name>.gracePeriod": ["none"],
  "ci.accounts.<name>.rotationTrigger": ["key"],
  "ci.accounts.<name>.revocationTrigger": ["revoke"],
  "ci.accounts.<name>.unmanagedKeys": ["none"],
  "ci.accounts.<name>.onDestroy": ["none"],

  forgejo: ["secrets"],
  "forgejo.rootUrl": [BEARER],
  onePassword: ["none"],
  acceptance: ["none"],
};

/** What a change of the setting does; `undefined` for one that is not in the table. */
export function effectsOf(setting: string): readonly Effect[] | undefined {
  const names = setting.split(".");
  for (let length = names.length; length > 0; length -= 1) {
    const effects = CHANGES[names.slice(0, length).join(".").replaceAll("[]", "")];
    const rest = names.slice(length).join(".");
    if (effects !== undefined) return effects.map((effect) => (isWritten(effect) ? effectOf(effect, rest) : effect));
  }
  return undefined;
}

function isWritten(effect: Effect | Written): effect is Written {
  return effect.startsWith("config:");
}

function effectOf(key: Written, rest: string): Effect {
  return isReloaded(key.slice("config:".length).replace("*", rest)) ? "reload" : "restart";
}

/** What a change of the setting does, in words. */
export function describeEffects(setting: string): string {
  return (effectsOf(setting) ?? []).map((effect) => EFFECTS[effect]).join("; ");
}
