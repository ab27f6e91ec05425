import * as z from "zod";
import { groupName, isWithoutDuplicates, text } from "../../../core/settings/types.ts";
import { glob } from "./globs/setting.ts";

/** zot's actions. zot accepts any other word, which then grants nothing. */
export const ACTIONS = ["read", "create", "update", "delete", "detectManifestCollision"] as const;

const actions = z
  .array(z.enum(ACTIONS))
  .min(1, { error: "at least one of read, create, update, delete, detectManifestCollision" });

/** Reading has a setting of its own. */
const signedInActions = z
  .array(z.enum(ACTIONS).exclude(["read"]))
  .refine(isWithoutDuplicates, { error: "a list without duplicates" });

const ci = z.enum(["push", "read", "none"]);

/** The group of CI's only account if no setting says another. */
export const DEFAULT_CI_GROUP = "artifact-workloads";

const groups = z
  .record(groupName, actions)
  .default({})
  .describe(
    "Further Authentik groups and their actions: `developers: [read, create]`. Their members may sign in. Names are case-sensitive. The groups must exist: create them in Authentik, or in a blueprint of your own.",
  );
const users = z
  .record(text, actions)
  .default({})
  .describe("Individual accounts, by user name, and their actions in addition to those of their groups.");

const namespace = z.strictObject({
  ci: ci
    .optional()
    .describe("What the CI group may do here, as in `access.ci`, which is the default. Not with `ci.accounts`."),
  anonymousRead: z
    .boolean()
    .optional()
    .describe("Whether anyone may pull without signing in. Default: `access.anonymousRead`."),
  signedInRead: z
    .boolean()
    .optional()
    .describe("Whether every signed-in user may pull. Default: `access.signedInRead`."),
  signedInActions: signedInActions
    .optional()
    .describe("What else every signed-in user may do here. Default: `access.signedInActions`."),
  groups,
  users,
});

/** Access control: rules for all repositories, and separate rules for namespaces. */
export const access = z.strictObject({
  adminGroup: groupName
    .default("admins")
    .describe("The Authentik group with all permissions on all repositories. Another blueprint of yours creates it."),
  ciGroup: groupName
    .optional()
    .describe(
      `The Authentik group of CI: \`access.ci\` says what its members may do; they may never overwrite or delete. The blueprint creates it. Default: \`${DEFAULT_CI_GROUP}\`.`,
    ),
  ci: ci
    .optional()
    .describe(
      "What the CI group may do. Default: `push`; with `ci.accounts`, it is what each account may do outside its own namespaces, `read` (the default) or `none`. `push` is to pull, and push new tags, `read` to pull only. With `read` or `none`, a leaked key can push only where `access.namespaces` gives CI more, which must include `ci.imagePrefix` and `acceptance.repository`: `{homelab/**: {ci: push}, zot-auth/**: {ci: push}}`.",
    ),
  anonymousRead: z
    .boolean()
    .default(true)
    .describe(
      "Whether anyone may pull without signing in. This works with containerd (also in Kubernetes), podman, skopeo and curl. docker needs `docker login` with an API key: zot 2.1.16 and later answer 401 to docker without credentials.",
    ),
  signedInRead: z
    .boolean()
    .default(true)
    .describe("Whether every signed-in user may pull, regardless of groups: zot's `defaultPolicy`."),
  signedInActions: signedInActions
    .default([])
    .describe(
      "What every signed-in user may do besides pulling, regardless of groups: `[create]` lets them push new tags. CI is one of them, so `update` and `delete` are only possible where CI's images are not.",
    ),
  anonymousMetrics: z
    .boolean()
    .default(true)
    .describe("Whether anyone may read the metrics without credentials, as Prometheus does by default."),
  signInGroups: z
    .array(groupName)
    .refine(isWithoutDuplicates, { error: "a list without duplicates" })
    .default([])
    .describe(
      "Further Authentik groups that may sign in, with no permissions but those of every signed-in user. Groups with permissions may sign in anyway. They must exist, as those of `access.groups`.",
    ),
  groups,
  users,
  namespaces: z
    .record(
      glob
        .refine((value) => !["**", "*", "**/*"].includes(value), {
          error:
            'a glob for some of the repositories, such as "docker.io/**" (the settings of access itself apply to all)',
        })
        .refine((value) => !/^\/|\\|\s|\/$/.test(value), {
          error: 'a glob of repository names without a leading or trailing slash, such as "docker.io/**"',
        })
        .refine((value) => value === value.toLowerCase(), {
          error: "a glob in lower case: repository names are in lower case, and zot converts globs to lower case",
        }),
      namespace,
    )
    .default({})
    .describe(
      "Separate rules for some repositories, by glob: `docker.io/**: {ci: read}`. Only the longest matching glob applies; admins keep all permissions. Globs are those of zot: `team/**` is `team` and everything below it, `*` ends at a slash, `{a,b}` is either.",
    ),
});

export type AccessSettings = z.output<typeof access>;

/** The settings as they count for an only account, with its defaults. */
export function withCiDefaults({
  ci: actions = "push",
  ciGroup = DEFAULT_CI_GROUP,
  ...others
}: AccessSettings): AccessSettings {
  return { ci: actions, ciGroup, ...others };
}
