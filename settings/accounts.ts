import * as z from "zod";
import { groupName, isWithoutDuplicates, onePasswordReference, text, userName } from "../core/settings/types.ts";
import type { Duration } from "../core/duration.ts";
import type { SecretReference } from "../core/secrets/reference.ts";
import { DEFAULT_SECRET_NAME, secretName, targets } from "../systems/forgejo/settings.ts";
import type { ForgejoSettings } from "../systems/forgejo/settings.ts";
import { REPOSITORY_NAME } from "../systems/zot/access/imageNames.ts";
import { DEFAULT_CI_GROUP } from "../systems/zot/access/settings.ts";
import type { AccessSettings } from "../systems/zot/access/settings.ts";
import type { CiAccess } from "../systems/zot/access/rules.ts";
import { DEFAULT_CI_USER, ci, keyLife } from "../systems/zot/keys/settings.ts";

/** The id of the only account in the form without `ci.accounts`. */
export const ONLY = "ci";

/** What the names of an account's resources have in addition. Those of the only one have nothing, so that its stack goes on. */
export function suffixOf(id: string): string {
  return id === ONLY ? "" : `-${id}`;
}

const namespaces = z
  .array(z.string().regex(REPOSITORY_NAME, { error: "a repository name, such as blumeops" }))
  .min(1, { error: "a list of at least one namespace" })
  .refine(isWithoutDuplicates, { error: "a list without duplicates" });

const account = z.strictObject({
  user: userName.describe(
    "The service account's user name, as `ci.user`: a change creates a new account and a new key, and keeps the old ones for `gracePeriod`.",
  ),
  group: groupName
    .optional()
    .describe(
      "Its Authentik group, which no other account may have; the blueprint creates it. Default: the user's name.",
    ),
  push: namespaces.describe(
    "The namespaces to which it may push new tags, and no other account: `[blumeops]` is `blumeops` and everything below. zot's rules follow from it. The first one is the prefix that CI gets, and has the image of the proofs.",
  ),
  keyStores: z
    .array(onePasswordReference)
    .min(1, { error: "a list of at least one 1Password field: zot shows a key only once" })
    .refine(isWithoutDuplicates, { error: "a list without duplicates" })
    .describe(
      "The 1Password fields that store its key, as `ci.keyStore`. The second and further ones are copies: a change of those alone creates no new key.",
    ),
  secretName: secretName
    .optional()
    .describe(
      `The name of the Actions secret for its key, as \`forgejo.secretName\`. Default: \`${DEFAULT_SECRET_NAME}\`.`,
    ),
  repositories: targets
    .optional()
    .describe(
      "Who gets its key, as `forgejo.repositories`. Default: nobody; whoever needs the key reads it in 1Password.",
    ),
  keyLifetime: keyLife.keyLifetime.optional().describe("Default: `ci.keyLifetime`."),
  rotateAfter: keyLife.rotateAfter
    .optional()
    .describe("Default: `ci.rotateAfter`, unless the account has a `keyLifetime` of its own."),
  gracePeriod: keyLife.gracePeriod.optional().describe("Default: `ci.gracePeriod`."),
  rotationTrigger: text
    .optional()
    .describe(
      "Any string. If it changes, the next `up` rotates this account's key alone; a change of `ci.rotationTrigger` rotates all. `npm run rotate -- <stack> --account <id>` sets it.",
    ),
  revocationTrigger: text
    .optional()
    .describe(
      "Any string. If it changes, the next `up` revokes the keys of this account alone, as `ci.revocationTrigger` does those of all. `npm run revoke -- <stack> --account <id>` sets it.",
    ),
  unmanagedKeys: keyLife.unmanagedKeys.optional().describe("Default: `ci.unmanagedKeys`."),
  onDestroy: keyLife.onDestroy.optional().describe("Default: `ci.onDestroy`."),
});

const ID = "an id of lower-case letters, digits and hyphens that begins with a letter";

/** The group `ci`: one account, or several with what they have in common. */
export const ciWithAccounts = ci.extend({
  accounts: z
    .record(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, { error: ID }), account)
    .refine((accounts) => Object.keys(accounts).length > 0, { error: "at least one account" })
    .optional()
    .describe(
      "Several accounts, each with its own key for its own images, by ids of your choice: `{site: {user: zot-site, push: [site], …}}`. Then `ci.user`, `ci.keyStore`, `ci.imagePrefix`, `access.ciGroup`, `forgejo.secretName` and `forgejo.repositories` are omitted: each account has its own. " +
        "The id `ci` is that of the only account without this setting: give it to the one that goes on with its key. A removed account goes with its keys, its secrets and its group.",
    ),
});

