import * as z from "zod";
import { TARGET_FORMS, isSecretName, parseForgejoTarget } from "./target.ts";
import { secretReference, serverUrl } from "../../core/settings/types.ts";

const TARGET = `${TARGET_FORMS}, as Forgejo allows such names`;
const REPOSITORY = "owner/repository, as Forgejo allows such names";
const SECRET_NAME =
  "a secret's name: at most 250 capital letters, digits and underscores; it may not begin with a digit, GITEA_, GITHUB_ or FORGEJO_, or be CI";

const target = z
  .string({ error: TARGET })
  .refine((value) => parseForgejoTarget(value) !== undefined, { error: TARGET });

/** Names in Forgejo are case-insensitive. */
export const targets = z
  .array(target)
  .min(1, { error: "a list of at least one repository, organisation or user that gets the secret" })
  .refine((list) => new Set(list.map((entry) => entry.toLowerCase())).size === list.length, {
    error: "a list without duplicates",
  });

export const secretName = z.string({ error: SECRET_NAME }).refine(isSecretName, { error: SECRET_NAME });

/** The name of the key's secret if no setting says another. */
export const DEFAULT_SECRET_NAME = "ZOT_CI_API_KEY";

/** Forgejo, and who gets which Actions secrets. */
export const forgejo = z.strictObject({
  url: serverUrl.describe(
    "Forgejo's address. If a change leads to another Forgejo, the secrets are written there and then deleted at the old one; a warning names any that cannot be deleted.",
  ),
  rootUrl: serverUrl
    .optional()
    .describe(
      "Forgejo's own `ROOT_URL`, if it is another address than `forgejo.url`. The issuer of its jobs' tokens begins with it, so zot's host must reach it. Only with job tokens. Default: `forgejo.url`.",
    ),
  token: secretReference.describe(
    "A token of an owner with the scopes `write:repository` (for repositories), `write:organization` (for organisations) and `write:user` (for the user's own secrets).",
  ),
  secretName: secretName
    .optional()
    .describe(
      `The name of the Actions secret for the key. Default: \`${DEFAULT_SECRET_NAME}\`. After a change, every repository gets the new secret before the old one is deleted; workflows must use the new name.`,
    ),
  repositories: targets
    .optional()
    .describe(
      "Required, unless `ci.accounts` is set. Who gets the key: repositories (`owner/name`), organisations (`name`, for all their repositories), and the token's own user (`user:login`, for all of that user's repositories).",
    ),
  secrets: z
    .array(
      z.strictObject({
        name: secretName.describe("The secret's name: `FORGE_TOKEN`."),
        source: secretReference.describe(
          "A reference to its value. `pulumi refresh` detects a changed value, and the next `up` writes it; a preview alone does not detect it.",
        ),
        repositories: targets.describe("Who gets it, as in `forgejo.repositories`."),
      }),
    )
    .default([])
    .describe(
      "Further Actions secrets, read from references. They are written, verified and marked like the key, and deleted when you remove them here.",
    ),
});

/** `owner/name` of a repository, and of nothing else. */
export const repository = z
  .string({ error: REPOSITORY })
  .refine((value) => parseForgejoTarget(value)?.kind === "repository", { error: REPOSITORY });

export type ForgejoSettings = z.output<typeof forgejo>;
