/** What zot would call CI's account by a claim of Authentik's own scope mappings. */
const NOT_THE_USER_NAME: Readonly<Record<string, string>> = {
  email: "which a service account of Authentik does not have",
  email_verified: "which is true or false",
  name: "which is the display name",
  given_name: "which is the display name",
  sub: "which is a hash",
};

/** Why the claim does not hold the user name of CI's account; `undefined` if it may. */
export function usernameClaimProblem(claim: string): string | undefined {
  return NOT_THE_USER_NAME[claim];
}
