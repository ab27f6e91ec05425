import { deepEqual, match } from "node:assert/strict";
import { describe, it } from "node:test";
import type { JsonObject } from "../../../../../core/json.ts";
import type { AdoptContext } from "../../../../../systems/zot/config/adopt/context.ts";
import { version } from "../../../../support/settings.ts";
import { at } from "../../../../../core/json.ts";
import { possibleCiGroups } from "../../../../../systems/zot/config/adopt/settings/roles.ts";
import { adopted, paths } from "./support.ts";

const EVERYTHING = ["read", "create", "update", "delete"];
const ROOT = "http.accessControl.repositories.**";

function access(control: JsonObject, context: AdoptContext = {}) {
  const config = {
    storage: { rootDirectory: "/r" },
    http: {
      address: "0.0.0.0",
      port: "5000",
      externalUrl: "http://registry.lan",
      readTimeout: "1h",
      writeTimeout: "1h",
      auth: {
        openid: {
          providers: {
            oidc: {
              credentialsFile: "/etc/zot/oidc.json",
              issuer: "https://authentik.lan/application/o/zot/",
              scopes: ["openid", "email", "profile"],
              claimMapping: { username: "preferred_username" },
            },
          },
        },
      },
      accessControl: control,
    },
    log: { level: "info" },
    extensions: { metrics: { enable: true }, search: { enable: true, cve: {} }, ui: { enable: true } },
  };
  const { settings, ...rows } = adopted(config, context);
  return { ...rows, access: settings["access"] ?? {}, extra: at(settings, "zot", "extra"), settings };
}

