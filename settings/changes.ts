// What a change of each setting does to what runs. The table in docs/settings.md shows it, and a test walks through the settings and compares.

/** One thing that a change does. */
export type Effect = keyof typeof EFFECTS;

export const EFFECTS = {
  none: "none on running systems",
  reload: "zot reloads its config",
  restart: "zot restarts (about 2 s)",
  blueprint: "Authentik applies the blueprint",
  key: "CI gets a new key; the old one stays valid for `ci.gracePeriod`",
  revoke: "every key of the account is revoked, then CI gets a new one",
  secrets: "the secrets in Forgejo are written",
  description: "see the description",
} as const;

/**
 * By the setting's path in docs/settings.md, or by the group that it is in: the longest that fits counts.
 */
export const CHANGES: Readonly<Record<string, readonly Effect[]>> = {
  registry: ["restart"],
  "registry.url": ["restart", "blueprint", "key"],
  "registry.host": ["restart", "key"],
  "registry.binary": ["description"],
  "registry.dataDirectory": ["restart", "key"],
  "registry.readyTimeout": ["none"],
  "registry.restartCommand": ["none"],
  "registry.acceptCiOverwrite": ["none"],
  "registry.pullThrough": ["reload"],

  zot: ["restart"],
  "zot.storage.dedupe": ["reload"],
  "zot.storage.gc": ["reload"],
  "zot.storage.gcDelay": ["reload"],
  "zot.storage.gcInterval": ["reload"],
  "zot.storage.subPaths.<name>.dedupe": ["reload"],
  "zot.storage.subPaths.<name>.gc": ["reload"],
  "zot.storage.subPaths.<name>.gcDelay": ["reload"],
  "zot.storage.subPaths.<name>.gcInterval": ["reload"],
  "zot.auth.secureSession": ["reload"],
  "zot.auth.usernameClaim": ["reload"],
  "zot.auth.groupsClaim": ["reload"],
  "zot.auth.providerName": ["reload"],
  "zot.auth.callbackAllowOrigins": ["reload"],
  "zot.search.cve": ["reload"],
  "zot.search.cveUpdateInterval": ["reload"],
  "zot.search.trivyDatabase": ["reload"],
  "zot.search.trivyJavaDatabase": ["reload"],
  "zot.sync": ["reload"],
  "zot.scrubInterval": ["reload"],

  access: ["reload"],
  "access.adminGroup": ["reload", "blueprint"],
  "access.ciGroup": ["reload", "blueprint"],
  "access.signInGroups": ["blueprint"],
  "access.groups": ["reload", "blueprint"],
  "access.namespaces.<name>.groups": ["reload", "blueprint"],

  authentik: ["blueprint"],
  "authentik.url": ["restart", "blueprint"],
  "authentik.application": ["restart", "blueprint"],
  "authentik.clientId": ["restart", "blueprint"],
  "authentik.clientSecret": ["restart"],
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
  "ci.imagePrefix": ["none"],

  forgejo: ["secrets"],
  onePassword: ["none"],
  acceptance: ["none"],
};

/** What a change of the setting does; `undefined` for one that is not in the table. */
export function effectsOf(setting: string): readonly Effect[] | undefined {
  const names = setting.split(".");
  for (let length = names.length; length > 0; length -= 1) {
    const effects = CHANGES[names.slice(0, length).join(".").replaceAll("[]", "")];
    if (effects !== undefined) return effects;
  }
  return undefined;
}
