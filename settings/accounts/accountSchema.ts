import * as z from "zod";
import { groupName, isWithoutDuplicates, onePasswordReference, text, userName } from "../../core/settings/types.ts";
import { jobToken } from "../../systems/forgejo/jobToken/settings.ts";
import { DEFAULT_SECRET_NAME, secretName, targets } from "../../systems/forgejo/settings.ts";
import { REPOSITORY_NAME } from "../../systems/zot/access/imageNames.ts";
import { ci, keyLife } from "../../systems/zot/keys/settings.ts";

const namespaces = z
  .array(z.string().regex(REPOSITORY_NAME, { error: "a repository name, such as blumeops" }))
  .min(1, { error: "a list of at least one namespace" })
  .refine(isWithoutDuplicates, { error: "a list without duplicates" });

const account = z.strictObject({
  auth: z
    .enum(["apiKey", "jobToken", "both"])
    .default("apiKey")
    .describe(
      "How CI signs in: `apiKey`, with a stored key; `jobToken`, with a token that Forgejo gives each job, so that nothing is stored; or `both`. A key that is no longer needed is revoked at the end of the `up` that proved the token: while jobs still use the key, set `both` first. Job tokens require Forgejo 15, its runner 12.5.2, and a zot later than 2.1.21.",
    ),
  user: userName.describe(
    "The service account's user name, as `ci.user`: a change creates a new account and a new key, and keeps the old ones for `gracePeriod`. With job tokens, zot knows the jobs by it: `<user>/<owner>/<repository>`.",
  ),
  group: groupName
    .optional()
    .describe(
      "Its group, which no other account may have. The blueprint creates it in Authentik, unless the account has job tokens only. Default: the user's name.",
    ),
  push: namespaces.describe(
    "The namespaces to which it may push new tags, and no other account: `[blumeops]` is `blumeops` and everything below. zot's rules follow from it. The first one is the prefix that CI gets, and has the image of the proofs.",
  ),
  keyStores: z
    .array(onePasswordReference)
    .min(1, { error: "a list of at least one 1Password field: zot shows a key only once" })
    .refine(isWithoutDuplicates, { error: "a list without duplicates" })
    .optional()
    .describe(
      "Required, unless `auth` is `jobToken`. The 1Password fields that store its key, as `ci.keyStore`. The second and further ones are copies: a change of those alone creates no new key.",
    ),
  secretName: secretName
    .optional()
    .describe(
      `The name of the Actions secret for its key, as \`forgejo.secretName\`. Default: \`${DEFAULT_SECRET_NAME}\`.`,
    ),
  repositories: targets
    .optional()
    .describe(
      "Who gets its key, as `forgejo.repositories`. Default: nobody; whoever needs the key reads it in 1Password. With job tokens it is required: whose jobs may push. Write the names as Forgejo does; zot compares capitals, too.",
    ),
  jobToken: jobToken
    .optional()
    .describe("Which jobs of the repositories may push with their tokens. Only with `auth: jobToken` or `both`."),
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

export type CiGroup = z.output<typeof ciWithAccounts>;

/** An account as the settings have it. */
export type WrittenAccount = NonNullable<CiGroup["accounts"]>[string];
