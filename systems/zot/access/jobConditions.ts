import { celAnyOf, celIsOneOf, celText } from "../config/syntax/cel.ts";

/** A condition of a policy: an expression of the Common Expression Language, and what zot tells a client that does not meet it. zot 2.1.17 or later. */
export interface Condition {
  readonly expression: string;
  readonly message: string;
}

/** Whose jobs may push as an account, by their tokens. */
export interface JobTokenAccess {
  /** The account's user name. Its jobs are `<user>/<owner>/<repository>` to zot: Authentik allows no slash in a user name. */
  readonly user: string;
  /** `owner/name`, in Forgejo's own spelling. */
  readonly repositories: readonly string[];
  /** Users and organisations, all of whose repositories may push. */
  readonly owners: readonly string[];
  /** Whether a key that a job creates with its token may push, too. */
  readonly shortKey: boolean;
  /** The setting that lists the repositories, for the message to a developer. */
  readonly setting: string;
}

/**
 * The group that the jobs of an account have in zot, by their tokens. It is not the account's own: zot stores a job's groups with the keys that the job
 * creates, so such a key must have no group that means anything once the account has a stored key, or once another account has the group.
 */
export function jobGroup(group: string): string {
  return `${group}/jobs`;
}

/**
 * What the policy of the account's own group requires while its jobs have tokens: its stored key pushes until it is revoked, which is after the proof of the
 * tokens, and nobody else of the group does.
 */
export function keyConditions(user: string): readonly Condition[] {
  return [
    { expression: `req.user.username == ${celText(user)}`, message: `of this group, only the account ${user} pushes` },
  ];
}

/** The user name that a job's token gets in zot. */
export function jobUser(user: string, repository: string): string {
  return `${user}/${repository}`;
}

/**
 * What the policy of the jobs' group requires of a request. zot reloads it, unlike `http.auth.bearer`: a repository that is added or removed needs no restart.
 */
export function jobConditions({ user, repositories, owners, shortKey, setting }: JobTokenAccess): readonly Condition[] {
  const name = "req.user.username";
  const listed = [
    ...(repositories.length === 0
      ? []
      : [
          celIsOneOf(
            name,
            repositories.map((one) => jobUser(user, one)),
          ),
        ]),
    ...owners.map((owner) => `${name}.startsWith(${celText(`${jobUser(user, owner)}/`)})`),
  ];
  return [
    { expression: celAnyOf(listed), message: `zot-auth lets other repositories push here: see ${setting}` },
    // A key has no claims.
    ...(shortKey
      ? []
      : [
          {
            expression: "has(req.claims.repository)",
            message: "a key that was created with a job's token cannot push",
          },
        ]),
  ];
}
