/** The claims that zot gets about an account: names only. */
export interface ClaimsSeen {
  /** The scopes that zot requests. */
  readonly scopes: readonly string[];
  /** Names of the claims in the ID token and from UserInfo together, because zot reads both. */
  readonly claims: readonly string[];
  /** The claim that zot reads the groups from. */
  readonly claim: string;
  /** The groups in it. */
  readonly groups: readonly string[];
  /** The form of that claim. */
  readonly form: "list" | "text" | "other" | "missing";
}
