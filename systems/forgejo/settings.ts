import * as z from "zod";
import { TARGET_FORMS, isSecretName, parseForgejoTarget } from "./target.ts";
import { baseUrl, secretReference } from "../../core/settings/types.ts";

const target = z.string().refine((value) => parseForgejoTarget(value) !== undefined, {
  error: `${TARGET_FORMS}, as Forgejo allows such names`,
});

/** Forgejo takes a name in any case for the same one. */
const targets = z
  .array(target)
  .min(1, { error: "at least one repository, organisation or user that gets the secret" })
  .refine((list) => new Set(list.map((entry) => entry.toLowerCase())).size === list.length, {
    error: "every repository once",
  });

const secretName = z.string().refine(isSecretName, {
  error:
    "a secret's name: capitals, digits and underscores, at most 250, not beginning with a digit, GITEA_, GITHUB_ or FORGEJO_, and not CI",
});

/** Forgejo: who gets which Actions secrets. */
export const forgejo = z.strictObject({
  url: baseUrl.describe("Forgejo's address."),
  token: secretReference.describe(
    "An owner's token, with `write:repository` for repositories, `write:organization` for organisations, `write:user` for the user's own.",
  ),
  secretName: secretName.default("ZOT_CI_API_KEY").describe("The name of the Actions secret that holds the key."),
  repositories: targets.describe(
    "Who gets the key: repositories (`owner/name`), organisations (`name`, for all their repositories), and the token's own user (`user:login`, for all of theirs).",
  ),
  secrets: z
    .array(
      z.strictObject({
        name: secretName.describe("The secret's name: `FORGE_TOKEN`."),
        source: secretReference.describe(
          "Where its value is. When the value changed, `pulumi refresh` finds it and the next `up` hands it on; a preview alone cannot see it.",
        ),
        repositories: targets.describe("Who gets it, written as `forgejo.repositories`."),
      }),
    )
    .default([])
    .describe(
      "Other Actions secrets to hand over from references: written, checked and marked as the key is, and deleted when they are taken out of here.",
    ),
});

/** `owner/name` of a repository that has to be one. */
export const repository = z.string().refine((value) => parseForgejoTarget(value)?.kind === "repository", {
  error: "owner/repository, as Forgejo allows such names",
});
