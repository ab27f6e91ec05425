import assert from "node:assert/strict";
import { test } from "node:test";
import { removedAccess } from "../../../../systems/zot/takeOver/removed.ts";
import { version } from "../../../support/settings.ts";

// The same Authentik before and after: what accounts are called, and which groups they have, may change all the same.

const PROVIDER = "http.auth.openid.providers.oidc";

/** A config with this provider; keys as zot writes them in its documentation. */
function signIn(provider: object, auth: object = {}, name = "oidc"): unknown {
  const oidc = { issuer: "https://login.example.org/application/o/images/", clientid: "images", ...provider };
  return { http: { auth: { openid: { providers: { [name]: oidc } }, ...auth }, accessControl: { repositories: {} } } };
}

function removed(before: unknown, after: unknown): readonly string[] {
  return removedAccess(before, after, { version: version("2.1.20") });
}

test("another claim for the user name gives every account another name; without one, zot takes the e-mail address", () => {
  const none = signIn({ scopes: ["openid", "email"] });
  const mail = signIn({ scopes: ["openid", "email"], claimMapping: { username: "email" } });
  const nick = signIn({ scopes: ["openid", "email"], ClaimMapping: { UserName: "nickname" } });
  assert.deepEqual(removed(none, mail), []);
  assert.deepEqual(removed(none, nick), [`${PROVIDER}.claimMapping.username (email)`]);
  assert.deepEqual(removed(nick, none), [`${PROVIDER}.claimMapping.username (nickname)`]);
});

test("another claim for the groups, in either direction, also together with the user name", () => {
  const roles = signIn({ scopes: ["openid"], claimMapping: { username: "upn", groups: "roles" } });
  const groups = signIn({ scopes: ["openid"], claimMapping: { username: "upn", groups: "groups" } });
  const unset = signIn({ scopes: ["openid"], claimMapping: { username: "upn" } });
  assert.deepEqual(removed(groups, unset), []);
  assert.deepEqual(removed(roles, unset), [`${PROVIDER}.claimMapping.groups (roles)`]);
  assert.deepEqual(removed(unset, roles), [`${PROVIDER}.claimMapping.groups (groups)`]);
  assert.deepEqual(removed(roles, signIn({ scopes: ["openid"] })), [
    `${PROVIDER}.claimMapping.username (upn)`,
    `${PROVIDER}.claimMapping.groups (roles)`,
  ]);
});

test("a scope that is no longer requested may have brought the claims; those that bring none do not count", () => {
  const claimMapping = { username: "preferred_username" };
  const wide = signIn({
    claimMapping,
    scopes: ["openid", "profile", "email", "offline_access", "phone", "entitlements", "groups"],
  });
  const narrow = signIn({ claimMapping, scopes: ["profile"] });
  assert.deepEqual(removed(wide, narrow), [`${PROVIDER}.scopes (entitlements, groups)`]);
  assert.deepEqual(removed(narrow, wide), []);
  assert.deepEqual(removed(signIn({ scopes: "email" }), signIn({ scopes: ["openid"] })), [
    `${PROVIDER}.scopes (email)`,
  ]);
});

test("a provider that goes is named alone, and GitHub's accounts have no claims", () => {
  const before = signIn({ scopes: ["openid", "groups"], claimMapping: { username: "sub", groups: "roles" } });
  const elsewhere = signIn({ scopes: ["openid"], issuer: "https://keycloak.example.org/realms/images" });
  assert.deepEqual(removed(before, elsewhere), [PROVIDER]);
  const github = (scopes: readonly string[]) => signIn({ scopes, issuer: "" }, {}, "github");
  assert.deepEqual(removed(github(["read:org", "user"]), github(["user"])), []);
});

test("what else decides about names and groups: LDAP's attributes, the parts of a client certificate", () => {
  const ldap = { address: "ldap.example.org", baseDN: "dc=x", userAttribute: "uid", userGroupAttribute: "memberOf" };
  const change = (more: object) => signIn({}, { LDAP: { ...ldap, ...more } });
  assert.deepEqual(removed(change({}), change({ credentialsFile: "/srv/ldap.json" })), []);
  assert.deepEqual(removed(change({}), change({ userGroupAttribute: "ou" })), ["http.auth.ldap"]);
  assert.deepEqual(removed(change({ subtreeSearch: true }), change({})), ["http.auth.ldap"]);
  const certificates = (mtls: object) => ({ http: { auth: { mtls }, tls: { caCert: "/srv/ca.pem" } } });
  const [email, common] = [["Email"], ["CommonName"]];
  assert.deepEqual(
    removed(certificates({ identityAttributes: email, emailSANIndex: 0 }), {
      http: { auth: { MTLS: { emailsanindex: 0, IdentityAttributes: email } }, tls: { cacert: "/srv/ca.pem" } },
    }),
    [],
  );
  assert.deepEqual(removed(certificates({ identityAttributes: email }), certificates({ identityAttributes: common })), [
    "http.tls.caCert",
  ]);
});
