import * as z from "zod";
import { duration, isWithoutDuplicates, text } from "../../../core/settings/types.ts";
import { repository, secretName } from "../settings.ts";

/** The events whose jobs a person with write access has started. Those of pull requests are not among them: a fork gets tokens by `pull_request_target`. */
export const JOB_EVENTS = ["push", "workflow_dispatch", "schedule"] as const;

/** The name that the variable of job tokens begins with, if no setting says another. */
export const DEFAULT_JOB_TOKEN_NAME = "ZOT_CI_JOB_TOKEN";

const ref = z.string().regex(/^refs\/(?:heads|tags)\/(?:[^\s'"\\*?[~^:]+\*?|\*)$/, {
  error: "a full ref, such as refs/heads/main, or the beginning of refs with * at its end, such as refs/tags/v*",
});

const workflowFile = z.string().regex(/^[^\s'"\\/]+\.ya?ml$/, { error: "a workflow's file name, such as build.yaml" });

/** How jobs of Forgejo Actions push with their own tokens. */
export const jobToken = z.strictObject({
  refs: z
    .array(ref)
    .min(1, { error: "a list of at least one ref" })
    .refine(isWithoutDuplicates, { error: "a list without duplicates" })
    .default(["refs/heads/main"])
    .describe(
      "The branches and tags whose jobs may push: full refs, or the beginning of refs with `*` at its end: `refs/tags/v*`. Whoever may push to such a branch can push images: protect it in Forgejo.",
    ),
  events: z
    .array(z.enum(JOB_EVENTS))
    .min(1, { error: "a list of at least one event" })
    .refine(isWithoutDuplicates, { error: "a list without duplicates" })
    .default([...JOB_EVENTS])
    .describe(
      "The events whose jobs may push. Pull requests never may: with `pull_request_target`, a fork's request runs with a token of the base branch.",
    ),
  workflows: z
    .array(workflowFile)
    .min(1, { error: "a list of at least one workflow file" })
    .refine(isWithoutDuplicates, { error: "a list without duplicates" })
    .optional()
    .describe("The workflow files whose jobs may push: `[build.yaml]`. Default: every workflow of the repositories."),
  shortKey: z
    .boolean()
    .default(false)
    .describe(
      "Whether jobs may push with a key that they create with their token, for clients that cannot send a token, such as skopeo. Whoever gets hold of such a token can create a key that never expires: prefer a client that sends the token, such as crane.",
    ),
  name: secretName
    .default(DEFAULT_JOB_TOKEN_NAME)
    .describe(
      `What the name of the Actions variable begins with: with \`${DEFAULT_JOB_TOKEN_NAME}\`, each repository gets the variable \`${DEFAULT_JOB_TOKEN_NAME}_INFO\`, which says where and how its jobs push.`,
    ),
  proof: z
    .strictObject({
      repository: repository.describe("One of the account's repositories, with the workflow: `owner/name`."),
      file: workflowFile.default("zot-auth-proof.yaml").describe("The workflow's file name."),
      ref: text.default("main").describe("The branch to run it on, one of `refs`."),
      timeout: duration
        .default("10 minutes")
        .describe("How long the run may wait for a runner, and how long it may then take."),
    })
    .optional()
    .describe(
      "The workflow zot-auth-proof.yaml of ci/forgejo, in one of the repositories: `up` dispatches it whenever zot's config changes, and it shows that a job can push with its token, and what it cannot. Default: none, with a warning.",
    ),
});

export type JobTokenSettings = z.output<typeof jobToken>;
