import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SettingsError, parseSettings } from "../../../../../settings/parse.ts";
import type { Settings } from "../../../../../settings/schema.ts";
import { adoptConfig } from "../../../../../systems/zot/config/adopt/adoptConfig.ts";
import { objectAt } from "../../../../../systems/zot/config/syntax/anyCase.ts";
import { effectiveConfig } from "../../../../../systems/zot/config/compared/effective.ts";
import { ENTERED, rendered, stackOf } from "./support.ts";
import { mainAccount } from "../../../../../settings/accounts/accounts.ts";

// Settings that were rendered and adopted again give the same config. Not covered here: configs that no settings give, which the other tests have.

const duration = fc.constantFrom("90 seconds", "45 minutes", "2 hours", "24 hours", "7 days", "100 days");
const word = fc.constantFrom("alpha", "beta", "gamma", "docker.io", "team-a");
const glob = fc.tuple(word, fc.constantFrom("/**", "/*", "/x/**", "/{a,b}")).map(([first, rest]) => first + rest);
const path = word.map((name) => `/srv/${name}`);
const name = fc.constantFrom("authentik Admins", "Über, uns", "devs", 'the "best"', "a: b", "ops");
const actions = fc.uniqueArray(fc.constantFrom("read", "create", "update", "delete", "detectManifestCollision"), {
  minLength: 1,
});
const signedInActions = fc.uniqueArray(fc.constantFrom("create", "detectManifestCollision"));
const grants = (who: fc.Arbitrary<string>) => fc.dictionary(who, actions, { maxKeys: 3 });

/** An object with any of the keys. */
const some = (model: Readonly<Record<string, fc.Arbitrary<unknown>>>) => fc.record(model, { requiredKeys: [] });

const counts = {
  pulledWithin: duration,
  pushedWithin: duration,
  mostRecentlyPushedCount: fc.integer({ min: 1, max: 20 }),
};
const retention = fc.record(
  {
    dryRun: fc.boolean(),
    delay: duration,
    policies: fc.array(
      fc.record(
        {
          repositories: fc.uniqueArray(glob, { minLength: 1, maxLength: 2 }),
          deleteReferrers: fc.boolean(),
          deleteUntagged: fc.boolean(),
          keepUntagged: some(counts),
          keepTags: fc.array(
            some({
              patterns: fc.uniqueArray(fc.constantFrom("^v1", ".*-prod", "latest"), { maxLength: 2 }),
              ...counts,
            }),
            { maxLength: 2 },
          ),
        },
        { requiredKeys: ["repositories"] },
      ),
      { minLength: 1, maxLength: 2 },
    ),
  },
  { requiredKeys: ["policies"] },
);
const cleaning = { dedupe: fc.boolean(), gc: fc.boolean(), gcDelay: duration, gcInterval: duration, retention };

const zot = some({
  storage: some({
    ...cleaning,
    commit: fc.boolean(),
    maxRepos: fc.integer({ min: 1, max: 99 }),
    fastRestart: fc.boolean(),
    subPaths: fc.dictionary(
      fc.constantFrom("/a", "/b.c", "/d/e"),
      fc.record({ dataDirectory: path, ...cleaning }, { requiredKeys: ["dataDirectory"] }),
      { maxKeys: 2 },
    ),
  }),
  http: some({
    tls: fc.record(
      { cert: fc.constant("/etc/c.pem"), key: fc.constant("/etc/k.pem"), caCert: fc.constant("/etc/ca.pem") },
      { requiredKeys: ["cert", "key"] },
    ),
    realm: word,
    allowOrigin: fc.constant("https://ui.example.net"),
    readTimeout: duration,
    writeTimeout: duration,
    compat: fc.constantFrom([], ["docker2s2"]),
  }),
  auth: some({
    secureSession: fc.boolean(),
    sessionKeysFile: fc.constant("/etc/zot/sessions.json"),
    failDelay: duration,
    scopes: fc.constantFrom(["openid"], ["openid", "profile", "groups"]),
    usernameClaim: fc.constantFrom("nickname", "preferred_username"),
    groupsClaim: fc.constantFrom("roles", "groups"),
    providerName: name,
    callbackAllowOrigins: fc.constantFrom([], ["https://ui.example.net"]),
  }),
  log: some({ level: fc.constantFrom("trace", "debug", "info", "warn", "error"), output: path, audit: path }),
  metrics: some({ enable: fc.boolean(), path: fc.constantFrom("/metrics", "/prometheus") }),
  search: fc.record(
    {
      enable: fc.boolean(),
      cve: fc.boolean(),
      cveUpdateInterval: fc.constantFrom("2 hours", "24 hours", "3 days"),
      trivyDatabase: fc.constantFrom("ghcr.io/a/b", "ghcr.io/aquasecurity/trivy-db"),
      trivyJavaDatabase: fc.constant("ghcr.io/a/c"),
    },
    { requiredKeys: ["enable"] },
  ),
  scrubInterval: fc.constantFrom("2 hours", "24 hours", "30 days"),
  mandatoryAnnotations: fc.uniqueArray(word, { maxLength: 2 }),
}).map((group) => {
  const { search } = group as { readonly search?: { readonly enable: boolean } };
  return search?.enable === false ? { ...group, ui: false } : group;
});

