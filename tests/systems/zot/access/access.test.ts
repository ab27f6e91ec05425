import assert from "node:assert/strict";
import test from "node:test";
import { SettingsError, parseSettings } from "../../../../settings/parse.ts";
import { zotConfigArgs } from "../../../../settings/zotConfigArgs.ts";
import { findings } from "../../../../systems/zot/config/checks/findings.ts";
import { objectAt, valueAt } from "../../../../systems/zot/config/syntax/anyCase.ts";
import { decidingRules, grants, parseRepositoryRules } from "../../../../systems/zot/access/policies.ts";
import { allRepositories } from "../../../../systems/zot/access/rules.ts";
import { renderZotConfig } from "../../../../systems/zot/config/config.ts";
import type { ZotConfigArgs } from "../../../../systems/zot/config/render/args.ts";
import type { ZotConfig } from "../../../../systems/zot/config/config.ts";
import { REAL_CASE, version } from "../../../support/settings.ts";

function argsWith(change: Record<string, unknown>): ZotConfigArgs {
  return zotConfigArgs(parseSettings({ ...REAL_CASE, ...change }));
}

function render(args: ZotConfigArgs): ZotConfig {
  return renderZotConfig(args, version("2.1.20"), REAL_CASE.registry);
}

function found(change: Record<string, unknown>): readonly string[] {
  const args = argsWith(change);
  return findings(render(args), args);
}

const repositories = (config: ZotConfig): unknown => valueAt(config, "http", "accessControl", "repositories");

test("a namespace gets complete rules, and inherits what it does not set", () => {
  const access = {
    anonymousRead: false,
    groups: { developers: ["read", "create"] },
    namespaces: {
      "docker.io/**": { ci: "read", anonymousRead: true },
      "private/**": { ci: "none", signedInRead: false, users: { erich: ["read", "delete"] } },
    },
  };
  const config = render(argsWith({ access }));
  const admins = { groups: ["admins"], actions: ["read", "create", "update", "delete"] };
  assert.deepEqual(repositories(config), {
    "**": {
      policies: [
        { groups: ["artifact-workloads"], actions: ["read", "create"] },
        admins,
        { groups: ["developers"], actions: ["read", "create"] },
      ],
      anonymousPolicy: [],
      defaultPolicy: ["read"],
    },
    "docker.io/**": {
      policies: [{ groups: ["artifact-workloads"], actions: ["read"] }, admins],
      anonymousPolicy: ["read"],
      defaultPolicy: ["read"],
    },
    "private/**": {
      policies: [admins, { users: ["erich"], actions: ["read", "delete"] }],
      anonymousPolicy: [],
      defaultPolicy: [],
    },
  });
});

test("CI may be confined to its own namespaces, and every signed-in user may do more than pull", () => {
  const namespaces = {
    "blumeops/**": { ci: "push", signedInActions: [] },
    "zot-auth/**": { ci: "push" },
    "docs/**": { signedInRead: false, signedInActions: ["update", "delete"] },
  };
  const access = { ci: "none", signedInActions: ["create"], namespaces };
  const rules = objectAt(render(argsWith({ access })), "http", "accessControl", "repositories");
  const ofCi = { groups: ["artifact-workloads"], actions: ["read", "create"] };
  const admins = { groups: ["admins"], actions: ["read", "create", "update", "delete"] };
  const shown = Object.entries(rules).map(([glob, rule]) => [
    glob,
    valueAt(rule, "policies"),
    valueAt(rule, "defaultPolicy"),
  ]);
  assert.deepEqual(shown, [
    ["**", [admins], ["read", "create"]],
    ["blumeops/**", [ofCi, admins], ["read"]],
    ["zot-auth/**", [ofCi, admins], ["read", "create"]],
    ["docs/**", [admins], ["update", "delete"]],
  ]);
  const readOnly = render(argsWith({ access: { ci: "read", namespaces: { ...namespaces, "docs/**": {} } } }));
  const inherited = valueAt(readOnly, "http", "accessControl", "repositories", "docs/**", "policies");
  assert.deepEqual(inherited, [{ ...ofCi, actions: ["read"] }, admins]);
});

test("the rules are those of the config, including what zot.extra adds", () => {
  const added = { "a/**": { policies: [{ users: ["erich"], actions: ["read"] }], defaultPolicy: ["read"] } };
  const args = argsWith({
    access: { signedInRead: false, users: { alice: ["read"] }, namespaces: { "b/**": { ci: "none" } } },
    zot: { extra: { http: { accesscontrol: { repositories: added } } } },
  });
  assert.deepEqual(
    allRepositories(args.rules).map(({ glob }) => glob),
    ["**", "b/**", "a/**"],
  );
  assert.deepEqual(parseRepositoryRules(render(args)), allRepositories(args.rules));
});

test("only the longest matching glob applies", () => {
  const namespaces = { "docker.io/**": { ci: "read" }, "docker.io/mine/**": { ci: "push" } };
  const rules = allRepositories(argsWith({ access: { namespaces } }).rules);
  const mayCreate = (repository: string): boolean =>
    grants(decidingRules(rules, repository), { group: "artifact-workloads" }, "create");
  assert.deepEqual(
    ["blumeops/app", "docker.io/library/nginx", "docker.io/nginx", "docker.io/mine/app"].map(mayCreate),
    [true, false, false, true],
  );
});

