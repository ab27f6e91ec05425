import { string } from "../../../core/json.ts";
import { texts } from "../access/policies.ts";
import { objectAt, valueAt } from "../config/syntax/anyCase.ts";

// What zot takes from the claims of an identity provider: `getOpenIDClaimMapping` in pkg/api/authn.go of zot 2.1.20.

const DEFAULT_CLAIMS = { username: "email", groups: "groups" } as const;
/** Scopes of OpenID Connect that bring neither a user name nor groups; zot requests `openid` in any case. */
const WITHOUT_ACCOUNT = ["openid", "address", "phone", "offline_access"];

/**
 * What accounts lose that sign in by the same provider as before: by another claim they have another name, and so neither the rights nor the keys of the old one, or other
 * groups; without a scope, the claims that it brings may be missing.
 *
 * @param provider `http.auth.openid.providers.oidc`; nothing is lost of other ways to sign in
 */
export function removedClaims(provider: string, before: unknown, after: unknown): readonly string[] {
  const path = provider.split(".");
  // GitHub's accounts have no claims.
  if (path.at(-2) !== "providers" || path.at(-1) === "github") return [];
  const [old, now] = [objectAt(before, ...path), objectAt(after, ...path)];
  const claims = (["username", "groups"] as const).flatMap((claim) => {
    const [was, is] = [claimOf(old, claim), claimOf(now, claim)];
    return was === is ? [] : [`${provider}.claimMapping.${claim} (${was})`];
  });
  const kept = texts(valueAt(now, "scopes"));
  const gone = texts(valueAt(old, "scopes")).filter(
    (scope) => !kept.includes(scope) && !WITHOUT_ACCOUNT.includes(scope) && !isUnused(scope, now),
  );
  return [...claims, ...(gone.length === 0 ? [] : [`${provider}.scopes (${gone.join(", ")})`])];
}

function claimOf(provider: unknown, claim: "username" | "groups"): string {
  return string(valueAt(provider, "claimMapping", claim)) || DEFAULT_CLAIMS[claim];
}

/** The scope `email` brings the address alone. */
function isUnused(scope: string, provider: unknown): boolean {
  return scope === "email" && claimOf(provider, "username") !== "email";
}