const tiers = { anonymousRead: fc.boolean(), signedInRead: fc.boolean(), signedInActions };
const ci = fc.constantFrom("push", "read", "none");
const access = fc.record(
  {
    adminGroup: fc.constantFrom("admins", "Registry Admins"),
    ciGroup: fc.constantFrom("artifact-workloads", "robots"),
    ...tiers,
    anonymousMetrics: fc.boolean(),
    groups: grants(name),
    users: grants(fc.constantFrom("anna", "änne", "b.c@d")),
    namespaces: fc.dictionary(
      glob,
      some({ ci, ...tiers, groups: grants(name), users: grants(fc.constantFrom("anna", "zoe")) }),
      { maxKeys: 3 },
    ),
  },
  { requiredKeys: ["adminGroup", "ciGroup"] },
);

const tags = { stripPrefix: fc.boolean(), tagsRegex: fc.constant("^v"), semver: fc.boolean() };
const mirror = (folder: string) =>
  fc
    .tuple(
      some({
        fallbackUrls: fc.constantFrom([], ["https://mirror.example.net"]),
        onDemand: fc.boolean(),
        pollInterval: duration,
        onlySigned: fc.boolean(),
        tlsVerify: fc.boolean(),
        certDir: path,
        retryDelay: duration,
        syncTimeout: fc.constantFrom("10 minutes", "3 hours"),
      }),
      fc.oneof(
        some({ prefix: fc.constantFrom("**", "library/**"), ...tags }),
        fc.record({
          contents: fc.array(
            fc.record({ prefix: fc.constantFrom("a/**", "b/*"), ...tags }, { requiredKeys: ["prefix"] }),
            { minLength: 2, maxLength: 2 },
          ),
        }),
      ),
    )
    .map(([rest, part]) => ({ name: folder, url: `https://${folder}`, ...rest, ...part }));

const registry = some({
  address: fc.constantFrom("0.0.0.0", "127.0.0.1", "::1"),
  port: fc.integer({ min: 1, max: 65_535 }),
  url: fc.constantFrom("http://registry.lan", "https://registry.example.net"),
  pullThrough: fc
    .constantFrom([], ["ghcr.io"], ["ghcr.io", "quay.io"])
    .chain((names) => fc.tuple(...names.map(mirror))),
});

const extra = fc.constantFrom(
  {},
  { http: { auth: { htpasswd: { path: "/etc/htpasswd" } }, ratelimit: { rate: 5 } }, scheduler: { numWorkers: 2 } },
  {
    http: {
      accessControl: {
        repositories: {
          "cel/**": { policies: [{ users: ["a"], actions: ["read"], conditions: [{ expression: "true" }] }] },
        },
      },
    },
  },
  {
    storage: { gcTimeWindow: "01:00-05:00" },
    extensions: { events: { enable: true, sinks: [{ type: "nats", address: "nats://a" }] } },
  },
);

/** The settings, or nothing for a combination that the checks refuse. */
function valid(groups: Readonly<Record<string, object>>): Settings | undefined {
  try {
    return parseSettings(groups);
  } catch (error) {
    if (error instanceof SettingsError) return undefined;
    throw error;
  }
}

test("rendered settings are adopted as settings that render the same", () => {
  fc.assert(
    fc.property(registry, zot, access, extra, (registryPart, zotPart, accessPart, extraPart) => {
      const settings = valid({
        ...ENTERED,
        registry: { ...ENTERED.registry, ...registryPart },
        zot: { ...zotPart, extra: extraPart },
        access: accessPart,
      });
      fc.pre(settings !== undefined);
      const config = rendered(settings);
      const again = adoptConfig(config, {
        adminGroup: settings.access.adminGroup,
        ciGroup: mainAccount(settings).group,
        ciUser: mainAccount(settings).user,
        imagePrefix: mainAccount(settings).prefixes[0],
        configFile: settings.registry.configFile,
      });
      deepEqual([again.notKept, again.added], [[], []]);
      deepEqual(effectiveConfig(rendered(stackOf(again))), effectiveConfig(config));
      // Nothing that has a setting is left to zot.extra.
      deepEqual(Object.keys(objectAt(again.settings, "zot", "extra")), Object.keys(settings.zot.extra));
    }),
    { numRuns: 40 },
  );
});
