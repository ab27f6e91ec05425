import { USER_NAMES } from "../../signIn/usernameClaim.ts";
import type { ZotSettings } from "../settings.ts";

/** The scope with which Authentik's own mapping sends user name and groups. */
const SCOPE = "profile";
/** What zot does without a claim: `extractOpenIDIdentity` in pkg/api/authn.go of zot 2.1.20. */
const NO_NAME =
  "zot calls people by their e-mail address, and rejects the sign-in of CI's account, which has none: `up` then fails and creates no key";
const NO_GROUPS = "nobody has a group, so neither CI nor admins may push";

/** Claims that Authentik does not send of its own accord, and what zot does without them. */
export function claimFindings({
  usernameClaim,
  groupsClaim = "groups",
  scopes,
}: ZotSettings["auth"]): readonly string[] {
  const claims = [
    { setting: "usernameClaim", claim: usernameClaim, sent: USER_NAMES, without: NO_NAME },
    { setting: "groupsClaim", claim: groupsClaim, sent: ["groups"], without: NO_GROUPS },
  ];
  return claims.flatMap(({ setting, claim, sent, without }) => {
    const isSent = sent.includes(claim);
    if (isSent && scopes.includes(SCOPE)) return [];
    const why = isSent
      ? `needs the scope ${SCOPE}, which zot.auth.scopes lacks`
      : "is in none of Authentik's own scope mappings (openid, email, profile)";
    return [
      `zot.auth.${setting}: the claim ${claim} ${why}. Where it is missing, ${without}. Leave it so only if a scope mapping of yours sends the claim.`,
    ];
  });
}
