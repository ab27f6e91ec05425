import * as z from "zod";
import { duration, secretReference, text, userName } from "../core/settings/types.ts";
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
  timeout: duration
    .default("10 minutes")
    .describe("How long the run may wait for a runner, and how long it may then take."),
});

/** `docker.io/library/hello-world:latest`. */
const IMAGE = new RegExp(`${REPOSITORY_NAME.source.slice(0, -1)}:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`);

/** How the result is tested on the live servers. */
export const acceptance = z.strictObject({
  repository: z
    .string()
    .regex(REPOSITORY_NAME, { error: "a repository name, such as zot-auth/acceptance" })
    .default("zot-auth/acceptance")
    .describe(
      "The image repository that the tests use. One small tag stays there. With `ci.accounts`, each account has one of its own, below its first namespace.",
    ),
  workflow: workflow
    .optional()
    .describe(
      "A workflow that builds and pushes an image. It is dispatched whenever the key or the name of its secret changes, and must succeed.",
    ),
  workflows: z
    .array(workflow)
    .default([])
    .describe(
      "Further such workflows, for other ways to push: Dagger and Nix, for example. All are started together; those that share a runner take turns.",
    ),
  pullThrough: z
    .array(
      z.string().regex(IMAGE, {
        error: "an image with its tag and without the registry's host, such as docker.io/library/hello-world:latest",
      }),
    )
    .default([])
    .describe(
      "Images that are pulled through zot to prove `registry.pullThrough`: small ones, since zot fetches and keeps them. The first part is a `name` there. One that cannot be pulled is a warning: keys work without it.",
    ),
  admin: z
    .strictObject({
      user: userName.describe("The administrator's user name, as zot knows it."),
      apiKey: secretReference.describe(
        "An API key that this person has created in zot's UI, and keeps for emergencies.",
      ),
    })
    .optional()
    .describe(
      "A person in `access.adminGroup` whose key must still be able to delete. It is tried on a manifest that cannot exist, so nothing is deleted. If it cannot, a warning says so.",
    ),
});

export type AcceptanceSettings = z.output<typeof acceptance>;
