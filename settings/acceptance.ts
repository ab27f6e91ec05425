import * as z from "zod";
import { duration, text } from "../core/settings/types.ts";
import { repository } from "../systems/forgejo/settings.ts";
import { REPOSITORY_NAME } from "../systems/zot/access/imageNames.ts";

const workflow = z.strictObject({
  repository: repository.describe("The Forgejo repository that contains the workflow: `owner/name`."),
  file: text.describe("The workflow's file name: `build-container.yaml`."),
  ref: text.default("main").describe("The branch or tag to run it on."),
  inputs: z
    .record(z.string(), z.string())
    .default({})
    .describe("The workflow's inputs. Never a secret: everyone who can read the repository sees them."),
  timeout: duration.default("10 minutes").describe("How long the run may take."),
});

/** How the result is tested on the live servers. */
export const acceptance = z.strictObject({
  repository: z
    .string()
    .regex(REPOSITORY_NAME, { error: "a repository name, such as zot-auth/acceptance" })
    .default("zot-auth/acceptance")
    .describe("The image repository that the tests use. One small tag stays there."),
  workflow: workflow
    .optional()
    .describe(
      "A workflow that builds and pushes an image. It is dispatched whenever the key changes, and must succeed.",
    ),
  workflows: z
    .array(workflow)
    .default([])
    .describe("Further such workflows, for other ways to push: Dagger and Nix, for example. All run side by side."),
});

export type AcceptanceSettings = z.output<typeof acceptance>;