/** A service account that CI pushes with, and its key. */
export interface CiAccount {
  readonly user: string;
  readonly group: string;
  /** The namespaces of its images; the first one is the prefix that CI gets. */
  readonly prefixes: readonly [string, ...string[]];
  /** The 1Password fields of its key: the first, and its copies. */
  readonly keyStores: readonly [SecretReference, ...SecretReference[]];
  readonly secretName: string;
  /** Repositories, organisations and users that get its key. */
  readonly repositories: readonly string[];
  readonly keyLifetime: Duration;
  readonly rotateAfter: Duration | undefined;
  readonly gracePeriod: Duration;
  readonly rotationTrigger: string | undefined;
  readonly revocationTrigger: string | undefined;
  readonly unmanagedKeys: "report" | "revoke";
  readonly onDestroy: "blank" | "leave";
  /** The image repository in which its key is proved. */
  readonly repository: string;
  /** What it may do, for zot's rules. */
  readonly access: CiAccess;
}

export type CiGroup = z.output<typeof ciWithAccounts>;

interface Written {
  readonly ci: CiGroup;
  readonly access: AccessSettings;
  readonly forgejo: ForgejoSettings;
  readonly acceptance: { readonly repository: string };
}

/** The accounts of the settings by their ids, in their order. */
export function ciAccounts({ ci: common, access, forgejo, acceptance }: Written): Readonly<Record<string, CiAccount>> {
  const { accounts, user = DEFAULT_CI_USER, keyStore, imagePrefix, ...life } = common;
  if (accounts === undefined) {
    const group = access.ciGroup ?? DEFAULT_CI_GROUP;
    const { secretName: name = DEFAULT_SECRET_NAME, repositories = [] } = forgejo;
    if (imagePrefix === undefined || keyStore === undefined)
      throw new TypeError("the form of the accounts was not checked");
    const [prefixes, keyStores] = [[imagePrefix], [keyStore]] as const;
    const { rotateAfter, rotationTrigger, revocationTrigger } = life;
    return {
      [ONLY]: {
        ...life,
        ...{ user, group, prefixes, keyStores, secretName: name, repositories },
        ...{ rotateAfter, rotationTrigger, revocationTrigger },
        repository: acceptance.repository,
        access: { group },
      },
    };
  }
  return Object.fromEntries(
    Object.entries(accounts).map(([id, { group = accounts[id]?.user ?? id, push, keyStores, ...own }]) => [
      id,
      {
        user: own.user,
        group,
        prefixes: push as [string, ...string[]],
        keyStores: keyStores as [SecretReference, ...SecretReference[]],
        secretName: own.secretName ?? DEFAULT_SECRET_NAME,
        repositories: own.repositories ?? [],
        keyLifetime: own.keyLifetime ?? life.keyLifetime,
        rotateAfter: own.rotateAfter ?? (own.keyLifetime === undefined ? life.rotateAfter : undefined),
        gracePeriod: own.gracePeriod ?? life.gracePeriod,
        rotationTrigger: either(life.rotationTrigger, own.rotationTrigger),
        revocationTrigger: either(life.revocationTrigger, own.revocationTrigger),
        unmanagedKeys: own.unmanagedKeys ?? life.unmanagedKeys,
        onDestroy: own.onDestroy ?? life.onDestroy,
        repository: `${push[0] ?? ""}/${acceptance.repository}`,
        access: { group, namespaces: push },
      },
    ]),
  );
}

/** A trigger of all accounts and one of this account alone: a change of either is one. */
function either(ofAll: string | undefined, own: string | undefined): string | undefined {
  return own === undefined ? ofAll : `${ofAll ?? ""} ${own}`;
}

/** The first account: the outputs of a stack that concern one account are about this one. */
export function mainAccount({ accounts }: { readonly accounts: Readonly<Record<string, CiAccount>> }): CiAccount {
  const [first] = Object.values(accounts);
  if (first === undefined) throw new TypeError("the settings accepted no account");
  return first;
}
