// Another value of each setting of an account in `ci.accounts`: tests/model/accounts/accountWalk.test.ts plays them.
import type { Elsewhere } from "./row.ts";

/** A change of an account that has a key and job tokens. */
export interface AccountChange {
  /** What the account's settings change to; `undefined` removes one. */
  readonly to: Readonly<Record<string, unknown>>;
  /** Why CI may be without a key for a moment. */
  readonly gap?: string;
}

/** By the setting's path below `ci.accounts.<id>`. */
export const ACCOUNT: Readonly<Record<string, AccountChange | Elsewhere>> = {
  auth: { to: { auth: "apiKey", jobToken: undefined } },
  user: { to: { user: "zot-pages" } },
  group: { to: { group: "pages" } },
  push: { to: { push: ["pages", "site"] } },
  keyStores: { to: { keyStores: ["op://homelab/CI/site-other", "op://homelab/CI/site-copy"] } },
  secretName: { to: { secretName: "PAGES_KEY" } },
  repositories: { to: { repositories: ["own/one", "own/three"] } },
  keyLifetime: { to: { keyLifetime: "60 days" } },
  rotateAfter: { to: { rotateAfter: "30 days" } },
  gracePeriod: { to: { gracePeriod: "1 hour" } },
  rotationTrigger: { to: { rotationTrigger: "now" } },
  revocationTrigger: { to: { revocationTrigger: "now" }, gap: "every key is revoked before a new one is created" },
  unmanagedKeys: { to: { unmanagedKeys: "revoke" } },
  onDestroy: { to: { onDestroy: "leave" } },
  "jobToken.refs": { to: { jobToken: { refs: ["refs/tags/*"] } } },
  "jobToken.events": { to: { jobToken: { events: ["push"] } } },
  "jobToken.workflows": { to: { jobToken: { workflows: ["build.yaml"] } } },
  "jobToken.shortKey": { to: { jobToken: { shortKey: true } } },
  "jobToken.name": { to: { jobToken: { name: "PAGES_TOKEN" } } },
  ...Object.fromEntries(
    ["repository", "file", "ref", "timeout"].map((name) => [
      `jobToken.proof.${name}`,
      { elsewhere: "the model's Forgejo runs no workflows: tests/engine/jobTokens" },
    ]),
  ),
};

const WALK = { elsewhere: "the walk follows one account: tests/model/accounts/accountWalk.test.ts has several" };

export const ACCOUNTS: Readonly<Record<string, Elsewhere>> = Object.fromEntries(
  Object.keys(ACCOUNT).map((path) => [`ci.accounts.*.${path}`, WALK]),
);
