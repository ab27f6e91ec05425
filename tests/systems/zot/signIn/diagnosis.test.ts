import assert from "node:assert/strict";
import test from "node:test";
import type { ConfigSeen } from "../../../../systems/zot/signIn/diagnosis/configSeen.ts";
import { diagnoseGroupsClaim } from "../../../../systems/zot/signIn/diagnosis/groupsClaim.ts";
import type { ClaimsSeen } from "../../../../systems/authentik/session/claims.ts";
import { diagnoseKeyGroups } from "../../../../systems/zot/signIn/diagnosis/keyGroups.ts";
import type { PushesSeen } from "../../../../systems/zot/signIn/diagnosis/keyGroups.ts";
import { coded } from "./verdicts.ts";

const CLAIMS: ClaimsSeen = {
  claim: "groups",
  scopes: ["openid", "email", "profile"],
  claims: ["email", "groups", "preferred_username", "sub"],
  groups: ["artifact-workloads"],
  form: "list",
};

const GROUPS_CASES: readonly (readonly [string, Partial<ClaimsSeen>, string, string, RegExp])[] = [
  [
    "a list with the group",
    {},
    "2.1.20",
    "",
    /arrives with "artifact-workloads" \(scopes requested: openid email profile\)/,
  ],
  [
    "no claim though profile is asked for",
    { form: "missing", groups: [], claims: ["email", "sub"] },
    "2.1.20",
    "fails GROUPS_CLAIM_MISSING",
    /Claims: "email", "sub" \(scopes requested: openid email profile\)\. The scope mapping of `profile` does not return it/,
  ],
  [
    "no claim since profile is not asked for",
    { form: "missing", groups: [], scopes: ["openid", "email"] },
    "2.1.20",
    "fails GROUPS_CLAIM_MISSING",
    /zot does not request `profile`.*add it to the setting zot\.auth\.scopes/,
  ],
  ["a single text on a zot that reads it", { form: "text" }, "2.1.17", "", /arrives/],
  ["a single text on a zot whose version nobody knows", { form: "text" }, "", "", /arrives/],
  [
    "a single text on an older zot",
    { form: "text" },
    "2.1.16",
    "fails GROUPS_CLAIM_UNREADABLE",
    /zot 2\.1\.16 expects a list of strings, and this is a single string/,
  ],
  ["an object", { form: "other", groups: [] }, "2.1.20", "fails GROUPS_CLAIM_UNREADABLE", /this is something else/],
  [
    "another group",
    { groups: ["people"] },
    "2.1.20",
    "fails GROUP_NOT_IN_TOKEN",
    /without "artifact-workloads" \(setting access\.ciGroup\)\. Its groups: "people".*an account's own groups/,
  ],
  ["no group at all", { groups: [] }, "2.1.20", "fails GROUP_NOT_IN_TOKEN", /Its groups: none/],
  [
    "the group in another case",
    { groups: ["Artifact-Workloads"] },
    "2.1.20",
    "fails GROUP_NOT_IN_TOKEN",
    /"Artifact-Workloads" is spelled differently, and zot compares exactly/,
  ],
];

for (const [name, change, version, code, text] of GROUPS_CASES) {
  test(`groups claim: ${name}`, () => {
    const [found, said] = coded(diagnoseGroupsClaim({ ...CLAIMS, ...change }, "artifact-workloads", version));
    assert.equal(found, code);
    assert.match(said, text);
  });
}

test("messages about an account of several name its own settings", () => {
  const settings = { user: "ci.accounts.site.user", group: "ci.accounts.site.group" };
  for (const groups of [[], ["SITE"]])
    assert.match(
      coded(diagnoseGroupsClaim({ ...CLAIMS, groups }, "site", "2.1.20", settings))[1],
      /ci\.accounts\.site\.group/,
    );
  const seen = { session: 202, key: 401, identity: "other" };
  assert.match(coded(diagnoseKeyGroups(seen, true, { ...OWNER, settings }))[1], /\(setting ci\.accounts\.site\.user\)/);
});

