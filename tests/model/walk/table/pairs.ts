// Settings that people change together, in one edit.
import { WITH_JOB_TOKENS } from "../../homelab/servers.ts";
import type { Releases } from "../../homelab/servers.ts";
import { KUBECONFIGS } from "../stack/cluster.ts";
import type { Ending } from "../moments/endings.ts";
import type { Again } from "../moments/twice.ts";
import type { Path, Place } from "../stack/place.ts";

/** A request of a run that was killed then. */
export interface At {
  readonly request: RegExp;
  /** Of the requests like this. Default: the first one. */
  readonly number?: number;
  readonly when: "before" | "after";
}

export interface Found extends At {
  readonly ending: Ending;
}

/** The user edited again after the first run was killed, and the second run was killed, too. */
export interface FoundTwice {
  /** The run is that of the change back. */
  readonly back?: true;
  readonly first: At;
  readonly again: Again;
  readonly second: At;
  readonly ending: Ending;
}

export interface Pair {
  /** Settings before the edit that are not those from which every walk starts. */
  readonly from?: (place: Place) => Readonly<Record<Path, unknown>>;
  readonly to: (place: Place) => Readonly<Record<Path, unknown>>;
  /** Of a second edit, after the run with the first one was killed. Default: those before it, with another user and group. */
  readonly third?: (place: Place) => Readonly<Record<Path, unknown>>;
  /** Default: those of the walk. */
  readonly releases?: Releases;
  /** The stack gets another name. */
  readonly renamed?: true;
  /** Why what CI has under one of the two names is no key for a moment, or none that zot takes. */
  readonly gap?: string;
  /** Where a run was killed when a fault was found, and how it went on. They are always among those that are tried. */
  readonly found?: readonly Found[];
  readonly foundTwice?: readonly FoundTwice[];
}

const APPLY = /^POST \/api\/v3\/managed\/blueprints\/[^/]+\/apply\/$/;
const API = () => ({ "authentik.delivery": "api" });
const FILE = ({ data }: Place) => ({
  "authentik.delivery": `file:${data("blueprints/git.yaml")}`,
  "authentik.blueprintPath": "custom/git.yaml",
});
const CONFIG_MAP = ({ data }: Place) => ({
  "authentik.delivery": "configMap",
  "kubernetes.kubeconfig": data(KUBECONFIGS[0]),
});

const SITE = {
  user: "zot-site",
  push: ["site"],
  keyStores: ["op://homelab/CI/site-key", "op://homelab/CI/site-copy"],
  secretName: "SITE_KEY",
  repositories: ["own/one"],
  gracePeriod: "0 seconds",
};
const MAIN = {
  user: "zot-ci",
  group: "artifact-workloads",
  push: ["own"],
  keyStores: ["op://homelab/CI/zot-ci-api"],
  gracePeriod: "0 seconds",
  secretName: "ZOT_CI_API_KEY",
  repositories: ["own/one", "own/two"],
};
const NO_SINGLE = Object.fromEntries(
  ["ci.keyStore", "ci.imagePrefix", "ci.gracePeriod", "forgejo.repositories", "access.namespaces"].map((path) => [
    path,
    undefined,
  ]),
);
const WITHOUT_SITE = { ...NO_SINGLE, "acceptance.repository": "proof", "ci.accounts": { ci: MAIN } };
const withSite = (change: object) => ({ ...ACCOUNTS, "ci.accounts": { ci: MAIN, site: { ...SITE, ...change } } });
const ACCOUNTS = { ...WITHOUT_SITE, "ci.accounts": { ci: MAIN, site: SITE } };

