import * as z from "zod";
import { REPOSITORY_NAME } from "../access/imageNames.ts";
import { duration, name, onePasswordReference, text } from "../../../core/settings/types.ts";

/** The account that CI pushes with, and its key's life. */
export const ci = z.strictObject({
  user: name.default("zot-ci").describe("The service account's user name. A change makes a new account and a new key."),
  keyStore: onePasswordReference.describe(
    "The 1Password field that holds the key. The item must exist; every other field stays as it is.",
  ),
  keyLifetime: duration.default("90 days").describe("How long a key is valid."),
  rotateAfter: duration
    .optional()
    .describe("The age at which `pulumi up` makes a new key. Default: two thirds of keyLifetime."),
  gracePeriod: duration
    .default("1 hour")
    .describe(
      "How long the previous key stays valid after a rotation, for jobs that started with it. With `0 seconds` it goes in the same run, once nobody has used it for 3 seconds.",
    ),
  rotationTrigger: text
    .optional()
    .describe("Any text. A change makes the next `up` replace the key: `npm run rotate -- <stack>`."),
  revocationTrigger: text
    .optional()
    .describe(
      "Any text. A change makes the next `up` revoke **every** key of the account at once, also those that nobody declared, and then make and hand out a new one: `npm run revoke -- <stack>`. CI cannot push in between.",
    ),
  unknownKeys: z
    .enum(["report", "revoke"])
    .default("report")
    .describe(
      "What to do with keys of the account that nobody declared: tell of them, or revoke them with the `up` after the one that told of them.",
    ),
  onDestroy: z.enum(["blank", "leave"]).default("blank").describe("What `pulumi destroy` does to the 1Password field."),
  imagePrefix: z
    .string()
    .regex(REPOSITORY_NAME, { error: "a repository name, such as blumeops" })
    .describe("The namespace that CI pushes images under."),
});