const CONFIG: ConfigSeen = {
  apikey: true,
  openid: true,
  bearer: false,
  htpasswd: false,
  misplacedApikey: false,
  groupsClaim: "groups",
  creators: { "**": ["artifact-workloads", "admins"] },
};
const OWNER = {
  username: "zot-ci",
  ciGroup: "artifact-workloads",
  groupsClaim: "groups",
  repository: "zot-auth/acceptance",
};
const pushes = (change: Partial<PushesSeen>): PushesSeen => ({ session: 202, key: 202, identity: "zot-ci", ...change });

const KEY_CASES: readonly (readonly [string, PushesSeen, boolean, Partial<ConfigSeen> | undefined, string, RegExp])[] =
  [
    ["it may push, and could", pushes({ before: 202 }), true, undefined, "", /may push to zot-auth\/acceptance/],
    ["it may push, and is new", pushes({}), true, undefined, "", /may push/],
    [
      "it could not, and may since the sign-in",
      pushes({ before: 403 }),
      true,
      undefined,
      "repaired KEY_GROUPS_STALE",
      /those were stale\. The sign-in of this check refreshed them/,
    ],
    [
      "the session may and the key may not",
      pushes({ key: 403 }),
      true,
      { htpasswd: true },
      "fails KEY_WITHOUT_GROUPS",
      /An htpasswd or LDAP account of the same name.*\(http\.auth\.htpasswd is in zot's config\): give it another name/,
    ],
    [
      "neither may, and the token lacks the group",
      pushes({ key: 403, session: 403 }),
      false,
      undefined,
      "fails KEY_WITHOUT_GROUPS",
      /The cause is the groups claim/,
    ],
    [
      "neither may, and the policy names another group",
      pushes({ key: 403, session: 403 }),
      true,
      { creators: { "**": ["Artifact-Workloads"] } },
      "fails POLICY_WITHOUT_GROUP",
      /grants `create` to "Artifact-Workloads", and zot compares names exactly/,
    ],
    [
      "neither may, and a longer glob decides",
      pushes({ key: 403, session: 403 }),
      true,
      { creators: { "**": ["artifact-workloads"], "zot-auth/**": ["admins"] } },
      "fails POLICY_WITHOUT_GROUP",
      /longest glob .* decides.*\*\* \(create: "artifact-workloads"\); zot-auth\/\*\* \(create: "admins"\)/,
    ],
    [
      "neither may, and nobody could look at the config",
      pushes({ key: 403, session: 403 }),
      true,
      undefined,
      "fails POLICY_WITHOUT_GROUP",
      /longest glob of accessControl/,
    ],
    [
      "zot looks at another claim",
      pushes({ key: 403, session: 403 }),
      true,
      { groupsClaim: "roles" },
      "fails GROUPS_CLAIM_ELSEWHERE",
      /reads the claim "roles"/,
    ],
    ["zot does not know the key", pushes({ key: 401 }), true, undefined, "fails KEY_REFUSED", /expired, revoked/],
    [
      "zot knows the account by another name",
      pushes({ key: 401, identity: "ci@example.test" }),
      true,
      undefined,
      "fails IDENTITY_DIFFERS",
      /as "ci@example\.test", not as "zot-ci" \(setting ci\.user\)/,
    ],
    ["zot is in trouble", pushes({ key: 500 }), true, undefined, "fails PUSH_FAILED", /zot answers 500/],
  ];

for (const [name, seen, inToken, config, code, text] of KEY_CASES) {
  test(`key groups: ${name}`, () => {
    const looked = config === undefined ? undefined : { ...CONFIG, ...config };
    const [found, said] = coded(diagnoseKeyGroups(seen, inToken, OWNER, looked));
    assert.equal(found, code);
    assert.match(said, text);
  });
}

test("key groups: another name, by the claim that is set", () => {
  const seen = pushes({ key: 401, identity: "ci@example.test" });
  const said = (usernameClaim?: string) => coded(diagnoseKeyGroups(seen, true, { ...OWNER, usernameClaim }))[1];
  assert.match(said(), /reads the claim preferred_username \(zot\.auth\.usernameClaim\).*scope-profile/);
  assert.match(said("nickname"), /reads the claim nickname .*scope-profile/);
  assert.match(said("employeeId"), /reads the claim employeeId .*scope mapping .* returns the claim as a text/);
  assert.doesNotMatch(said("employeeId"), /preferred_username|scope-profile/);
});