describe("access of configs that were made by hand", () => {
  it("with conditions, an admin policy and zot's own groups is kept outside of **", () => {
    const conditions = [{ expression: 'req.time < timestamp("2099-12-31T23:59:59Z")', message: "over" }];
    const alice = { users: ["alice"], actions: ["read", "create", "update"], conditions };
    const night = { groups: ["night"], actions: ["create"], conditions: [{ expression: "req.tls.enabled" }] };
    const {
      access: settings,
      extra,
      notKept,
      added,
    } = access({
      adminPolicy: { users: ["admin"], groups: ["ops", "ci"], actions: EVERYTHING },
      groups: { team: { users: ["jack"] } },
      metrics: { users: ["prometheus"] },
      repositories: {
        "**": {
          policies: [{ groups: ["ci"], actions: ["read", "create", "update"] }, night],
          defaultPolicy: ["read", "raed"],
        },
        "prod/**": { policies: [alice] },
        "homelab/**": { policies: [{ groups: ["ci", "dev"], actions: EVERYTHING }], anonymousPolicy: ["read"] },
        "closed/**": {},
      },
    });
    deepEqual(paths(notKept), [
      "http.accessControl.adminPolicy (group ci)",
      `${ROOT}.defaultPolicy`,
      `${ROOT}.policies (group ci)`,
      `${ROOT}.policies (group night where [{"expression":"req.tls.enabled"}])`,
      "http.accessControl.repositories.homelab/**.policies (group ci)",
    ]);
    const reason = (path: string) => notKept.find((row) => row.path === path)?.reason ?? "";
    match(reason(`${ROOT}.defaultPolicy`), /zot knows no action raed/);
    match(reason(`${ROOT}.policies (group ci)`), /not overwrite or delete/);
    match(reason("http.accessControl.adminPolicy (group ci)"), /update and delete every repository/);
    deepEqual(paths(added), [`${ROOT}.policies (group ops)`]);
    deepEqual(settings, { adminGroup: "ops", ciGroup: "ci", anonymousRead: false, anonymousMetrics: false });
    deepEqual(extra, {
      http: {
        accessControl: {
          adminPolicy: { groups: ["ops"], users: ["admin"], actions: EVERYTHING },
          groups: { team: { users: ["jack"] } },
          metrics: { users: ["prometheus"] },
          repositories: {
            "prod/**": { policies: [alice] },
            "homelab/**": {
              policies: [
                { groups: ["dev"], actions: EVERYTHING },
                { groups: ["ci"], actions: ["read", "create"] },
              ],
              anonymousPolicy: ["read"],
            },
            "closed/**": {},
          },
        },
      },
    });
  });

  it("of namespaces becomes settings where they say the same, and zot.extra where not", () => {
    const admins = { groups: ["authentik Admins"], actions: EVERYTHING };
    const ci = { groups: ["robots"], actions: ["read", "create"] };
    const {
      access: settings,
      extra,
      notKept,
      added,
    } = access({
      metrics: { anonymousPolicy: ["read"] },
      repositories: {
        "**": { policies: [admins, ci], anonymousPolicy: ["read"], defaultPolicy: ["read"] },
        "docker.io/**": {
          policies: [admins, { groups: ["robots"], actions: ["read"] }],
          anonymousPolicy: ["read"],
          defaultPolicy: ["read"],
        },
        "private/**": { policies: [admins] },
        "team.a/**": {
          policies: [admins, ci, { groups: ["Team A"], users: ["änne"], actions: ["read", "create", "delete"] }],
          defaultPolicy: ["read", "create"],
        },
        "other/**": { policies: [ci], defaultPolicy: ["read"] },
        "Upper/**": { policies: [admins, ci], anonymousPolicy: ["read"], defaultPolicy: ["read"] },
        "**/*": { policies: [admins, ci] },
      },
    });
    deepEqual([notKept, added], [[], []]);
    deepEqual(settings, {
      adminGroup: "authentik Admins",
      ciGroup: "robots",
      namespaces: {
        "docker.io/**": { ci: "read" },
        "private/**": { ci: "none", anonymousRead: false, signedInRead: false },
        "team.a/**": {
          anonymousRead: false,
          signedInActions: ["create"],
          groups: { "Team A": ["read", "create", "delete"] },
          users: { änne: ["read", "create", "delete"] },
        },
        "upper/**": {},
      },
    });
    deepEqual(extra, {
      http: {
        accessControl: {
          repositories: {
            "other/**": { policies: [ci], defaultPolicy: ["read"] },
            "**/*": { policies: [admins, ci] },
          },
        },
      },
    });
  });

  it("of everyone is less where CI's images are", () => {
    const { access: settings, notKept } = access({
      repositories: {
        "**": {
          policies: [{ groups: ["admins"], actions: EVERYTHING }],
          anonymousPolicy: EVERYTHING,
          defaultPolicy: EVERYTHING,
        },
      },
    });
    deepEqual(paths(notKept), [`${ROOT}.anonymousPolicy`, `${ROOT}.defaultPolicy`]);
    deepEqual(settings, { signedInActions: ["create"], anonymousMetrics: false });
  });

  it("to metrics is written in the form of the release", () => {
    const rules = { repositories: { "**": { policies: [{ groups: ["admins"], actions: EVERYTHING }] } } };
    const old = { ...rules, metrics: { users: [""] } };
    deepEqual(paths(access(old, { version: version("2.1.17") }).notKept), []);
    const { notKept, added } = access(old, { version: version("2.1.20") });
    deepEqual(
      [paths(notKept), paths(added)],
      [
        ["http.accessControl.metrics.users"],
        ["http.accessControl.metrics.anonymousPolicy", `${ROOT}.policies (group artifact-workloads)`],
      ],
    );
    const both = access({ ...rules, metrics: { users: ["", "prometheus"] } });
    deepEqual(both.extra, { http: { accessControl: { metrics: { users: ["", "prometheus"] } } } });
    deepEqual(both.notKept, []);
  });

  describe("finds the groups of admins and CI", () => {
    const groupsOf = (repositories: JsonObject, context: AdoptContext = {}) => {
      const { access: settings } = access({ repositories }, context);
      return [settings["adminGroup"], settings["ciGroup"]];
    };
    const rules = (grants: Readonly<Record<string, readonly string[]>>) => ({
      policies: Object.entries(grants).map(([group, actions]) => ({ groups: [group], actions })),
    });

    it("of the admins by what they may do; of CI never by that alone, since it may be people's", () => {
      const repositories = { "**": rules({ chiefs: EVERYTHING, people: ["create", "read"], readers: ["read"] }) };
      deepEqual(groupsOf(repositories), ["chiefs", undefined]);
      const config = { http: { accessControl: { repositories } } };
      deepEqual(possibleCiGroups(config, {}), ["people"]);
      deepEqual(possibleCiGroups(config, { ciGroup: "readers" }), []);
      deepEqual(possibleCiGroups(config, { adminGroup: "people" }), []);
    });

    it("of which CI's may push, if no policy names it", () => {
      const repositories = { "**": rules({ admins: EVERYTHING, people: ["read"] }) };
      deepEqual(access({ repositories }, { ciGroup: "robots" }).access["ci"], undefined);
    });

    it("by their names, among several", () => {
      const several = {
        devs: EVERYTHING,
        "registry-admins": EVERYTHING,
        users: ["read", "create"],
        "forgejo-ci": ["read", "create"],
      };
      deepEqual(groupsOf({ "**": rules(several) }), ["registry-admins", "forgejo-ci"]);
    });

    it("not by chance: of several that may push, none is CI", () => {
      deepEqual(groupsOf({ "**": rules({ a: EVERYTHING, b: ["read", "create"], c: ["read", "create"] }) }), [
        "a",
        undefined,
      ]);
    });

    it("as one that may overwrite, if it is called so", () => {
      deepEqual(groupsOf({ "**": rules({ admins: EVERYTHING, ci: ["read", "create", "update"] }) }), [undefined, "ci"]);
    });

    it("in namespaces, if ** names none", () => {
      const { access: settings } = access({
        repositories: { "homelab/**": rules({ boss: EVERYTHING, runner: ["read", "create"] }) },
      });
      deepEqual(settings, {
        adminGroup: "boss",
        ciGroup: "runner",
        ci: "none",
        anonymousRead: false,
        signedInRead: false,
        anonymousMetrics: false,
        namespaces: { "homelab/**": { ci: "push" } },
      });
    });

    it("as it was written", () => {
      const several = { a: EVERYTHING, b: EVERYTHING, c: ["read", "create"], ci: ["read", "create"] };
      deepEqual(groupsOf({ "**": rules(several) }, { adminGroup: "b", ciGroup: "c" }), ["b", "c"]);
    });
  });

  it("with a group whose name Authentik cannot have: that is the reason", () => {
    const policies = [
      { groups: ["admins"], actions: EVERYTHING },
      { groups: [" lead", "crew\n"], actions: ["read", "create", "update"] },
    ];
    const { notKept, extra } = access({ repositories: { "**": { policies }, "team/**": { policies } } });
    deepEqual(paths(notKept), [`${ROOT}.policies (group  lead)`, `${ROOT}.policies (group crew\n)`]);
    for (const { reason } of notKept) match(reason, /^no group in Authentik has the name "( lead|crew\\n)"/);
    deepEqual(at(extra, "http", "accessControl", "repositories"), { "team/**": { policies } });
  });
});
