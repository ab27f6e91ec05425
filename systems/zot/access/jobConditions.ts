import { celAnyOf, celIsOneOf, celText } from "../config/cel.ts";

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

/** The user name that a job's token gets in zot. */
export function jobUser(user: string, repository: string): string {
  return `${user}/${repository}`;
}

/**
 * What the account's policy requires of a request. zot reloads it, unlike `http.auth.bearer`: a repository that is added or removed needs no restart.
 * The account's own key, of which no job knows, is not concerned.
 */
export function jobConditions({ user, repositories, owners, shortKey, setting }: JobTokenAccess): readonly Condition[] {
  const name = "req.user.username";
  const own = `${name} == ${celText(user)}`;
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
    { expression: celAnyOf([own, ...listed]), message: `zot-auth lets other repositories push here: see ${setting}` },
    // A key has no claims.
    ...(shortKey
      ? []
      : [
          {
            expression: celAnyOf([own, "has(req.claims.repository)"]),
            message: "a key that was created with a job's token cannot push",
          },
        ]),
  ];
}
