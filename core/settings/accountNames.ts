/** Where the settings have what an account is called, for messages. */
export interface AccountNames {
  readonly user: string;
  readonly group: string;
}

/** Of the only account, without `ci.accounts`. */
export const OF_THE_ONLY_ACCOUNT: AccountNames = { user: "ci.user", group: "access.ciGroup" };
