/** A permission that the program needs in Authentik, and why. */
export interface NeededRight {
  /** As Authentik's roles name it. */
  readonly right: string;
  readonly purpose: string;
  /** `up` works without it: its absence causes a warning. */
  readonly optional?: true;
}

/** All permissions that the program needs: docs/reference/authentik-role.yaml creates a role with exactly these. */
export const NEEDED_RIGHTS: readonly NeededRight[] = [
  { right: "authentik_blueprints.view_blueprintinstance", purpose: "see whether the blueprint is applied" },
  { right: "authentik_blueprints.add_blueprintinstance", purpose: "apply the blueprint" },
  { right: "authentik_core.view_user", purpose: "find CI's account" },
  { right: "authentik_core.view_token", purpose: "find the account's app password" },
  { right: "authentik_core.view_token_key", purpose: "sign in with the app password" },
  { right: "authentik_core.view_group", purpose: "check that the groups of the settings exist", optional: true },
  { right: "authentik_core.view_application", purpose: "compare the application with the settings", optional: true },
  {
    right: "authentik_policies.view_policybinding",
    purpose: "compare who may use the application with the settings",
    optional: true,
  },
  {
    right: "authentik_providers_oauth2.view_oauth2provider",
    purpose: "compare the application's OAuth2 provider with the settings",
    optional: true,
  },
  {
    right: "authentik_providers_oauth2.view_scopemapping",
    purpose: "compare the provider's scopes with the blueprint",
    optional: true,
  },
  {
    right: "authentik_crypto.view_certificatekeypair",
    purpose: "compare the provider's signing certificate with the settings",
    optional: true,
  },
  { right: "authentik_flows.view_flow", purpose: "compare flows with the settings", optional: true },
  {
    right: "authentik_flows.view_flowstagebinding",
    purpose: "compare the machines' sign-in flow with the blueprint",
    optional: true,
  },
  {
    right: "authentik_stages_identification.view_identificationstage",
    purpose: "compare its identification stage",
    optional: true,
  },
  { right: "authentik_stages_password.view_passwordstage", purpose: "compare its password stage", optional: true },
  { right: "authentik_stages_user_login.view_userloginstage", purpose: "compare its login stage", optional: true },
  {
    right: "authentik_blueprints.delete_blueprintinstance",
    purpose: "clean up after `pulumi destroy` and after a removed group",
    optional: true,
  },
];

/** What is known about a token's permissions. */
export interface RightsSeen {
  readonly superuser: boolean;
  /** All permissions, where Authentik reports them. */
  readonly granted?: readonly string[];
  /** Permissions that were tested, and the result. What is in neither list could not be tested. */
  readonly tried: Readonly<Record<string, boolean>>;
}

export interface RightsVerdict {
  readonly missing: readonly NeededRight[];
  /** Permissions that the program does not use; `all` for an administrator. */
  readonly surplus: readonly string[] | "all";
  /** Permissions that could not be determined. */
  readonly unknown: readonly NeededRight[];
}

/** Compares a token's permissions with what the program needs. */
export function judgeRights({ superuser, granted, tried }: RightsSeen): RightsVerdict {
  if (superuser) return { missing: [], surplus: "all", unknown: [] };
  const verdictOf = ({ right }: NeededRight): boolean | undefined =>
    // A permission on single objects is in no list, but suffices.
    granted?.includes(right) === true || tried[right] === true ? true : granted === undefined ? tried[right] : false;
  // A blueprint grants permissions by their short names, which includes those of the same name from other parts of Authentik.
  const needed = new Set(NEEDED_RIGHTS.map(({ right }) => shortName(right)));
  return {
    missing: NEEDED_RIGHTS.filter((need) => verdictOf(need) === false),
    surplus: (granted ?? []).filter((right) => !needed.has(shortName(right))),
    unknown: NEEDED_RIGHTS.filter((need) => verdictOf(need) === undefined),
  };
}

/** Permissions as a message lists them: the name, and what the program needs it for. */
export function explainRights(rights: readonly NeededRight[]): string {
  return rights.map(({ right, purpose }) => `${right} (to ${purpose})`).join(", ");
}

function shortName(right: string): string {
  return right.slice(right.indexOf(".") + 1);
}
