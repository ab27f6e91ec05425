import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSettings } from "../../../../settings/parse.ts";
import { zotConfigArgs } from "../../../../settings/zotConfigArgs.ts";
import { renderZotConfig } from "../../../../systems/zot/config/config.ts";
import type { ZotConfig } from "../../../../systems/zot/config/config.ts";
import { removedAccess } from "../../../../systems/zot/takeOver/removed.ts";
import { REAL_CASE, version } from "../../../support/settings.ts";

// Configs made by hand, against the one of these settings: anyone reads, artifact-workloads pushes, admins do everything.

function ours(change: Readonly<Record<string, unknown>> = {}): ZotConfig {
  return renderZotConfig(
    zotConfigArgs(parseSettings({ ...REAL_CASE, ...change })),
    version("2.1.20"),
    REAL_CASE.registry,
  );
}

const OIDC = {
  issuer: "https://authentik.ops.eblu.me/application/o/zot/",
  scopes: ["openid"],
  clientid: "zot",
  claimMapping: { username: "preferred_username" },
};
const RIGHTS = ["read", "create", "update", "delete"];

function byHand(http: object, extensions: object = {}): unknown {
  return { storage: { rootDirectory: "/srv/zot" }, http: { port: "5000", ...http }, extensions };
}

function removed(before: unknown, change: Readonly<Record<string, unknown>> = {}): readonly string[] {
  return removedAccess(before, ours(change), {
    version: version("2.1.20"),
    groupsOf: { "zot-ci": ["artifact-workloads"] },
  });
}

function withPolicy(repositories: object, more: object = {}): unknown {
  return byHand({ auth: { openid: { providers: { oidc: OIDC } } }, accessControl: { repositories, ...more } });
}

test("our own config loses nothing against itself, whatever the settings", () => {
  const changes = [
    {},
    { access: { anonymousRead: false, namespaces: { "team/{a,b}/**": { ci: "none", groups: { team: ["create"] } } } } },
    { access: { users: { jan: ["delete"] }, signedInActions: ["create"] } },
  ];
  for (const change of changes) assert.deepEqual(removed(ours(change), change), []);
});

test("an open registry gave nobody anything", () => {
  assert.deepEqual(removed(byHand({}, { metrics: { enable: true } })), []);
});

test("every way to sign in that goes is named, in any spelling of zot's keys", () => {
  const before = byHand({
    Auth: {
      HTPasswd: { Path: "/etc/zot/htpasswd" },
      ldap: { address: "ldap.example.org", port: 636, baseDN: "dc=example", userAttribute: "uid" },
      OpenID: {
        providers: { GitHub: { clientid: "x" }, oidc: { ...OIDC, issuer: "https://keycloak.example.org/realms/a" } },
      },
    },
    TLS: { cert: "/c", key: "/k", cacert: "/etc/zot/clients.pem" },
    accessControl: { repositories: {} },
  });
  const all = [
    "http.auth.htpasswd",
    "http.auth.ldap",
    "http.auth.openid.providers.github",
    "http.auth.openid.providers.oidc",
    "http.tls.caCert",
  ];
  assert.deepEqual(removed(before), all);
  const extra = {
    http: { auth: { ldap: { address: "ldap.example.org", port: 636, baseDN: "dc=example", userAttribute: "uid" } } },
  };
  assert.deepEqual(
    removed(before, { zot: { extra } }),
    all.filter((name) => name !== "http.auth.ldap"),
  );
  const moved = { http: { auth: { htpasswd: { path: "/srv/other" } } } };
  assert.deepEqual(removed(before, { zot: { extra: moved } }), all, "another file has other accounts");
});

test("bearer goes, and another application of the same Authentik has the same accounts", () => {
  const oidc = { ...OIDC, issuer: "https://authentik.ops.eblu.me/application/o/registry" };
  const auth = { bearer: { realm: "zot", service: "zot", cert: "/c" }, openid: { providers: { oidc } } };
  assert.deepEqual(removed(byHand({ auth, accessControl: { repositories: {} } })), ["http.auth.bearer"]);
});

test("without access control, accounts could do everything", () => {
  const before = byHand({ auth: { openid: { providers: { oidc: OIDC } } } }, { metrics: {} });
  assert.deepEqual(removed(before), [
    "create, update, delete on ** for signed-in users",
    "read on the metrics for signed-in users",
  ]);
});

test("a right that comes in another form is kept", () => {
  const before = withPolicy({
    "**": { policies: [{ groups: ["admins"], actions: RIGHTS }], defaultPolicy: ["read"], anonymousPolicy: ["read"] },
    "team/**": {
      policies: [
        { users: ["zot-ci"], actions: ["read", "create"] },
        { groups: ["artifact-workloads"], actions: "create" },
        { users: ["mia"], actions: ["read"] },
        { groups: ["admins"], actions: RIGHTS, conditions: [{ expression: "true" }] },
      ],
    },
  });
  assert.deepEqual(removed(before), []);
});

