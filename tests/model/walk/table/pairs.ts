// Settings that people change together, in one edit.
import { KUBECONFIGS } from "../cluster.ts";
import type { Path, Place } from "../place.ts";

export interface Pair {
  /** Settings before the edit that are not those from which every walk starts. */
  readonly from?: (place: Place) => Readonly<Record<Path, unknown>>;
  readonly to: (place: Place) => Readonly<Record<Path, unknown>>;
  /** The run is killed at each request, because there are few; otherwise at every fourth. */
  readonly each?: true;
  /** Why what CI has under one of the two names is no key for a moment, or none that zot takes. */
  readonly gap?: string;
  /** Requests after which the run was killed, and the settings set back, when a fault was found. They are always among those that are tried. */
  readonly found?: readonly string[];
  /** What is wrong today. The test fails as soon as it is right. */
  readonly known?: string;
}

const API = () => ({ "authentik.delivery": "api" });
const FILE = ({ data }: Place) => ({
  "authentik.delivery": `file:${data("blueprints/git.yaml")}`,
  "authentik.blueprintPath": "custom/git.yaml",
});
const CONFIG_MAP = ({ data }: Place) => ({
  "authentik.delivery": "configMap",
  "kubernetes.kubeconfig": data(KUBECONFIGS[0]),
});

export const PAIRS: Readonly<Record<string, Pair>> = {
  "user and group": { to: () => ({ "ci.user": "robot", "access.ciGroup": "robots" }) },
  "user and machine flow": {
    to: () => ({ "ci.user": "robot", "authentik.machineFlow": "robots-login" }),
  },
  "user, group and application": {
    to: () => ({ "ci.user": "robot", "access.ciGroup": "robots", "authentik.application": "registry" }),
  },
  "user and registry address": {
    to: ({ raw, alias }) => ({ "ci.user": "robot", "registry.url": alias(raw["registry"]?.["url"] as string) }),
  },
  "registry address and 1Password field": {
    to: ({ raw, alias }) => ({
      "registry.url": alias(raw["registry"]?.["url"] as string),
      "ci.keyStore": "op://homelab/CI/another-field",
    }),
  },
  "secret name and repositories": {
    to: () => ({ "forgejo.secretName": "REGISTRY_KEY", "forgejo.repositories": ["own/two", "own/three"] }),
  },
  "the key's secret and another one swap their names": {
    to: () => ({ "forgejo.secretName": "OTHER", "forgejo.secrets[].name": "ZOT_CI_API_KEY" }),
    gap: "each of the two names is the other secret's before or after",
    each: true,
  },
  "image prefix and source of another secret": {
    to: () => ({ "ci.imagePrefix": "images", "forgejo.secrets[].source": "env:MODEL_OTHER_3" }),
    each: true,
  },
  "another file for the blueprint": {
    from: FILE,
    to: ({ data }) => ({
      "authentik.delivery": `file:${data("blueprints/git2.yaml")}`,
      "authentik.blueprintPath": "custom/git2.yaml",
    }),
    each: true,
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
    each: true,
  },
  "delivery by the API, then by a ConfigMap": { to: CONFIG_MAP, each: true },
  "delivery by a ConfigMap, then by a file": { from: CONFIG_MAP, to: FILE, each: true },
  "delivery by a file, then by the API": { from: FILE, to: API, each: true },
  "delivery by a file, then by the API, and another application": {
    from: FILE,
    to: () => ({ ...API(), "authentik.application": "registry" }),
    found: ["POST /api/v3/managed/blueprints/"],
    each: true,
  },
  "delivery by the API, then by a file, and another application": {
    to: (place) => ({ ...FILE(place), "authentik.application": "registry" }),
    each: true,
  },
  "key of the ConfigMap and blueprint path": {
    from: CONFIG_MAP,
    to: (place) => ({
      ...CONFIG_MAP(place),
      "kubernetes.key": "other.yaml",
      "authentik.blueprintPath": "custom/other.yaml",
    }),
    each: true,
  },
};
