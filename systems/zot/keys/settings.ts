import * as z from "zod";
import { REPOSITORY_NAME } from "../access/imageNames.ts";
import { duration, durationFrom, onePasswordReference, text, userName } from "../../../core/settings/types.ts";

/** The account's user name if no setting says another. */
export const DEFAULT_CI_USER = "zot-ci";

/** The lifecycle of a key. */
export const keyLife = {
  keyLifetime: durationFrom("1 hour", "the key could expire during the run that replaces it"),
  rotateAfter: durationFrom("1 second", "every `up` would rotate the key"),
  gracePeriod: duration,
  unmanagedKeys: z.enum(["report", "revoke"]),
  onDestroy: z.enum(["blank", "leave"]),
} as const;

/** The account that CI pushes with, and the lifecycle of its key. */
export const ci = z.strictObject({
  user: userName
    .optional()
    .describe(
      `The service account's user name. Default: \`${DEFAULT_CI_USER}\`. A change creates a new account and a new key; the old account and its key stay for \`gracePeriod\`. Workflows that name the user must use the new name with the new key.`,
    ),
  keyStore: onePasswordReference
    .optional()
    .describe(
      "Required, unless `ci.accounts` is set. The 1Password field that stores the key, and nothing else: a field that another setting names too is an error (unless one of them uses names and the other ids, which cannot be compared). The item must exist; its other fields are left unchanged. A field that does not exist is created in the section that the reference names, or else in the one without a title, where 1Password's apps put a field, too: `op`, Connect and 1Password's providers find it there. A change creates a new key there, and empties the old field if it still holds our key.",
    ),
  keyLifetime: keyLife.keyLifetime.default("90 days").describe("How long a key is valid: at least 1 hour."),
  rotateAfter: keyLife.rotateAfter
    .optional()
    .describe(
      "The age at which `pulumi up` rotates the key: at least 1 second. Default: two thirds of `keyLifetime`. If a change makes the key overdue, the same `up` rotates it.",
    ),
  gracePeriod: keyLife.gracePeriod
    .default("1 hour")
    .describe(
      "How long the previous key stays valid after a rotation, so that running jobs can finish. With `0 seconds`, the same run revokes it once it has been unused for 3 seconds.",
    ),
  rotationTrigger: text
    .optional()
    .describe("Any string. If it changes, the next `up` rotates the key. `npm run rotate -- <stack>` sets it."),
  revocationTrigger: text
    .optional()
    .describe(
      "Any string. If it changes, the next `up` first revokes **every** key of the account, including unmanaged keys, and then creates and distributes a new one; CI cannot push in between. `npm run revoke -- <stack>` sets it.",
    ),
  unmanagedKeys: keyLife.unmanagedKeys
    .default("report")
    .describe(
      "What to do with keys of the account that this stack does not manage: only report them, or revoke them in the `up` after the one that first reported them.",
    ),
  onDestroy: keyLife.onDestroy
    .default("blank")
    .describe(
      "What `pulumi destroy` does with the 1Password field: `blank` empties it, `leave` keeps the revoked key in it.",
    ),
  imagePrefix: z
    .string()
    .regex(REPOSITORY_NAME, { error: "a repository name, such as blumeops" })
    .optional()
    .describe(
      "Required, unless `ci.accounts` is set. The namespace that CI pushes images to. It is no limit: CI may push wherever `access` lets it. To confine it there, set `access.ci` to `read` or `none`, and `access.namespaces` to `{<prefix>/**: {ci: push}, …}`. CI cannot overwrite or delete images there: `zot.extra` cannot allow it, and `up` proves it on the live registry without changing anything.",
    ),
});

export type CiSettings = z.output<typeof ci>;
