import { deepEqual, doesNotMatch, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { configDifferences } from "../../../../systems/zot/config/compared/difference.ts";
import type { Difference } from "../../../../systems/zot/config/compared/difference.ts";
import type { JsonObject } from "../../../../core/json.ts";

function differences(before: JsonObject, after: JsonObject): readonly string[] {
  return configDifferences(before, after).map(describeDifference);
}

function describeDifference({ path, kind, before, after }: Difference): string {
  if (kind === "added") return `${path}: ${JSON.stringify(after)} is added`;
  if (kind === "removed") return `${path}: ${JSON.stringify(before)} is removed`;
  return `${path}: ${JSON.stringify(before)} becomes ${JSON.stringify(after)}`;
}

function access(repositories: JsonObject, rest: JsonObject = {}): JsonObject {
  return { http: { accessControl: { repositories, ...rest } } };
}

describe("what zot reads in the same way is no difference", () => {
  const same: readonly (readonly [string, JsonObject, JsonObject])[] = [
    ["keys in other cases", { HTTP: { PORT: "5000" } }, { http: { port: "5000" } }],
    ["a port as a number", { http: { port: 5000 } }, { http: { port: "5000" } }],
    ["durations of equal length", { storage: { gcDelay: "1h30m" } }, { storage: { gcDelay: "90m" } }],
    ["nanoseconds", { storage: { gcInterval: 86_400_000_000_000 } }, { storage: { gcInterval: "24h" } }],
    ["zot's defaults", {}, { storage: { gc: true, gcDelay: "1h", dedupe: true }, http: { address: "127.0.0.1" } }],
    [
      "what zot ignores without garbage collection",
      { storage: { gc: false, gcDelay: "2h" } },
      { storage: { gc: false } },
    ],
    ["the version of the specification", { distSpecVersion: "1.1.1" }, { distSpecVersion: "1.1.0" }],
    ["an extension that is off", { extensions: { search: { enable: false, cve: {} }, ui: { enable: false } } }, {}],
    [
      "an extension that is on by itself",
      { extensions: { metrics: {} } },
      { extensions: { metrics: { enable: "true", prometheus: { path: "/metrics" } } } },
    ],
    [
      "the shortest interval",
      { extensions: { search: { cve: { updateInterval: "10m" } } } },
      { extensions: { search: { enable: true, cve: { updateInterval: "2h" } } } },
    ],
    [
      "retention's delay",
      { storage: { gcDelay: "3h", retention: { policies: [{ repositories: ["b", "a"] }] } } },
      {
        storage: {
          gcDelay: "3h",
          retention: {
            dryRun: false,
            delay: "180m",
            policies: [{ repositories: ["a", "b"], deleteUntagged: true, deleteReferrers: false }],
          },
        },
      },
    ],
    ["retention without policies", { storage: { retention: { delay: "1h" } } }, {}],
    [
      "the cleaning of a subpath",
      { storage: { subPaths: { "/a": { rootDirectory: "/d" } } } },
      { storage: { subPaths: { "/a": { rootDirectory: "/d", gc: false, dedupe: false } } } },
    ],
    [
      "API keys with OpenID",
      { http: { auth: { openid: { providers: { oidc: {} } } } } },
      { http: { auth: { apikey: true, openid: { providers: { oidc: {} } } } } },
    ],
    [
      "secure sessions with TLS",
      { http: { tls: { cert: "c" }, auth: {} } },
      { http: { tls: { cert: "c" }, auth: { secureSession: true } } },
    ],
    [
      "policies of several groups",
      access({ "**": { policies: [{ groups: ["a", "b"], actions: ["read", "create"] }], anonymousPolicy: [] } }),
      access({
        "**": {
          policies: [
            { groups: ["b"], actions: ["create", "read"] },
            { groups: ["a"], actions: ["read", "create"] },
          ],
        },
      }),
    ],
    [
      "globs in other cases",
      access({ "Team/**": { defaultPolicy: ["read"] } }),
      access({ "team/**": { defaultPolicy: ["read"] } }),
    ],
    [
      "registries in another order",
      { extensions: { sync: { registries: [{ urls: ["https://a"] }, { urls: ["https://b"], onDemand: true }] } } },
      {
        extensions: {
          sync: {
            enable: true,
            registries: [
              { urls: ["https://b"], onDemand: true, tlsVerify: true, syncTimeout: "3h" },
              { urls: ["https://a"] },
            ],
          },
        },
      },
    ],
  ];
  for (const [name, before, after] of same) {
    it(name, () => {
      deepEqual(differences(before, after), []);
      deepEqual(differences(after, before), []);
    });
  }
});

describe("differences", () => {
  it("are shown key by key", () => {
    deepEqual(
      [
        ...differences(
          { http: { auth: { htpasswd: { path: "/etc/zot/htpasswd" } }, realm: "zot" }, log: { level: "info" } },
          { http: { auth: { failDelay: 5 }, realm: "registry", compat: ["docker2s2"] } },
        ),
      ].toSorted(),
      [
        "http.auth.failDelay: 0 becomes 5",
        'http.auth.htpasswd: {"path":"/etc/zot/htpasswd"} is removed',
        'http.compat: ["docker2s2"] is added',
        'http.realm: "zot" becomes "registry"',
        'log.level: "info" becomes "debug"',
      ],
    );
  });

  it("in policies name who loses or gains what", () => {
    const before = access(
      {
        "**": {
          policies: [
            { groups: ["admins"], actions: ["read", "create", "update", "delete"] },
            { users: ["anna"], groups: ["team"], actions: ["read"] },
            { groups: ["nightly"], actions: ["create"], conditions: [{ expression: "req.tls.enabled" }] },
          ],
          defaultPolicy: ["read"],
        },
        "team.example/**": { defaultPolicy: ["read", "create"] },
        "closed/**": {},
      },
      { adminPolicy: { users: ["root"], actions: ["read", "delete"] } },
    );
    const after = access({
      "**": {
        policies: [
          { groups: ["admins"], actions: ["read"] },
          { groups: ["team"], actions: ["read"] },
          { groups: ["ci"], actions: ["read", "create"] },
        ],
        anonymousPolicy: ["read"],
        defaultPolicy: ["read"],
      },
    });
    deepEqual([...differences(before, after)].toSorted(), [
      'http.accessControl.adminPolicy (user root): ["read","delete"] is removed',
      'http.accessControl.repositories.**.anonymousPolicy: ["read"] is added',
      'http.accessControl.repositories.**.policies (group admins): ["read","create","update","delete"] becomes ["read"]',
      'http.accessControl.repositories.**.policies (group ci): ["read","create"] is added',
      'http.accessControl.repositories.**.policies (group nightly where [{"expression":"req.tls.enabled"}]): ["create"] is removed',
      'http.accessControl.repositories.**.policies (user anna): ["read"] is removed',
      "http.accessControl.repositories.closed/**: {} is removed",
      'http.accessControl.repositories.team.example/**: {"defaultPolicy":["read","create"]} is removed',
    ]);
  });

  it("between no rules and empty rules are the greatest there are", () => {
    equal(differences({}, access({})).length, 1);
    deepEqual(differences({ http: {} }, { http: { accessControl: {} } }), ["http.accessControl: {} is added"]);
  });

  it("keep the order where it counts", () => {
    const fallback = (...urls: readonly string[]) => ({ extensions: { sync: { registries: [{ urls }] } } });
    equal(
      differences(fallback("https://a", "https://b", "https://c"), fallback("https://a", "https://c", "https://b"))
        .length,
      1,
    );
    const rules = (...patterns: readonly string[]) => ({
      storage: {
        retention: { policies: [{ repositories: ["**"], keepTags: patterns.map((one) => ({ patterns: [one] })) }] },
      },
    });
    equal(differences(rules("a", "b"), rules("b", "a")).length, 2);
  });

  it("between registries are shown at the one of the same address", () => {
    const sync = (...registries: readonly JsonObject[]) => ({ extensions: { sync: { registries } } });
    deepEqual(
      differences(
        sync({ urls: ["https://docker.io"], onDemand: true }, { urls: ["https://user:pass@quay.io"] }),
        sync({ urls: ["https://ghcr.io"] }, { urls: ["https://docker.io"], onDemand: true, pollInterval: "6h" }),
      ),
      [
        'extensions.sync.registries.https://docker.io.pollInterval: "6h" is added',
        'extensions.sync.registries.https://[secret]@quay.io: {"urls":["https://[secret]@quay.io"],"tlsVerify":true,"syncTimeout":"3h","onDemand":false,"preserveDigest":false} is removed',
        'extensions.sync.registries.https://ghcr.io: {"urls":["https://ghcr.io"],"tlsVerify":true,"syncTimeout":"3h","onDemand":false,"preserveDigest":false} is added',
      ],
    );
  });

  it("never show a secret", () => {
    const before = {
      http: {
        auth: {
          ldap: { address: "ldap", bindDN: "cn=zot", bindPassword: "hunter2" },
          openid: {
            providers: { oidc: { clientid: "zot", clientsecret: "hunter2" }, github: { ClientSecret: "hunter2" } },
          },
        },
      },
      storage: {
        storageDriver: { name: "s3", accesskey: "hunter2", secretkey: "hunter2" },
        cacheDriver: { name: "redis", url: "redis://zot:hunter2@redis:6379" },
      },
      extensions: {
        events: {
          sinks: [
            {
              type: "http",
              address: "https://hooks.example/services/hunter2",
              headers: { "X-Token": "hunter2" },
              credentials: { username: "u", password: "hunter2" },
            },
          ],
        },
      },
    };
    const after = {
      http: { auth: { ldap: { bindPassword: "other" }, openid: { providers: { oidc: { clientsecret: "other" } } } } },
      storage: { storageDriver: { accesskey: "other" }, cacheDriver: { url: "redis://redis" } },
      extensions: { events: { sinks: [{ headers: { "X-Token": "other" } }] } },
    };
    const shown = [...differences(before, after), ...differences(after, before)].join("\n");
    doesNotMatch(shown, /hunter2|other/);
    doesNotMatch(JSON.stringify(configDifferences(before, after)), /hunter2|other/);
  });
});
