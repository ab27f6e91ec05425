import assert from "node:assert/strict";
import test from "node:test";
import { at } from "../../core/json.ts";
import { preflightInputs } from "../../stack/preflightArguments.ts";
import { jobTokenProof } from "../../stack/accounts/jobAccount.ts";
import { parseSettings } from "../../settings/parse.ts";
import type { Settings } from "../../settings/schema.ts";
import { zotConfigArgs } from "../../settings/zotConfigArgs.ts";
import { assembleZotConfig } from "../../systems/zot/config/config.ts";
import { REAL_CASE, version } from "../support/settings.ts";

const { keyStore: _store, imagePrefix: _prefix, ...CI } = REAL_CASE.ci;
const { repositories: _repositories, ...FORGEJO } = REAL_CASE.forgejo;
const FORGE = REAL_CASE.forgejo.url;
const REGISTRY = REAL_CASE.registry.url;

const APP = { user: "zot-app", push: ["app"], keyStores: ["op://v/i/app"], repositories: ["own/app"] };
const SITE = { auth: "jobToken", user: "zot-site", push: ["site", "www"], repositories: ["own/site", "other"] };

function several(accounts: object, more: Readonly<Record<string, object>> = {}): Settings {
  return parseSettings({ ...REAL_CASE, forgejo: { ...FORGEJO, ...more["forgejo"] }, ci: { ...CI, accounts } });
}

