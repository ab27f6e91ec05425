import assert from "node:assert/strict";
import test from "node:test";
import { acceptanceArgs, blueprintArgs, signInArgs } from "../../stack/arguments.ts";
import { preflightInputs } from "../../stack/preflightArguments.ts";
import { parseSettings } from "../../settings/parse.ts";
import type { Settings } from "../../settings/schema.ts";
import { zotConfigArgs } from "../../settings/zotConfigArgs.ts";
import { decidingRules, grants } from "../../systems/zot/access/policies.ts";
import { REAL_CASE, version } from "../support/settings.ts";

const { keyStore: _store, imagePrefix: _prefix, ...CI } = REAL_CASE.ci;
const { repositories: _repositories, ...FORGEJO } = REAL_CASE.forgejo;

const APP = { user: "zot-app", push: ["app"], keyStores: ["op://v/i/app"], repositories: ["own/app"] };
const SITE = {
  user: "zot-site",
  group: "sites",
  push: ["site", "www/pages"],
  keyStores: ["op://v/i/site", "op://v/j/site"],
};

function several(accounts: object, more: Readonly<Record<string, object>> = {}): Settings {
  return parseSettings({ ...REAL_CASE, forgejo: FORGEJO, ...more, ci: { ...CI, ...more["ci"], accounts } });
}