test("a policy for a namespace, a user's right, and what adminPolicy grants", () => {
  const before = withPolicy(
    {
      "**": { anonymousPolicy: ["read", "create"], defaultPolicy: ["read"] },
      "team/**": {
        policies: [{ groups: ["developers", "admins"], users: ["jan"], actions: ["read", "create", "update"] }],
      },
    },
    { adminPolicy: { users: ["root"], groups: ["admins"], actions: RIGHTS } },
  );
  assert.deepEqual(removed(before).toSorted(), [
    "create on ** for anyone",
    "create, update on team/** for group developers",
    "create, update on team/** for user jan",
    "create, update, delete on every repository for user root",
  ]);
  const access = { users: { jan: ["create", "update"] }, groups: { developers: ["create"] } };
  assert.deepEqual(removed(before, { access }).toSorted(), [
    "create on ** for anyone",
    "create, update, delete on every repository for user root",
    "update on team/** for group developers",
  ]);
});

test("a narrower glob of ours takes away what a wider one of before gave", () => {
  const policies = [{ groups: ["developers"], actions: ["read", "create"] }];
  const before = withPolicy({ "**": { policies } });
  const groups = { developers: ["create"] };
  assert.deepEqual(removed(before, { access: { groups } }), []);
  const namespaces = { "private/**": { signedInRead: false }, "open/*": { groups } };
  assert.deepEqual(removed(before, { access: { groups, namespaces } }), [
    "read, create on private/** for group developers",
  ]);
  assert.deepEqual(
    removed(before, { access: { namespaces } }),
    ["create on ** for group developers", "read on private/** for group developers"],
    "what is lost everywhere is said once",
  );
});

test("a new glob takes away what another one gave where the two meet", () => {
  const rights = (defaultPolicy: readonly string[]) => ({ defaultPolicy });
  const before = { "**": rights(["read"]), "**/img": rights(["read", "create"]) };
  const after = { ...before, "team/a/**": rights(["read"]) };
  const compared = (one: object, other: object) =>
    removedAccess(withPolicy(one), withPolicy(other), { version: version("2.1.20") });
  assert.deepEqual(compared(before, after), ["create on team/a/** for signed-in users"]);
  assert.deepEqual(compared(after, before), []);
});

test("accounts and groups may be called like what every object has", () => {
  const policies = (subject: object) => ({ "**": { policies: [{ ...subject, actions: ["read"] }] } });
  const before = withPolicy(policies({ users: ["constructor"], groups: ["toString"] }));
  const after = withPolicy(policies({ groups: ["others"] }));
  assert.deepEqual(removedAccess(before, after, { version: version("2.1.20"), groupsOf: {} }), [
    "read on ** for group toString",
    "read on ** for user constructor",
  ]);
});

test("anonymous rights do not make up for those of signed-in users, and the other way round", () => {
  const before = withPolicy({ "**": { anonymousPolicy: ["read"], defaultPolicy: ["read"] } });
  assert.deepEqual(removed(before, { access: { anonymousRead: false } }), ["read on ** for anyone"]);
  assert.deepEqual(removed(before, { access: { signedInRead: false } }), ["read on ** for signed-in users"]);
});

test("a new condition takes a right away, and the same condition does not", () => {
  const conditions = [{ expression: 'req.reference.tag.startsWith("v")', message: "no" }];
  const policies = [{ users: ["jan"], actions: ["create"] }];
  const extra = (policy: object) => ({
    zot: { extra: { http: { accessControl: { repositories: { "team/**": { policies: [policy] } } } } } },
  });
  const conditional = { ...policies[0], conditions };
  assert.deepEqual(removed(withPolicy({ "team/**": { policies } }), extra(conditional)), [
    "create on team/** for user jan",
  ]);
  assert.deepEqual(removed(withPolicy({ "team/**": { policies: [conditional] } }), extra(conditional)), []);
});

test("members of static groups, and readers of the metrics as the version has them", () => {
  const accessControl = {
    repositories: {},
    groups: { Staff: { users: ["jan", "mia"] }, empty: { users: [] } },
    metrics: { users: ["prometheus", ""], anonymousPolicy: ["read"] },
  };
  const before = byHand(
    { auth: { openid: { providers: { oidc: OIDC } } }, accessControl },
    { metrics: { enable: true } },
  );
  const members = "accessControl.groups.Staff (jan, mia)";
  const user = "read on the metrics for user prometheus";
  const closed = { access: { anonymousMetrics: false } };
  assert.deepEqual(removed(before, closed), [members, "read on the metrics for anyone", user]);
  assert.deepEqual(removed(before), [members, user]);
  assert.deepEqual(removed(before, { zot: { metrics: { enable: false } } }), [
    members,
    "read on the metrics for anyone",
    user,
  ]);
  const old = version("2.1.17");
  const withUsers = byHand({ accessControl: { repositories: {}, metrics: { users: [""] } } }, { metrics: {} });
  const without = byHand({ accessControl: { repositories: {} } }, { metrics: {} });
  assert.deepEqual(removedAccess(withUsers, without, { version: old }), ["read on the metrics for anyone"]);
  assert.deepEqual(removedAccess(withUsers, without, { version: version("2.1.18") }), []);
});
