/** Where Actions secrets can be: a repository, an organisation (for all its repositories), or a user (for all of theirs). */
export type ForgejoTarget =
  | { readonly kind: "repository"; readonly owner: string; readonly name: string }
  | { readonly kind: "organisation"; readonly name: string }
  | { readonly kind: "user"; readonly login: string };

/** The forms of a target in settings, for errors. */
export const TARGET_FORMS = "owner/repository, an organisation's name, or user: and the login of the token's own user";

/** Parses `owner/repository`, `organisation` or `user:login`; `undefined` if Forgejo cannot have that name. */
export function parseForgejoTarget(text: string): ForgejoTarget | undefined {
  const login = /^user:(.*)$/s.exec(text)?.[1];
  if (login !== undefined) return isOwnerName(login) ? { kind: "user", login } : undefined;
  const [owner = "", name, ...more] = text.split("/");
  if (!isOwnerName(owner) || more.length > 0) return undefined;
  if (name === undefined) return { kind: "organisation", name: owner };
  return isRepositoryName(name) ? { kind: "repository", owner, name } : undefined;
}

/**
 * Whether Forgejo accepts it as the name of a user or organisation: at most 40 letters, digits and single `.`, `_`, `-` between them; no reserved
 * word.
 */
export function isOwnerName(text: string): boolean {
  return (
    text.length <= 40 &&
    /^[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$/.test(text) &&
    !/\.(?:keys|gpg|rss|atom|png)$/i.test(text) &&
    !RESERVED_OWNERS.has(text.toLowerCase())
  );
}

/** Whether Forgejo accepts it as a repository's name: at most 100 letters, digits, `.`, `_`, `-`, without the suffixes of git and wiki. */
export function isRepositoryName(text: string): boolean {
  return (
    /^[A-Za-z0-9._-]{1,100}$/.test(text) && !/^(?:\.|\.\.|-)$/.test(text) && !/\.(?:git|wiki|rss|atom)$/i.test(text)
  );
}

/**
 * Whether every version of Forgejo accepts it as the name of an Actions secret and, with the suffix, of the variable beside it. Forgejo stores
 * upper case; newer versions reject `FORGEJO_`, and for variables all versions reject `CI`. The database column has 255 characters.
 */
export function isSecretName(text: string): boolean {
  return (
    /^(?!(?:GITEA|GITHUB|FORGEJO)_)(?!CI$)[A-Z_][A-Z0-9_]*$/.test(text) &&
    markerName(text).length <= LONGEST_SECRET_NAME
  );
}

/** The variable beside a secret that identifies it; whoever can read the repository's Actions can read it. */
export function markerName(secretName: string): string {
  return `${secretName}_INFO`;
}

const LONGEST_SECRET_NAME = 255;

/** From Forgejo's source (`models/user`), without those that other rules reject. */
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