function problemsOf(accounts: object, more: Readonly<Record<string, object>> = {}): string {
  try {
    several(accounts, more);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

test("each account has its own settings, and those of all where it says nothing", () => {
  const common = { keyLifetime: "60 days", rotateAfter: "10 days", rotationTrigger: "all" };
  const own = { ...SITE, keyLifetime: "30 days", rotationTrigger: "one", onDestroy: "leave" };
  const { accounts } = several({ app: APP, site: own }, { ci: common });
  assert.deepEqual(Object.keys(accounts), ["app", "site"]);
  const { app, site } = accounts;
  assert.ok(app !== undefined && site !== undefined);
  assert.deepEqual(
    [app.group, app.secretName, app.repository],
    ["zot-app", "ZOT_CI_API_KEY", "app/zot-auth/acceptance"],
  );
  assert.deepEqual([app.keyLifetime, app.rotateAfter, app.onDestroy], ["60 days", "10 days", "blank"]);
  assert.deepEqual([site.group, site.repositories], ["sites", []]);
  // A shorter life with the other's rotation would be one that expires first.
  assert.deepEqual([site.keyLifetime, site.rotateAfter, site.onDestroy], ["30 days", undefined, "leave"]);
  // Either trigger is a change.
  assert.deepEqual([app.rotationTrigger, site.rotationTrigger], ["all", "all one"]);
});

test("an account pushes to its own namespaces, and to no other's", () => {
  const access = { groups: { developers: ["read", "create"] }, namespaces: { "www/**": { anonymousRead: false } } };
  const settings = several({ app: APP, site: SITE }, { access });
  const { rules } = zotConfigArgs(settings);
  const may = (group: string, repository: string): readonly string[] =>
    ["read", "create", "update", "delete"].filter((action) =>
      grants(decidingRules(rules.repositories, repository), { group }, action),
    );
  assert.deepEqual(may("zot-app", "app/web"), ["read", "create"]);
  assert.deepEqual(may("zot-app", "app"), ["read", "create"]);
  assert.deepEqual(may("zot-app", "application"), ["read"]);
  for (const repository of ["site/web", "www/pages/x", "library/alpine"])
    assert.deepEqual(may("zot-app", repository), ["read"]);
  assert.deepEqual(may("sites", "www/pages/x"), ["read", "create"]);
  assert.deepEqual(may("sites", "www/other"), ["read"]);
  // What applies there without the account goes on to apply.
  assert.deepEqual(may("developers", "app/web"), ["read", "create"]);
  assert.deepEqual(decidingRules(rules.repositories, "www/pages/x")?.anonymousPolicy, []);
  assert.deepEqual(decidingRules(rules.repositories, "site/x")?.anonymousPolicy, ["read"]);
  const none = zotConfigArgs(several({ app: APP, site: SITE }, { access: { ci: "none" } })).rules;
  assert.ok(!grants(decidingRules(none.repositories, "site/x"), { group: "zot-app" }, "read"));
});

test("each account's proof: its own namespaces, and those of the others; what is the same for all is proved once", () => {
  const settings = several({ app: APP, site: SITE });
  const rows = (id: string): readonly string[] => {
    const account = settings.accounts[id];
    assert.ok(account !== undefined);
    return acceptanceArgs(settings, account, version("2.1.20")).expectedAccess.map(
      ({ subject, operation, target = "", expected }) => `${subject}, ${operation} ${target}: ${expected}`,
    );
  };
  const refused = (id: string) =>
    rows(id).filter((row) => row.startsWith("ci, begin an upload") && row.endsWith("403"));
  assert.deepEqual(refused("app"), [
    "ci, begin an upload zot-auth-sample: 403",
    "ci, begin an upload site/zot-auth-sample: 403",
    "ci, begin an upload www/pages/zot-auth-sample: 403",
  ]);
  assert.ok(rows("site").includes("ci, begin an upload www/pages/zot-auth-sample: 202"));
  assert.ok(refused("site").includes("ci, begin an upload app/zot-auth-sample: 403"));
  assert.ok(rows("app").some((row) => row.startsWith("anonymous")));
  assert.ok(!rows("site").some((row) => row.startsWith("anonymous")));
});

test("the blueprint makes every account with its group, and every group may sign in", () => {
  const { accounts, signInGroups } = blueprintArgs(several({ app: APP, site: SITE }));
  assert.deepEqual(accounts, {
    app: {
      user: "zot-app",
      group: "zot-app",
      settings: { user: "ci.accounts.app.user", group: "ci.accounts.app.group" },
    },
    site: {
      user: "zot-site",
      group: "sites",
      settings: { user: "ci.accounts.site.user", group: "ci.accounts.site.group" },
    },
  });
  assert.deepEqual(signInGroups, ["admins", "zot-app", "sites"]);
});

const WRONG: readonly (readonly [
  name: string,
  accounts: object,
  more: Readonly<Record<string, object>>,
  problem: RegExp,
])[] = [
  [
    "settings of the only account",
    { app: APP },
    { ci: { user: "robot", keyStore: "op://v/i/f", imagePrefix: "a" } },
    /ci\.user: has no effect with ci\.accounts\. Move it to ci\.accounts\.<id>\.user\.\n {2}ci\.keyStore: .*\n {2}ci\.imagePrefix/,
  ],
  [
    "access of the only account",
    { app: APP },
    { access: { ci: "push", ciGroup: "x", namespaces: { "a/**": { ci: "read" } } } },
    /access\.ciGroup: has no effect.*\n {2}access\.ci: got "push".*\n {2}access\.namespaces\.a\/\*\*\.ci: has no effect/,
  ],
  [
    "repositories of the only account",
    { app: APP },
    { forgejo: REAL_CASE.forgejo },
    /forgejo\.repositories: has no effect.*\.repositories\./,
  ],
  [
    "one user twice",
    { app: APP, site: { ...SITE, user: "zot-app", group: "other" } },
    {},
    /ci\.accounts\.site\.user: got "zot-app", which is also ci\.accounts\.app\.user/,
  ],
  [
    "one group twice",
    { app: APP, site: { ...SITE, group: "zot-app" } },
    {},
    /ci\.accounts\.site\.group: got "zot-app", which is also ci\.accounts\.app\.group/,
  ],
  [
    "a namespace in another's",
    { app: APP, site: { ...SITE, push: ["app/site"] } },
    {},
    /ci\.accounts\.site\.push: got "app\/site", which overlaps "app" of ci\.accounts\.app\.push/,
  ],
  [
    "one 1Password field twice",
    { app: APP, site: { ...SITE, keyStores: ["op://v/i/x", "op://v/i/app"] } },
    {},
    /ci\.accounts\.site\.keyStores: got "op:\/\/v\/i\/app", which ci\.accounts\.app\.keyStores names too/,
  ],
  [
    "the client secret's field",
    { app: { ...APP, keyStores: [REAL_CASE.authentik.clientSecret] } },
    {},
    /ci\.accounts\.app\.keyStores: got .*authentik\.clientSecret names too/,
  ],
  [
    "one secret twice in a repository",
    { app: APP, site: { ...SITE, repositories: ["own/APP"] } },
    {},
    /ci\.accounts\.site\.secretName: got "ZOT_CI_API_KEY", which ci\.accounts\.app\.secretName also uses in own\/APP/,
  ],
  [
    "ids and targets that make one name",
    {
      ci: { ...APP, repositories: ["site-web"] },
      site: { ...SITE, secretName: "SITE_KEY", repositories: ["web"] },
    },
    {},
    /ci\.accounts\.site: the secret for web would be one resource with that of ci\.accounts\.ci/,
  ],
  [
    "the administrators' group",
    { app: { ...APP, group: "admins" } },
    {},
    /ci\.accounts\.app\.group: got "admins", which is also access\.adminGroup/,
  ],
  [
    "a key that expires before it rotates",
    { app: { ...APP, keyLifetime: "2 days", rotateAfter: "3 days" } },
    {},
    /ci\.accounts\.app\.rotateAfter: got "3 days"; must be shorter than ci\.accounts\.app\.keyLifetime/,
  ],
  ["an id that is none", { "App 1": APP }, {}, /ci\.accounts\.App 1: got the name "App 1"; must be an id/],
  ["no account", {}, {}, /ci\.accounts: .*at least one account/],
  [
    "no field for the key",
    { app: { ...APP, keyStores: [] } },
    {},
    /ci\.accounts\.app\.keyStores: .*at least one 1Password field/,
  ],
  [
    "a secret in place of its reference",
    { app: { ...APP, keyStores: ["zak_0123"] } },
    {},
    /ci\.accounts\.app\.keyStores\.0: got a value that is not shown/,
  ],
  [
    "a mirror over an account's images",
    { app: { ...APP, push: ["docker.io"] } },
    {},
    /ci\.accounts\.app\.push: got "docker\.io", which is inside docker\.io of registry\.pullThrough/,
  ],
  [
    "a glob that takes an account's namespace",
    { app: APP },
    { access: { namespaces: { "{app,other}/**": {} } } },
    /ci\.accounts\.app\.push: CI cannot push to "app\/sample": the rules of "\{app,other\}\/\*\*".*Give the namespace rules of its own/,
  ],
];

for (const [name, accounts, more, problem] of WRONG)
  test(`refused with its setting: ${name}`, () => {
    assert.match(problemsOf(accounts, more), problem);
  });

test("messages about an account name its own settings; those about the only one name the settings of the form with one", () => {
  const settings = several({ app: APP, site: SITE });
  const { app } = settings.accounts;
  assert.ok(app !== undefined);
  assert.deepEqual(signInArgs(settings, app).settings, {
    user: "ci.accounts.app.user",
    group: "ci.accounts.app.group",
  });
  assert.deepEqual(preflightInputs(settings).namedBy, {
    "zot-app": "ci.accounts.app.user",
    "op://v/i/app": "ci.accounts.app.keyStores",
    "zot-site": "ci.accounts.site.user",
    "op://v/i/site": "ci.accounts.site.keyStores",
    "op://v/j/site": "ci.accounts.site.keyStores",
  });
  const one = parseSettings(REAL_CASE);
  const [only] = Object.values(one.accounts);
  assert.ok(only !== undefined);
  // Nothing new in the state of a stack with one account.
  assert.equal(signInArgs(one, only).settings, undefined);
  assert.equal("namedBy" in preflightInputs(one), false);
});
