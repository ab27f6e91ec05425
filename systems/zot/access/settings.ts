import * as z from "zod";
import { isWithoutDuplicates, name, text } from "../../../core/settings/types.ts";

/** zot's actions; any other word is accepted by zot and grants nothing. */
export const ACTIONS = ["read", "create", "update", "delete", "detectManifestCollision"] as const;

const actions = z
  .array(z.enum(ACTIONS))
  .min(1, { error: "at least one of read, create, update, delete, detectManifestCollision" });

const groups = z
  .record(name, actions)
  .default({})
  .describe(
    "More Authentik groups and what they may do: `developers: [read, create]`. Names are compared exactly. They may sign in.",
  );
const users = z
  .record(text, actions)
  .default({})
  .describe("Single accounts, by user name, and what they may do beside what their groups may.");

const namespace = z.strictObject({
  ci: z
    .enum(["push", "read", "none"])
    .default("push")
    .describe("What the CI group may do here: pull and push new tags, pull only, or nothing."),
  anonymousRead: z.boolean().optional().describe("Whether anybody may pull. Default: `access.anonymousRead`."),
  signedInRead: z
    .boolean()
    .optional()
    .describe("Whether everybody who signed in may pull. Default: `access.signedInRead`."),
  groups,
  users,
});

/** Who may do what: one decision for all repositories, and others for namespaces. */
export const access = z.strictObject({
  adminGroup: name
    .default("admins")
    .describe("Authentik group with all rights, everywhere. Made by another blueprint of yours."),
  ciGroup: name
    .default("artifact-workloads")
    .describe("Authentik group whose members pull and push new tags, never overwrite or delete."),
  anonymousRead: z.boolean().default(true).describe("Whether anybody may pull without signing in."),
  signedInRead: z
    .boolean()
    .default(true)
    .describe("Whether everybody who signed in may pull, whatever their groups: zot's `defaultPolicy`."),
  anonymousMetrics: z
    .boolean()
    .default(true)
    .describe("Whether anybody may read `/metrics`, as a Prometheus without credentials does."),
  signInGroups: z
    .array(name)
    .refine(isWithoutDuplicates, { error: "every group once" })
    .default([])
    .describe(
      "More Authentik groups that may sign in, with no rights but those of everybody who signed in. Groups with rights need not be named again.",
    ),
  groups,
  users,
  namespaces: z
    .record(
      z
        .string()
        .min(1)
        .refine((glob) => !["**", "*", "**/*"].includes(glob), {
          error: 'a part of the repositories, such as "docker.io/**" (the settings beside it are for all of them)',
        })
        .refine((glob) => !/^\/|\\|\s|\/$/.test(glob), {
          error: 'a glob of repository names, without a slash at its ends, such as "docker.io/**"',
        }),
      namespace,
    )
    .default({})
    .describe(
      "Other rules for some repositories, by glob: `docker.io/**: {ci: read}`. The longest glob that matches decides alone; admins keep all rights.",
    ),
});