export const PAIRS: Readonly<Record<string, Pair>> = {
  "user and group": {
    to: () => ({ "ci.user": "robot", "access.ciGroup": "robots" }),
    found: [
      { request: APPLY, when: "after", ending: "destroy" },
      { request: /^PATCH \/v1\/vaults\//, when: "after", ending: "back" },
    ],
  },
  "user and machine flow": {
    to: () => ({ "ci.user": "robot", "authentik.machineFlow": "robots-login" }),
    third: () => ({ "ci.user": "third", "authentik.machineFlow": "third-login" }),
    found: [{ request: APPLY, when: "after", ending: "destroy" }],
  },
  "user, group and application": {
    to: () => ({ "ci.user": "robot", "access.ciGroup": "robots", "authentik.application": "registry" }),
    third: () => ({ "ci.user": "third", "access.ciGroup": "thirds", "authentik.application": "third" }),
  },
  "user and registry address": {
    to: ({ raw, alias }) => ({ "ci.user": "robot", "registry.url": alias(raw["registry"]?.["url"] as string) }),
    third: () => ({ "ci.user": "third" }),
  },
  "registry address and 1Password field": {
    to: ({ raw, alias }) => ({
      "registry.url": alias(raw["registry"]?.["url"] as string),
      "ci.keyStore": "op://homelab/CI/another-field",
    }),
    found: [{ request: /^PATCH \/v1\/vaults\//, number: 2, when: "before", ending: "destroy" }],
    third: () => ({ "ci.keyStore": "op://homelab/CI/third-field" }),
  },
  "secret name and repositories": {
    to: () => ({ "forgejo.secretName": "REGISTRY_KEY", "forgejo.repositories": ["own/two", "own/three"] }),
    third: () => ({ "forgejo.secretName": "THIRD_KEY", "forgejo.repositories": ["own/one", "own/three"] }),
  },
  "the key's secret and another one swap their names": {
    to: () => ({ "forgejo.secretName": "OTHER", "forgejo.secrets[].name": "ZOT_CI_API_KEY" }),
    gap: "each of the two names is the other secret's before or after",
  },
  "image prefix and source of another secret": {
    to: () => ({ "ci.imagePrefix": "images", "forgejo.secrets[].source": "env:MODEL_OTHER_3" }),
    third: () => ({ "ci.imagePrefix": "third" }),
  },
  "another file for the blueprint": {
    from: FILE,
    to: ({ data }) => ({
      "authentik.delivery": `file:${data("blueprints/git2.yaml")}`,
      "authentik.blueprintPath": "custom/git2.yaml",
    }),
    third: ({ data }) => ({
      "authentik.delivery": `file:${data("blueprints/git3.yaml")}`,
      "authentik.blueprintPath": "custom/git3.yaml",
    }),
  },
  "proofs, accepted losses, mirrors and the key": {
    from: () => ({
      "acceptance.repository": "zot-auth/before",
      "authentik.acceptRemoved": ["group a of the account b"],
    }),
    to: () => ({
      "acceptance.repository": "zot-auth/after",
      "authentik.acceptRemoved": [],
      "registry.acceptRemoved": ["http.auth.htpasswd"],
      "registry.serviceLog": "/var/log/zot.log",
      "zot.sync.downloadDir": "/var/tmp/zot",
      "zot.sync.credentialsFile": "/etc/zot/sync.json",
      "registry.pullThrough[].stripPrefix": true,
      "ci.rotationTrigger": "now",
    }),
    third: () => ({ "ci.rotationTrigger": "again" }),
  },
  "delivery by the API, then by a ConfigMap": { to: CONFIG_MAP, third: FILE },
  "delivery by a ConfigMap, then by a file": { from: CONFIG_MAP, to: FILE, third: API },
  "delivery by a file, then by the API": { from: FILE, to: API, third: CONFIG_MAP },
  "delivery by a file, then by the API, and another application": {
    from: FILE,
    to: () => ({ ...API(), "authentik.application": "registry" }),
    third: (place) => ({ ...CONFIG_MAP(place), "authentik.application": "third" }),
    found: [{ request: /^POST \/api\/v3\/managed\/blueprints\/$/, when: "after", ending: "back" }],
  },
  "delivery by the API, then by a file, and another application": {
    to: (place) => ({ ...FILE(place), "authentik.application": "registry" }),
    third: (place) => ({ ...CONFIG_MAP(place), "authentik.application": "third" }),
  },
  "key of the ConfigMap and blueprint path": {
    from: CONFIG_MAP,
    to: (place) => ({
      ...CONFIG_MAP(place),
      "kubernetes.key": "other.yaml",
      "authentik.blueprintPath": "custom/other.yaml",
    }),
    third: (place) => ({
      ...CONFIG_MAP(place),
      "kubernetes.key": "third.yaml",
      "authentik.blueprintPath": "custom/third.yaml",
    }),
  },
  "name of the application, delivered by the API": {
    to: () => ({ "authentik.applicationName": "Registry" }),
    third: () => ({ "authentik.applicationName": "Third" }),
    found: [{ request: /^DELETE \/api\/v3\/managed\/blueprints\//, when: "after", ending: "back" }],
  },
  "name of the application, delivered by a ConfigMap": {
    from: CONFIG_MAP,
    to: (place) => ({ ...CONFIG_MAP(place), "authentik.applicationName": "Registry" }),
    third: (place) => ({ ...CONFIG_MAP(place), "authentik.applicationName": "Third" }),
  },
  "name of the application, delivered by a file": {
    from: FILE,
    to: (place) => ({ ...FILE(place), "authentik.applicationName": "Registry" }),
    third: (place) => ({ ...FILE(place), "authentik.applicationName": "Third" }),
  },
  revocation: {
    to: () => ({ "ci.revocationTrigger": "leaked" }),
    third: () => ({ "ci.revocationTrigger": "leaked again" }),
    gap: "every key is revoked before a new one is created",
  },
  "one of several accounts": {
    from: () => ACCOUNTS,
    to: () => WITHOUT_SITE,
    third: () => withSite({ user: "zot-third", secretName: "THIRD_KEY" }),
    found: [
      { request: /^DELETE .*\/actions\/secrets\//, when: "after", ending: "back" },
      // What lets the account in once more.
      { request: APPLY, number: 3, when: "after", ending: "on" },
      { request: APPLY, number: 3, when: "after", ending: "backRecover" },
    ],
    foundTwice: [
      {
        back: true,
        first: { request: /^POST .*\/actions\/variables\//, when: "after" },
        again: "back",
        second: { request: /^DELETE \/zot\/auth\/apikey/, when: "after" },
        ending: "destroy",
      },
    ],
  },
  "an account with a key and job tokens": {
    releases: WITH_JOB_TOKENS,
    from: () => withSite({ auth: "both" }),
    to: () => WITHOUT_SITE,
    third: () => withSite({ auth: "both", user: "zot-third", secretName: "THIRD_KEY" }),
  },
  "an account moves from a key to job tokens": {
    releases: WITH_JOB_TOKENS,
    from: () => ACCOUNTS,
    to: () => withSite({ auth: "jobToken", keyStores: undefined, secretName: undefined, gracePeriod: undefined }),
    third: () => withSite({ auth: "both", repositories: ["own/two"] }),
  },
  "files of zot": {
    from: ({ path }) => ({
      "registry.configFile": path("other.json"),
      "registry.credentialsFile": path("other-credentials.json"),
      "zot.auth.sessionKeysFile": path("sessions.json"),
    }),
    to: () => ({}),
    third: ({ path }) => ({
      "registry.configFile": path("third.json"),
      "registry.credentialsFile": path("third-credentials.json"),
      "zot.auth.sessionKeysFile": path("third-sessions.json"),
    }),
    found: [{ request: /^DELETE .*\/sessions\.json$/, when: "after", ending: "back" }],
  },
  "name of the stack": { to: () => ({}), renamed: true },
};

/** The settings of a second edit. */
export function thirdOf({ from, third }: Pair, place: Place): Readonly<Record<Path, unknown>> {
  return third?.(place) ?? { ...from?.(place), "ci.user": "third", "access.ciGroup": "thirds" };
}
