import { atLeast, parseZotVersion } from "../../version.ts";
import { fails, holds, names } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";
import type { ClaimsSeen } from "../../../authentik/session/idToken.ts";

/**
 * Does the groups claim arrive, in a form that zot reads, with the CI group in it?
 *
 * @param zotVersion as zot tells it, empty when it does not
 */
export function diagnoseGroupsClaim(seen: ClaimsSeen, ciGroup: string, zotVersion: string): Verdict {
  const name = "groups claim";
  const asked = `scopes asked for: ${seen.scopes.join(" ")}`;
  if (seen.form === "missing") {
    const remedy = seen.scopes.includes("profile")
      ? "The scope mapping of `profile` does not give it: in Authentik, see the property mappings of the OAuth2 provider, where " +
        `goauthentik.io/providers/oauth2/scope-profile has to return \`${seen.claim}\`.`
      : "zot does not ask for `profile`, the scope that carries it: add it to the setting zot.auth.scopes.";
    return fails(
      name,
      "GROUPS_CLAIM_MISSING",
      `zot looks at the claim "${seen.claim}", and neither the ID token nor UserInfo has it, so the account has no rights of a group. ` +
        `What came: ${names(seen.claims)} (${asked}). ${remedy}`,
    );
  }
  const version = parseZotVersion(zotVersion);
  const readsText = version === undefined || atLeast(version, "2.1.17");
  if (seen.form === "other" || (seen.form === "text" && !readsText)) {
    return fails(
      name,
      "GROUPS_CLAIM_UNREADABLE",
      `The claim "${seen.claim}" arrives, but zot${zotVersion === "" ? "" : ` ${zotVersion}`} reads a list of texts and this is ` +
        `${seen.form === "text" ? "a single text" : "something else"} (${asked}). Make Authentik's scope mapping return a list of group names.`,
    );
  }
  if (!seen.groups.includes(ciGroup)) return groupMissing(seen, ciGroup, asked);
  return holds(name, `"${seen.claim}" arrives with ${names(seen.groups)} (${asked})`);
}

function groupMissing(seen: ClaimsSeen, ciGroup: string, asked: string): Verdict {
  const alike = seen.groups.find((group) => group.trim().toLowerCase() === ciGroup.trim().toLowerCase());
  const remedy =
    alike === undefined
      ? "Put the account into that group at Authentik, itself: the claim names an account's own groups, not those above them."
      : `"${alike}" differs in spelling, and zot compares exactly: write access.ciGroup as Authentik's claim has it, or correct the scope mapping.`;
  return fails(
    "groups claim",
    "GROUP_NOT_IN_TOKEN",
    `The claim "${seen.claim}" arrives without "${ciGroup}" (setting access.ciGroup). What came: ${names(seen.groups)} (${asked}). ${remedy}`,
  );
}
