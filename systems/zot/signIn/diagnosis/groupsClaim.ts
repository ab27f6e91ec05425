import { OF_THE_ONLY_ACCOUNT } from "../../../../core/settings/accountNames.ts";
import type { AccountNames } from "../../../../core/settings/accountNames.ts";
import { atLeast, parseZotVersion } from "../../version.ts";
import { fails, holds, names } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";
import type { ClaimsSeen } from "../../../authentik/session/claims.ts";

/**
 * Does the groups claim arrive in a form that zot reads, with the CI group in it?
 *
 * @param zotVersion as zot reports it; empty if it does not
 * @param settings default: those of the only account
 */
export function diagnoseGroupsClaim(
  seen: ClaimsSeen,
  ciGroup: string,
  zotVersion: string,
  { group: setting }: AccountNames = OF_THE_ONLY_ACCOUNT,
): Verdict {
  const name = "groups claim";
  const asked = `scopes requested: ${seen.scopes.join(" ")}`;
  if (seen.form === "missing") {
    const remedy = seen.scopes.includes("profile")
      ? "The scope mapping of `profile` does not return it: in Authentik, check the property mappings of the OAuth2 provider, where " +
        `goauthentik.io/providers/oauth2/scope-profile must return \`${seen.claim}\`.`
      : "zot does not request `profile`, the scope that contains it: add it to the setting zot.auth.scopes.";
    return fails(
      name,
      "GROUPS_CLAIM_MISSING",
      `zot reads the claim "${seen.claim}", but neither the ID token nor UserInfo has it, so the account has no rights from groups. ` +
        `Claims: ${names(seen.claims)} (${asked}). ${remedy}`,
    );
  }
  const version = parseZotVersion(zotVersion);
  const readsText = version === undefined || atLeast(version, "2.1.17");
  if (seen.form === "other" || (seen.form === "text" && !readsText)) {
    return fails(
      name,
      "GROUPS_CLAIM_UNREADABLE",
      `The claim "${seen.claim}" arrives, but zot${zotVersion === "" ? "" : ` ${zotVersion}`} expects a list of strings, and this is ` +
        `${seen.form === "text" ? "a single string" : "something else"} (${asked}). Make Authentik's scope mapping return a list of group names.`,
    );
  }
  if (!seen.groups.includes(ciGroup)) return groupMissing(seen, ciGroup, setting, asked);
  return holds(name, `"${seen.claim}" arrives with ${names(seen.groups)} (${asked})`);
}

function groupMissing(seen: ClaimsSeen, ciGroup: string, setting: string, asked: string): Verdict {
  const alike = seen.groups.find((group) => group.trim().toLowerCase() === ciGroup.trim().toLowerCase());
  const remedy =
    alike === undefined
      ? "Add the account itself to that group in Authentik: the claim lists an account's own groups, not their parents."
      : `"${alike}" is spelled differently, and zot compares exactly: set ${setting} to the spelling in Authentik's claim, or correct the scope mapping.`;
  return fails(
    "groups claim",
    "GROUP_NOT_IN_TOKEN",
    `The claim "${seen.claim}" arrives without "${ciGroup}" (setting ${setting}). Its groups: ${names(seen.groups)} (${asked}). ${remedy}`,
  );
}