test("a preview warns if others than admins may create images in the folder of a pull-through registry", () => {
  const [only, ...more] = found({ access: {} });
  assert.deepEqual(more, []);
  assert.match(only ?? "", /^Group artifact-workloads may create images in docker\.io, ghcr\.io, quay\.io/);
  assert.match(only ?? "", /access\.namespaces: \{"docker\.io\/\*\*": \{ci: read\}/);

  const kept = Object.fromEntries(["docker.io", "ghcr.io", "quay.io"].map((name) => [`${name}/**`, { ci: "read" }]));
  assert.deepEqual(found({ access: { namespaces: kept } }), []);
  const deeper = { ...kept, "docker.io/mine/**": { ci: "push" } };
  assert.match(found({ access: { namespaces: deeper } }).join(), /^Group artifact-workloads .* in docker\.io, where/);
  assert.match(
    found({ access: { namespaces: kept, signedInActions: ["create"] } }).join(),
    /^Every signed-in user may create images .*"docker\.io\/\*\*": \{ci: read, signedInActions: \[\]\}/,
  );
  const others = { ...kept, "quay.io/**": { ci: "none", groups: { dev: ["update"] }, users: { erich: ["create"] } } };
  assert.match(
    found({ access: { namespaces: others } }).join(),
    /^Group dev and Account erich may create images in quay\.io,/,
  );
});

test("a preview warns when session cookies would go over plain http", () => {
  const warnings = found({
    zot: { auth: { secureSession: false } },
    registry: { ...REAL_CASE.registry, pullThrough: [] },
  });
  assert.match(warnings.join(), /^zot\.auth\.secureSession is false although registry\.url is https/);
});

test("a preview warns that zot can return private blobs, unless blobs are stored separately", () => {
  const warnings = (zot: Record<string, unknown>): string =>
    found({
      registry: { ...REAL_CASE.registry, pullThrough: [] },
      access: { namespaces: { "private/**": { anonymousRead: false } } },
      zot,
    }).join();
  assert.match(
    warnings({}),
    /^Anyone may read some repositories, but not private\/\*\*\. .*zot\.storage\.dedupe: false/,
  );
  assert.equal(warnings({ storage: { dedupe: false } }), "");
});

test("a preview warns of two equally long globs for the same repositories, since zot takes either at random", () => {
  const registry = { ...REAL_CASE.registry, pullThrough: [] };
  const namespaces = { "a*/**": { ci: "read" }, "*b/**": { ci: "none" } };
  assert.match(
    found({ registry, access: { namespaces } }).join(),
    /^a\*\/\*\* and \*b\/\*\* are equally long.* such as ab\//,
  );
  assert.deepEqual(found({ registry, access: { namespaces: { "a*/**": { ci: "read" }, "b*/**": {} } } }), []);
});

const BAD: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
  ["an unknown action", { access: { groups: { dev: ["pull"] } } }, /access\.groups\.dev\.0: got "pull".*read, create/],
  ["no action", { access: { groups: { dev: [] } } }, /access\.groups\.dev: .*at least one of read/],
  [
    "all repositories as a namespace",
    { access: { namespaces: { "**": {} } } },
    /access\.namespaces\.\*\*: got the name/,
  ],
  [
    "a namespace with a slash",
    { access: { namespaces: { "/a/**": {} } } },
    /access\.namespaces\.\/a\/\*\*: got the name/,
  ],
  [
    "a glob that is not closed",
    { access: { namespaces: { "{a,b/**": {} } } },
    /namespaces\.\{a,b\/\*\*: .*bracket and brace closed/,
  ],
  [
    "a glob in capitals",
    { access: { namespaces: { "Team/**": {} } } },
    /namespaces\.Team\/\*\*: .*a glob in lower case/,
  ],
  [
    "CI's group among others",
    { access: { groups: { "artifact-workloads": ["delete"] } } },
    /is access\.ciGroup, which has its own settings/,
  ],
  [
    "the admins in a namespace",
    { access: { namespaces: { "a/**": { groups: { admins: ["read"] } } } } },
    /access\.namespaces\.a\/\*\*\.groups\.admins: is access\.adminGroup/,
  ],
  ["CI's account among users", { access: { users: { "zot-ci": ["delete"] } } }, /access\.users\.zot-ci: is ci\.user/],
  [
    "CI shut out of its own images",
    { access: { namespaces: { "blumeops/**": { ci: "read" } } } },
    /ci\.imagePrefix: CI cannot push to "blumeops\/sample": the rules of "blumeops\/\*\*" do not allow its group "\S+" \(access\.ciGroup\) to\./,
  ],
  [
    "CI confined to namespaces without the tests' repository",
    { access: { ci: "none", namespaces: { "blumeops/**": { ci: "push" } } } },
    /acceptance\.repository: CI cannot push to "zot-auth\/acceptance": the rules of "\*\*" do not allow its group .* to\. Let it push there with access\.ci or access\.namespaces/,
  ],
  [
    "reading among further actions",
    { access: { signedInActions: ["read"] } },
    /access\.signedInActions\.0: got "read"/,
  ],
  [
    "CI's images among those pulled through",
    { ci: { ...REAL_CASE.ci, imagePrefix: "ghcr.io/me" } },
    /ci\.imagePrefix: got "ghcr\.io\/me", which is inside ghcr\.io/,
  ],
];

for (const [name, change, expected] of BAD) {
  test(`${name} is rejected by its path`, () => {
    assert.throws(
      () => parseSettings({ ...REAL_CASE, ...change }),
      (error) => error instanceof SettingsError && error.problems.length === 1 && expected.test(error.message),
    );
  });
}

test("CI's group may be called like what every object has", () => {
  assert.doesNotThrow(() => argsWith({ access: { ciGroup: "constructor", groups: { developers: ["read"] } } }));
});
