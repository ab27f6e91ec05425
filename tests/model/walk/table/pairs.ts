// Settings that people change together, in one edit.
import type { Path, Place } from "../place.ts";

export interface Pair {
  readonly to: (place: Place) => Readonly<Record<Path, unknown>>;
  /** What is wrong today. The test fails as soon as it is right. */
  readonly known?: string;
}

export const PAIRS: Readonly<Record<string, Pair>> = {
  "user and group": { to: () => ({ "ci.user": "robot", "access.ciGroup": "robots" }) },
  "user and machine flow": {
    to: () => ({ "ci.user": "robot", "authentik.machineFlow": "robots-login" }),
  },
  "user, group and application": {
    to: () => ({ "ci.user": "robot", "access.ciGroup": "robots", "authentik.application": "registry" }),
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
};