function problemsOf(accounts: object, more: Readonly<Record<string, object>> = {}): string {
  try {
    several(accounts, more);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

function configOf(settings: Settings, release = "2.1.23") {
  return assembleZotConfig(zotConfigArgs(settings), version(release), settings.registry);
}

function policyOf(config: unknown, glob: string): unknown {
  const policies = at(config, "http", "accessControl", "repositories", glob, "policies");
  return (policies as readonly object[]).find((policy) => JSON.stringify(policy).includes('"zot-site/jobs"'));
}

test("zot's config has Forgejo's tokens: owner, ref, event and workflow where it restarts, the repositories where it reloads", () => {
  const jobToken = { refs: ["refs/heads/main", "refs/tags/v*"], events: ["push"], workflows: ["build.yaml"] };
  const { config, problems } = configOf(several({ app: APP, site: { ...SITE, jobToken } }));
  assert.deepEqual(problems, []);
  assert.deepEqual(at(config, "http", "auth", "bearer"), {
    oidc: [
      {
        issuer: `${FORGE}/api/actions`,
        audiences: [`${REGISTRY}/site`],
        claimMapping: {
          validations: [
            { expression: "claims.repository_owner in ['own', 'other']", message: "owner not allowed" },
            {
              expression: "claims.ref == 'refs/heads/main' || claims.ref.startsWith('refs/tags/v')",
              message: "ref not allowed",
            },
            { expression: "claims.event_name == 'push'", message: "event not allowed" },
            { expression: "claims.workflow == 'build.yaml'", message: "workflow not allowed" },
          ],
          username: "'zot-site/' + claims.repository",
          groups: "['zot-site/jobs']",
        },
      },
    ],
  });
  for (const glob of ["site/**", "www/**"]) {
    assert.deepEqual(policyOf(config, glob), {
      groups: ["zot-site/jobs"],
      actions: ["read", "create"],
      conditions: [
        {
          expression: "req.user.username == 'zot-site/own/site' || req.user.username.startsWith('zot-site/other/')",
          message: "zot-auth lets other repositories push here: see ci.accounts.site.repositories",
        },
        {
          expression: "has(req.claims.repository)",
          message: "a key that was created with a job's token cannot push",
        },
      ],
    });
  }
  // Only reading: nothing to be kept from.
  assert.deepEqual(policyOf(config, "**"), { groups: ["zot-site/jobs"], actions: ["read"] });
});

test("pull requests and called workflows may never push, and only short keys lift the ban on keys of jobs", () => {
  const { config } = configOf(several({ app: APP, site: { ...SITE, jobToken: { shortKey: true } } }));
  const text = JSON.stringify(config);
  assert.doesNotMatch(text, /pull_request|workflow_call|has\(req\.claims/);
  assert.match(text, /claims\.event_name in \['push', 'workflow_dispatch', 'schedule'\]/);
});

test("a new repository of the same owner changes nothing that zot reads only at its start", () => {
  const bearer = (repositories: readonly string[]): unknown =>
    at(configOf(several({ app: APP, site: { ...SITE, repositories } })).config, "http", "auth");
  assert.deepEqual(bearer(["own/site", "own/docs"]), bearer(["own/site"]));
});

test("without job tokens the config has no bearer, and no condition", () => {
  assert.doesNotMatch(JSON.stringify(configOf(several({ app: APP })).config), /bearer|conditions/);
});

for (const [release, refused] of [
  ["2.1.20", true],
  ["2.1.21", true],
  ["2.1.22", false],
  ["2.2.0", false],
] as const) {
  test(`zot ${release} ${refused ? "is refused: it would accept nothing but tokens" : "can have job tokens"}`, () => {
    const { problems } = configOf(several({ app: APP, site: SITE }), release);
    assert.equal(
      problems.some(({ path, message }) => path === "ci.accounts" && message.includes(`the host has ${release}`)),
      refused,
    );
    assert.equal(problems.length, refused ? 1 : 0);
  });
}

test("an account with both ways is one account: its key, and its jobs", () => {
  const both = { ...SITE, auth: "both", keyStores: ["op://v/i/site"], secretName: "SITE_KEY" };
  const settings = several({ app: APP, site: both });
  assert.deepEqual(Object.keys(settings.accounts), ["app", "site"]);
  assert.deepEqual(Object.keys(settings.jobAccounts), ["site"]);
  const { config } = configOf(settings);
  const policies = at(config, "http", "accessControl", "repositories", "site/**", "policies") as readonly object[];
  const creating = policies.filter((policy) => JSON.stringify(policy).includes("zot-site"));
  assert.deepEqual(
    creating.map((policy) => [at(policy, "groups", 0), at(policy, "conditions", 0, "expression")]),
    [
      ["zot-site", "req.user.username == 'zot-site'"],
      ["zot-site/jobs", "req.user.username == 'zot-site/own/site' || req.user.username.startsWith('zot-site/other/')"],
    ],
  );
});

test("a key that a job created has no group that pushes once the account has a stored key again", () => {
  const shortKey = { ...SITE, jobToken: { shortKey: true } };
  const { config: before } = configOf(several({ app: APP, site: shortKey }));
  // zot stores the groups with the key: a list in CEL, which is one in JSON with other quotes.
  const text = String(at(before, "http", "auth", "bearer", "oidc", 0, "claimMapping", "groups"));
  const groups = JSON.parse(text.replaceAll("'", '"')) as readonly string[];
  assert.equal(groups.length, 1);
  const back = { user: "zot-site", push: ["site", "www"], keyStores: ["op://v/i/site"] };
  const { config: after } = configOf(several({ app: APP, site: back }));
  for (const glob of ["**", "site/**", "www/**"]) {
    const policies = at(after, "http", "accessControl", "repositories", glob, "policies") as readonly object[];
    for (const group of groups) assert.ok(!policies.some((policy) => JSON.stringify(policy).includes(`"${group}"`)));
  }
});

const rejected: readonly (readonly [string, object, RegExp])[] = [
  [
    "an id and a repository that make another account's resource",
    {
      app: APP,
      ci: { ...SITE, user: "zot-ci", push: ["ci"], repositories: ["x-own/site"] },
      x: { ...SITE, repositories: ["own/site"] },
    },
    /ci\.accounts\.x: the variable of the job tokens for own\/site would be one resource with that of ci\.accounts\.ci/,
  ],
  [
    "the group of another account's jobs",
    { app: { ...APP, group: "zot-site/jobs" }, site: SITE },
    /site\.group: got "zot-site", and ci\.accounts\.app\.group is "zot-site\/jobs"[^]*Use a different group/,
  ],
  ["no account with a key", { site: SITE }, /ci\.accounts: has no account with a key/],
  ["no field for the key", { app: { ...APP, keyStores: undefined } }, /ci\.accounts\.app\.keyStores: required/],
  [
    "settings of a key that there is not",
    { app: APP, site: { ...SITE, keyStores: ["op://v/i/x"], keyLifetime: "3 days" } },
    /ci\.accounts\.site\.keyStores: has no effect with auth "jobToken"[^]*ci\.accounts\.site\.keyLifetime: has no effect/,
  ],
  [
    "settings of tokens that there are not",
    { app: { ...APP, jobToken: {} } },
    /ci\.accounts\.app\.jobToken: has no effect/,
  ],
  ["nobody's jobs", { app: APP, site: { ...SITE, repositories: undefined } }, /site\.repositories: required with auth/],
  [
    "a branch without refs/",
    { app: APP, site: { ...SITE, jobToken: { refs: ["main"] } } },
    /refs\.0: got "main"[^]*a full ref, such as refs\/heads\/main/,
  ],
  [
    "every ref",
    { app: APP, site: { ...SITE, jobToken: { refs: ["refs/*"] } } },
    /a full ref, such as refs\/heads\/main/,
  ],
  [
    "an event by which a fork gets a token",
    { app: APP, site: { ...SITE, jobToken: { events: ["pull_request_target"] } } },
    /jobToken\.events\.0/,
  ],
  [
    "a quote in a workflow's name",
    { app: APP, site: { ...SITE, jobToken: { workflows: ["x'] || true.yaml"] } } },
    /a workflow's file name/,
  ],
  [
    "the namespace of an account with a key",
    { app: APP, site: { ...SITE, push: ["app/web"] } },
    /site\.push: got "app\/web", which overlaps "app"/,
  ],
  ["the group of one", { app: APP, site: { ...SITE, group: "zot-app" } }, /site\.group: got "zot-app"/],
  [
    "a proof by a repository that may not push",
    { app: APP, site: { ...SITE, jobToken: { proof: { repository: "third/site" } } } },
    /proof\.repository: got "third\/site", which ci\.accounts\.site\.repositories does not list/,
  ],
  [
    "a proof by another repository of the owner of one that may push",
    { app: APP, site: { ...SITE, jobToken: { proof: { repository: "own/other" } } } },
    /proof\.repository: got "own\/other", which ci\.accounts\.site\.repositories does not list/,
  ],
  [
    "a proof on a branch that may not push",
    { app: APP, site: { ...SITE, jobToken: { proof: { repository: "own/site", ref: "dev" } } } },
    /proof\.ref: got "dev"/,
  ],
  [
    "two variables of one name in one repository",
    { app: APP, site: { ...SITE, jobToken: { name: "ZOT_CI_API_KEY" }, repositories: ["own/app"] } },
    /jobToken\.name: got "ZOT_CI_API_KEY", which .*app\.secretName also uses/,
  ],
];
for (const [what, accounts, message] of rejected) {
  test(`is refused with the setting: ${what}`, () => {
    assert.match(problemsOf(accounts), message);
  });
}

test("a ROOT_URL without job tokens is refused: it has no effect", () => {
  assert.match(problemsOf({ app: APP }, { forgejo: { rootUrl: "https://git.example" } }), /forgejo\.rootUrl: has no/);
});

test("the issuer is that of Forgejo's ROOT_URL, and the preflight compares it", () => {
  const settings = several({ app: APP, site: SITE }, { forgejo: { rootUrl: "https://git.example/forge/" } });
  const { jobTokens, targets } = preflightInputs(settings);
  assert.deepEqual(jobTokens, {
    issuer: "https://git.example/forge/api/actions",
    targets: { "own/site": "ci.accounts.site.repositories", other: "ci.accounts.site.repositories" },
  });
  assert.deepEqual(targets, ["own/app", "own/site", "other"]);
});

test("the proof tries what the account may not: other accounts' images, and their audiences", () => {
  const jobToken = { proof: { repository: "own/site" } };
  const settings = several({
    app: APP,
    site: { ...SITE, jobToken },
    docs: { ...SITE, user: "zot-docs", push: ["docs"], repositories: ["own/docs"] },
    far: { ...SITE, user: "zot-far", push: ["far"], repositories: ["away/far"] },
    same: { ...SITE, user: "zot-same", push: ["same"], repositories: ["own"] },
  });
  const account = settings.jobAccounts["site"];
  assert.ok(account !== undefined);
  assert.deepEqual(jobTokenProof(settings, "site", account)?.inputs, {
    registry: REGISTRY,
    audience: `${REGISTRY}/site`,
    user: "zot-site",
    repository: "site/zot-auth/acceptance",
    refused: "app/zot-auth-sample docs/zot-auth-sample far/zot-auth-sample same/zot-auth-sample",
    // The same owner's repository is known, and not allowed; another owner's is unknown.
    strangers: `${REGISTRY}/docs|docs/zot-auth/acceptance|403 ${REGISTRY}/far|far/zot-auth/acceptance|401`,
    shortKey: "false",
  });
});
