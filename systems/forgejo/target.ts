/** Where Actions secrets can be: a repository, an organisation (for all its repositories), or a user (for all of theirs). */
export type ForgejoTarget =
  | { readonly kind: "repository"; readonly owner: string; readonly name: string }
  | { readonly kind: "organisation"; readonly name: string }
  | { readonly kind: "user"; readonly login: string };

/** What a setting writes for a target, for the errors. */
export const TARGET_FORMS = "owner/repository, an organisation's name, or user: and the login of the token's own user";

/** Reads `owner/repository`, `organisation` or `user:login`; `undefined` when Forgejo could never have anything of that name. */
export function parseForgejoTarget(text: string): ForgejoTarget | undefined {
  const login = /^user:(.*)$/s.exec(text)?.[1];
  if (login !== undefined) return isOwnerName(login) ? { kind: "user", login } : undefined;
  const [owner = "", name, ...more] = text.split("/");
  if (!isOwnerName(owner) || more.length > 0) return undefined;
  if (name === undefined) return { kind: "organisation", name: owner };
  return isRepositoryName(name) ? { kind: "repository", owner, name } : undefined;
}

/**
 * Whether Forgejo takes it as a user's or an organisation's name: letters, digits and `.`, `_`, `-`, which neither begin nor end it nor follow one
 * another; at most 40; none of the words that its own pages need.
 */
export function isOwnerName(text: string): boolean {
  return (
    text.length <= 40 &&
    /^[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$/.test(text) &&
    !/\.(?:keys|gpg|rss|atom|png)$/i.test(text) &&
    !RESERVED_OWNERS.has(text.toLowerCase())
  );
}

/** Whether Forgejo takes it as a repository's name: letters, digits, `.`, `_`, `-`, at most 100, without the endings of git and wiki. */
export function isRepositoryName(text: string): boolean {
  return (
    /^[A-Za-z0-9._-]{1,100}$/.test(text) && !/^(?:\.|\.\.|-)$/.test(text) && !/\.(?:git|wiki|rss|atom)$/i.test(text)
  );
}

/**
 * Whether every Forgejo takes it as the name of an Actions secret, and of the variable beside it. Forgejo stores capitals whatever is
 * written; newer versions refuse `FORGEJO_`, and for variables all refuse `CI`. A database column of it has 255 characters.
 */
export function isSecretName(text: string): boolean {
  return (
    /^(?!(?:GITEA|GITHUB|FORGEJO)_)(?!CI$)[A-Z_][A-Z0-9_]*$/.test(text) &&
    markerName(text).length <= LONGEST_SECRET_NAME
  );
}

/** The variable beside a secret, which says what the secret is; who reads the repository's Actions can read it. */
export function markerName(secretName: string): string {
  return `${secretName}_INFO`;
}

const LONGEST_SECRET_NAME = 255;

/** Of Forgejo's source (`models/user`), those that its other rules let through. */
const RESERVED_OWNERS: ReadonlySet<string> = new Set([
  "admin",
  "api",
  "assets",
  "attachments",
  "avatar",
  "avatars",
  "captcha",
  "commits",
  "debug",
  "devtest",
  "error",
  "explore",
  "favicon.ico",
  "ghost",
  "issues",
  "login",
  "manifest.json",
  "metrics",
  "milestones",
  "new",
  "notifications",
  "org",
  "pulls",
  "raw",
  "repo",
  "repo-avatars",
  "robots.txt",
  "search",
  "stars",
  "ssh_info",
  "swagger.v1.json",
  "template",
  "user",
]);
