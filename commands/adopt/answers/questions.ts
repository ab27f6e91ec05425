import type { configsOf } from "../reading/zotHost.ts";
import { valueOf } from "../settings/tree.ts";
import type { Tree } from "../settings/tree.ts";

/** A setting that a person must decide, or that could not be read. */
export interface Question {
  readonly setting: string;
  /** What it is, in a few words. */
  readonly asks: string;
  /** Flags that would do as well, for the error that lists what is missing. */
  readonly instead?: string;
  /** An empty answer leaves it out. */
  readonly optional?: true;
  /** zot's config may answer it. */
  readonly inConfig?: true;
  /** Whether it matters at all. */
  readonly when?: (tree: Tree) => boolean;
  /** What to suggest; an empty answer accepts it. */
  readonly suggests?: (tree: Tree) => string | undefined;
}

const has = (tree: Tree, setting: string): boolean => valueOf(tree, setting) !== undefined;
const isConfigMap = (tree: Tree): boolean => (valueOf(tree, "authentik.delivery") ?? "configMap") === "configMap";

/** Before anything can be read. */
export const WHERE: Question = {
  setting: "registry.host",
  asks: "Where zot runs: local, or ssh: and a destination of your ssh config",
  suggests: () => "local",
};

/**
 * @param onHost those of the zots that run there; the only one is suggested
 * @param inContainers those of zots in containers, as they name them
 */
export function whichConfig({ onHost, inContainers }: ReturnType<typeof configsOf>): Question {
  const listed = onHost.join(", ");
  let running = "";
  if (onHost.length > 1) running = ` (several run: ${listed})`;
  else if (inContainers.length > 0 && listed !== "") running = ` (${listed} runs on the host)`;
  const contained =
    inContainers.length === 0
      ? ""
      : ` (a container has one as ${inContainers.join(", ")}, which is not a path of the host: docs/background/zot.md#in-a-container)`;
  return {
    setting: "registry.configFile",
    asks: `The config file that zot is started with: an absolute path on its host${running}${contained}`,
    suggests: () => (onHost.length === 1 && inContainers.length === 0 ? onHost[0] : undefined),
  };
}

/** If it is not on the host's PATH, and none runs with that config. */
export const WHICH_BINARY: Question = {
  setting: "registry.binary",
  asks: "The zot executable on its host: an absolute path, as it is not on the PATH there (zot in a container: docs/background/zot.md#in-a-container)",
};

/** @param several which there are */
export function whichOf(setting: string, what: string, several: readonly string[]): Question {
  return { setting, asks: `${what}: ${several.join(", ")}` };
}

/** What zot's host did not tell. */
export const ABOUT_ZOT: readonly Question[] = [
  { setting: "registry.url", asks: "The registry's address for people and CI: https://registry.example.net" },
  {
    setting: "registry.credentialsFile",
    asks: "The file on zot's host for the OIDC client ID and secret, which `up` writes: an absolute path that ends in .json",
    suggests: (tree) => {
      const config = valueOf(tree, "registry.configFile");
      return typeof config === "string" ? config.replace(/[^/]*$/, "oidc-credentials.json") : undefined;
    },
  },
  {
    setting: "registry.service",
    asks: "What restarts zot on its host: launchd:<label>, systemd:<unit> or systemd-user:<unit> (empty: a command does)",
    optional: true,
    when: (tree) => !has(tree, "registry.restartCommand"),
  },
  {
    setting: "registry.restartCommand",
    asks: "The shell command that restarts zot on its host",
    instead: "--registry.service with launchd:<label>, systemd:<unit> or systemd-user:<unit>",
    when: (tree) => !has(tree, "registry.service"),
  },
];

/** How to reach the other servers. */
export const ABOUT_SERVERS: readonly Question[] = [
  { setting: "authentik.url", asks: "Authentik's address", inConfig: true },
  {
    setting: "authentik.token",
    asks: "A reference to an API token of Authentik: op://vault/item/field, env:NAME or file:path (docs/reference/least-rights.md)",
  },
  {
    setting: "authentik.clientSecret",
    asks: "The 1Password field with the OAuth2 client secret: op://vault/item/field",
  },
  {
    setting: "authentik.delivery",
    asks: "How Authentik gets the blueprint: configMap, file:<path in the clone of your GitOps repository>, or api",
    suggests: () => "configMap",
  },
  {
    setting: "argocd.url",
    asks: "Argo CD's address, if it manages that ConfigMap (empty: it does not)",
    optional: true,
    when: isConfigMap,
  },
  {
    setting: "argocd.token",
    asks: "A reference to a token of Argo CD",
    when: (tree) => isConfigMap(tree) && has(tree, "argocd.url"),
  },
  {
    setting: "kubernetes.context",
    asks: "The context of your kubeconfig for the cluster of Authentik (empty: the current one)",
    optional: true,
    when: (tree) => isConfigMap(tree) && !has(tree, "kubernetes.kubeconfig"),
  },
  {
    setting: "onePassword.connectUrl",
    asks: "The address of 1Password Connect (empty: the op CLI)",
    optional: true,
    when: (tree) => !has(tree, "onePassword.account") && !has(tree, "onePassword.serviceAccountToken"),
  },
  {
    setting: "onePassword.connectToken",
    asks: "A reference to the token of 1Password Connect: env:NAME or file:path",
    when: (tree) => has(tree, "onePassword.connectUrl"),
  },
  {
    setting: "onePassword.account",
    asks: "The 1Password account of the op CLI, by sign-in address or ID",
    instead: "--onePassword.connectUrl and --onePassword.connectToken, or --onePassword.serviceAccountToken",
    when: (tree) => !has(tree, "onePassword.connectUrl") && !has(tree, "onePassword.serviceAccountToken"),
  },
  { setting: "ci.keyStore", asks: "The 1Password field for CI's key: op://vault/item/field" },
  {
    setting: "ci.imagePrefix",
    asks: "The namespace that CI pushes images to, such as homelab",
    inConfig: true,
  },
  { setting: "forgejo.url", asks: "Forgejo's address" },
  { setting: "forgejo.token", asks: "A reference to a token of an owner in Forgejo (docs/reference/least-rights.md)" },
  {
    setting: "forgejo.repositories",
    asks: "Who gets CI's key: repositories (owner/name) or organisations, separated by commas",
  },
];

/** Whether it is open: it matters, and nothing answers it. */
export function isOpen({ setting, when }: Question, tree: Tree): boolean {
  return !has(tree, setting) && (when === undefined || when(tree));
}

/** Those that must be answered whatever zot's config says. */
export function surelyMissingIn(questions: readonly Question[], tree: Tree): readonly Question[] {
  return missingIn(questions, tree).filter(
    ({ inConfig, suggests }) => inConfig !== true && suggests?.(tree) === undefined,
  );
}

/** Those that must be answered. */
export function missingIn(questions: readonly Question[], tree: Tree): readonly Question[] {
  return questions.filter((question) => question.optional !== true && isOpen(question, tree));
}

/** One error for all of them. */
export function missingMessage(missing: readonly Question[], stack: string): string {
  const width = Math.max(...missing.map(({ setting }) => setting.length)) + 2;
  return [
    `Nothing was written: ${missing.length === 1 ? "a setting is" : `${missing.length} settings are`} neither given nor readable. Without a terminal, add:`,
    ...missing.map(({ setting, asks, instead }) => {
      const others = instead === undefined ? "" : `; or ${instead}`;
      return `  ${`--${setting}`.padEnd(width)}  ${asks}${others}`;
    }),
    `\`npm run adopt -- ${stack} --help\` shows an example.`,
  ].join("\n");
}
