/** What zot would call CI's account by a claim of Authentik's own scope mappings. */
const NOT_THE_USER_NAME: Readonly<Record<string, string>> = {
  email: "which a service account of Authentik does not have",
  email_verified: "which is true or false",
  name: "which is the display name",
  given_name: "which is the display name",
  sub: "which is a hash",
  groups: "which is a list, and zot reads no name from a list",
};

/** The default of `zot.auth.usernameClaim`. */
export const USERNAME_CLAIM = "preferred_username";
/** Claims with the user name, of Authentik's own scope mapping of `profile`. */
export const USER_NAMES: readonly string[] = [USERNAME_CLAIM, "nickname"];

/** Why the claim does not hold the user name of CI's account; `undefined` if it may. */
export function usernameClaimProblem(claim: string): string | undefined {
  return Object.hasOwn(NOT_THE_USER_NAME, claim) ? NOT_THE_USER_NAME[claim] : undefined;
}

/** Where zot looks for an account's name, and what to check if it finds another one, or none. */
export function whereNamesComeFrom(claim = USERNAME_CLAIM): string {
  const check = USER_NAMES.includes(claim)
    ? "check that the OAuth2 provider in Authentik has the scope mapping of `profile` (goauthentik.io/providers/oauth2/scope-profile), and that it returns the claim"
    : "check that a scope mapping of the OAuth2 provider in Authentik returns the claim as a text, and that zot.auth.scopes has its scope";
  return `zot reads the claim ${claim} (zot.auth.usernameClaim) of UserInfo, or else the e-mail address: ${check}.`;
}
