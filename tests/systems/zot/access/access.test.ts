import assert from "node:assert/strict";
import test from "node:test";
import { SettingsError, parseSettings } from "../../../../settings/parse.ts";
import { findings } from "../../../../systems/zot/config/checks/findings.ts";
import { valueAt } from "../../../../core/json.ts";
import { decidingRules, grants, repositoryRules } from "../../../../systems/zot/access/policies.ts";
import { renderZotConfig } from "../../../../systems/zot/config/config.ts";
import type { ZotConfig } from "../../../../systems/zot/config/config.ts";
import { REAL_CASE, version } from "../../../support/settings.ts";

function withAccess(access: Record<string, unknown>): ReturnType<typeof parseSettings> {
  return parseSettings({ ...REAL_CASE, access });
}

function render(access: Record<string, unknown>): ZotConfig {
  const settings = withAccess(access);
  return renderZotConfig(settings, version("2.1.20"), settings.registry);
}

const repositories = (config: ZotConfig): unknown => valueAt(config, "http", "accessControl", "repositories");

test("a namespace is written out whole, and what it does not say is as for all repositories", () => {
  const config = render({
    anonymousRead: false,
    groups: { developers: ["read", "create"] },
    namespaces: {
      "docker.io/**": { ci: "read", anonymousRead: true },
      "private/**": { ci: "none", signedInRead: false, users: { erich: ["read", "delete"] } },
    },
  });
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

test("the longest glob that matches decides alone", () => {
  const rules = repositoryRules(
    render({ namespaces: { "docker.io/**": { ci: "read" }, "docker.io/mine/**": { ci: "push" } } }),
  );
  const mayCreate = (repository: string): boolean =>
    grants(decidingRules(rules, repository), { group: "artifact-workloads" }, "create");
  assert.deepEqual(
    ["blumeops/app", "docker.io/library/nginx", "docker.io/nginx", "docker.io/mine/app"].map(mayCreate),
    [true, false, false, true],
  );
});

test("a preview warns of everybody but admins who may create under a pull-through destination", () => {
  const found = (access: Record<string, unknown>): readonly string[] => findings(render(access), withAccess(access));
  const [only, ...more] = found({});
  assert.deepEqual(more, []);
  assert.match(only ?? "", /^Group artifact-workloads may create images under docker\.io, ghcr\.io, quay\.io/);
  assert.match(only ?? "", /access\.namespaces: \{"docker\.io\/\*\*": \{ci: read\}/);

  const kept = Object.fromEntries(["docker.io", "ghcr.io", "quay.io"].map((name) => [`${name}/**`, { ci: "read" }]));
  assert.deepEqual(found({ namespaces: kept }), []);
  const deeper = { ...kept, "docker.io/mine/**": { ci: "push" } };
  assert.match(found({ namespaces: deeper }).join(), /^Group artifact-workloads .* under docker\.io, where/);
  const others = { ...kept, "quay.io/**": { ci: "none", groups: { dev: ["update"] }, users: { erich: ["create"] } } };
  assert.match(found({ namespaces: others }).join(), /^Group dev and Account erich may create images under quay\.io,/);
});

test("a preview warns when session cookies would go over plain http", () => {
  const settings = parseSettings({
    ...REAL_CASE,
    zot: { auth: { secureSession: false } },
    registry: { ...REAL_CASE.registry, pullThrough: [] },
  });
  const config = renderZotConfig(settings, version("2.1.20"), settings.registry);
  assert.match(findings(config, settings).join(), /^zot\.auth\.secureSession is false while registry\.url is https/);
});

test("a preview warns of private blobs that zot hands out, unless blobs are stored apart", () => {
  const found = (zot: Record<string, unknown>): string => {
    const settings = parseSettings({
      ...REAL_CASE,
      registry: { ...REAL_CASE.registry, pullThrough: [] },
      access: { namespaces: { "private/**": { anonymousRead: false } } },
      zot,
    });
    return findings(renderZotConfig(settings, version("2.1.20"), settings.registry), settings).join();
  };
  assert.match(found({}), /^Anybody may read some repositories and not private\/\*\*\. .*zot\.storage\.dedupe: false/);
  assert.equal(found({ storage: { dedupe: false } }), "");
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
    /ci\.imagePrefix: CI cannot push to "blumeops\/sample": the rules of "blumeops\/\*\*" do not allow it/,
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
