import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { parseSettings } from "../../../../settings/parse.ts";
import { zotConfigArgs } from "../../../../settings/zotConfigArgs.ts";
import { objectAt, valueAt } from "../../../../systems/zot/config/syntax/anyCase.ts";
import { neededFiles } from "../../../../systems/zot/config/checks/neededFiles.ts";
import { builtInSchema } from "../../../../systems/zot/config/schema/schema.ts";
import { renderZotConfig, startDigest } from "../../../../systems/zot/config/config.ts";
import type { ZotConfig } from "../../../../systems/zot/config/config.ts";
import { assertKeepsPolicy, parseZotVersion } from "../../../../systems/zot/version.ts";
import { REAL_CASE, version } from "../../../support/settings.ts";

const EXPECTED: unknown = JSON.parse(
  readFileSync(new URL("../../../data/zot/config.expected.json", import.meta.url), "utf8"),
);
/** The options that its author left out: behind a TLS proxy, secure session cookies must be enabled explicitly, and slow uploads need more than 60 seconds. */
const AS_IT_WAS = {
  ...REAL_CASE,
  zot: { auth: { secureSession: false }, http: { readTimeout: "default", writeTimeout: "default" } },
};

function render(change: Record<string, unknown> = {}, release = "2.1.20"): ZotConfig {
  const settings = parseSettings({ ...REAL_CASE, ...change });
  return renderZotConfig(zotConfigArgs(settings), version(release), settings.registry);
}

for (const release of ["2.1.13", "2.1.17"]) {
  test(`the real case on zot ${release}, byte for byte`, () => {
    assert.equal(JSON.stringify(render(AS_IT_WAS, release)), JSON.stringify(EXPECTED));
  });
}

for (const release of ["2.1.18", "2.1.20"]) {
  test(`the real case on zot ${release}: the metrics are opened in the newer form, and nothing else differs`, () => {
    const text = JSON.stringify(render(AS_IT_WAS, release));
    assert.equal(
      text.replace('"metrics":{"anonymousPolicy":["read"]}', '"metrics":{"users":[""]}'),
      JSON.stringify(EXPECTED),
    );
    assert.notEqual(text, JSON.stringify(EXPECTED));
  });
}

test("behind https the session cookie is for https only, unless a setting says otherwise", () => {
  assert.equal(valueAt(render(), "http", "auth", "secureSession"), true);
  assert.equal(valueAt(render(AS_IT_WAS), "http", "auth", "secureSession"), undefined);
  const plain = { registry: { ...REAL_CASE.registry, url: "http://registry:5050" } };
  assert.equal(valueAt(render(plain), "http", "auth", "secureSession"), undefined);
});

test("a request may take an hour, unless a setting says otherwise or zot has no limit", () => {
  const timeouts = (http: object, release: string) => {
    const rendered = objectAt(render({ zot: { http } }, release), "http");
    return [rendered["readTimeout"], rendered["writeTimeout"]];
  };
  for (const release of ["2.1.13", "2.1.16"]) assert.deepEqual(timeouts({}, release), [undefined, undefined]);
  for (const release of ["2.1.17", "2.1.20"]) assert.deepEqual(timeouts({}, release), ["1h", "1h"]);
  assert.deepEqual(timeouts({ readTimeout: "default" }, "2.1.20"), [undefined, "1h"]);
  assert.deepEqual(timeouts({ readTimeout: "90 seconds", writeTimeout: "default" }, "2.1.20"), ["90s", undefined]);
});

test("without anonymous access neither reading nor metrics are open", () => {
  const config = render({ access: { anonymousRead: false, anonymousMetrics: false, signedInRead: false } });
  assert.equal(valueAt(config, "http", "accessControl", "metrics"), undefined);
  const everywhere = objectAt(config, "http", "accessControl", "repositories", "**");
  assert.deepEqual([everywhere["anonymousPolicy"], everywhere["defaultPolicy"]], [[], []]);
});

const EVERYTHING = {
  registry: {
    ...REAL_CASE.registry,
    pullThrough: [
      {
        name: "docker.io",
        url: "https://registry-1.docker.io",
        fallbackUrls: ["https://mirror.example.net"],
        onDemand: false,
        pollInterval: "6 hours",
        contents: [
          { prefix: "library/*", stripPrefix: true, tagsRegex: "^v", semver: true },
          { prefix: "{a,b}/**", excludeTagsRegex: "-rc" },
        ],
        onlySigned: true,
        preserveDigest: true,
        tlsVerify: true,
        certDir: "/etc/zot/certs",
        maxRetries: 3,
        retryDelay: "5 minutes",
        syncTimeout: "30 minutes",
      },
    ],
  },
  zot: {
    storage: {
      dedupe: true,
      commit: true,
      maxRepos: 10,
      fastRestart: true,
      gcDelay: "90 minutes",
      retention: {
        policies: [
          {
            repositories: ["**"],
            keepUntagged: { pushedWithin: "2 days" },
            keepTags: [{ patterns: ["v.*"], mostRecentlyPushedCount: 10 }, { pulledWithin: "30 days" }],
          },
        ],
      },
      subPaths: { "/big": { dataDirectory: "/mnt/big", dedupe: false } },
    },
    http: {
      tls: { cert: "/etc/zot/tls.crt", key: "/etc/zot/tls.key", caCert: "/etc/zot/ca.crt" },
      realm: "homelab",
      allowOrigin: "https://ui.example.net",
      readTimeout: "1 minute",
      writeTimeout: "1 hour",
      compat: ["docker2s2"],
    },
    auth: {
      sessionKeysFile: "/etc/zot/session-keys.json",
      failDelay: "2 seconds",
      scopes: ["openid", "profile", "groups"],
      usernameClaim: "nickname",
      groupsClaim: "roles",
      providerName: "Authentik",
      callbackAllowOrigins: ["https://ui.example.net"],
    },
    log: { level: "warn", output: "/var/log/zot.log", audit: "/var/log/zot-audit.log" },
    metrics: { path: "/prometheus" },
    search: { cveUpdateInterval: "2 hours", trivyDatabase: "ghcr.io/a/trivy-db", trivyJavaDatabase: "ghcr.io/a/java" },
    sync: { credentialsFile: "/etc/zot/sync.json", downloadDir: "/var/tmp/zot" },
    scrubInterval: "1 day",
    mandatoryAnnotations: ["org.opencontainers.image.source"],
    extra: {
      storage: { gcTimeWindow: "01:00-05:00" },
      extensions: {
        events: {
          enable: true,
          sinks: [
            {
              type: "http",
              address: "https://a",
              credentials: { username: "zot", file: "/etc/a" },
              tlsConfig: { caCertFile: "/etc/ca.crt" },
            },
          ],
        },
      },
      scheduler: { numWorkers: 2 },
    },
  },
};

test("all settings together make a config that zot's own schema accepts", () => {
  const config = render(EVERYTHING);
  const result = builtInSchema().safeParse(config);
  assert.deepEqual(result.error?.issues, undefined);
  assert.deepEqual(config["storage"], {
    rootDirectory: "/Users/erichblume/zot",
    dedupe: true,
    gc: true,
    gcDelay: "90m",
    gcInterval: "24h",
    retention: {
      dryRun: false,
      delay: "24h",
      policies: [
        {
          repositories: ["**"],
          deleteReferrers: false,
          deleteUntagged: true,
          keepUntagged: { pushedWithin: "48h" },
          keepTags: [{ patterns: ["v.*"], mostRecentlyPushedCount: 10 }, { pulledWithin: "720h" }],
        },
      ],
    },
    commit: true,
    maxRepos: 10,
    fastRestart: true,
    subPaths: {
      "/big": { rootDirectory: "/mnt/big", dedupe: false, gc: true, gcDelay: "1h", gcInterval: "24h" },
    },
    gcTimeWindow: "01:00-05:00",
  });
  assert.deepEqual(objectAt(config, "extensions", "sync"), {
    enable: true,
    credentialsFile: "/etc/zot/sync.json",
    downloadDir: "/var/tmp/zot",
    registries: [
      {
        urls: ["https://registry-1.docker.io", "https://mirror.example.net"],
        content: [
          {
            prefix: "library/*",
            destination: "/docker.io",
            stripPrefix: true,
            tags: { regex: "^v", semver: true },
          },
          { prefix: "{a,b}/**", destination: "/docker.io", tags: { excludeRegex: "-rc" } },
        ],
        onDemand: false,
        tlsVerify: true,
        pollInterval: "6h",
        onlySigned: true,
        preserveDigest: true,
        certDir: "/etc/zot/certs",
        maxRetries: 3,
        retryDelay: "5m",
        syncTimeout: "30m",
      },
    ],
  });
  assert.deepEqual(objectAt(config, "http", "auth"), {
    openid: {
      callbackAllowOrigins: ["https://ui.example.net"],
      providers: {
        oidc: {
          name: "Authentik",
          credentialsFile: "/Users/erichblume/.config/zot/oidc-credentials.json",
          issuer: "https://authentik.ops.eblu.me/application/o/zot/",
          scopes: ["openid", "profile", "groups"],
          claimMapping: { username: "nickname", groups: "roles" },
        },
      },
    },
    apikey: true,
    secureSession: true,
    sessionKeysFile: "/etc/zot/session-keys.json",
    failDelay: 2,
  });
});

test("the files that zot needs and the program does not write are listed with their settings", () => {
  const extra = { http: { auth: { htpasswd: { path: "/etc/zot/htpasswd" } } } };
  const { zot } = EVERYTHING;
  assert.deepEqual(
    neededFiles(render({ ...EVERYTHING, zot: { ...zot, extra } })).map(({ setting, path }) => `${setting} ${path}`),
    [
      "zot.http.tls.cert /etc/zot/tls.crt",
      "zot.http.tls.key /etc/zot/tls.key",
      "zot.http.tls.caCert /etc/zot/ca.crt",
      "zot.extra.http.auth.htpasswd.path /etc/zot/htpasswd",
      "zot.sync.credentialsFile /etc/zot/sync.json",
      "registry.pullThrough[].certDir /etc/zot/certs",
    ],
  );
});

test("what can be turned off is left out", () => {
  const config = render({
    zot: { metrics: { enable: false }, search: { enable: false }, ui: false, storage: { gc: false } },
    registry: { ...REAL_CASE.registry, pullThrough: [] },
  });
  assert.deepEqual(config["extensions"], {});
  assert.deepEqual(config["storage"], { rootDirectory: "/Users/erichblume/zot", gc: false });
});

test("a change that zot reloads while running needs no restart, any other does", () => {
  const digest = (change: Record<string, unknown>, release = "2.1.20"): string =>
    startDigest(render(change, release), version(release));
  const zot = (settings: Record<string, unknown>): string => digest({ zot: settings });
  const before = digest({});
  for (const [what, same] of Object.entries({
    "the access policy": digest({ access: { ciGroup: "pushers", anonymousRead: false } }),
    "a namespace": digest({ access: { namespaces: { "docker.io/**": { ci: "read" } } } }),
    "pull-through": digest({ registry: { ...REAL_CASE.registry, pullThrough: [] } }),
    "garbage collection": zot({ storage: { gcDelay: "2 hours", gcInterval: "1 hour", dedupe: false } }),
    "claims and cookies": zot({ auth: { usernameClaim: "upn", groupsClaim: "roles", secureSession: false } }),
    "the sign-in button": zot({ auth: { providerName: "Authentik" } }),
    "vulnerability scans": zot({ search: { cveUpdateInterval: "3 hours" } }),
    scrub: zot({ scrubInterval: "1 day" }),
    "a key of the escape hatch, in another case": zot({ extra: { storage: { gctimewindow: "01:00-05:00" } } }),
  })) {
    assert.equal(same, before, what);
  }
  for (const [what, other] of Object.entries({
    "the port": digest({ registry: { ...REAL_CASE.registry, port: 5051 } }),
    "the log level": zot({ log: { level: "debug" } }),
    "the issuer": digest({ authentik: { ...REAL_CASE.authentik, application: "registry" } }),
    "the scopes": zot({ auth: { scopes: ["openid", "groups"] } }),
    "the credentials file": digest({ registry: { ...REAL_CASE.registry, credentialsFile: "/a.json" } }),
    "the session keys": zot({ auth: { sessionKeysFile: "/a.json" } }),
    "fail delay": zot({ auth: { failDelay: "1 second" } }),
    tls: zot({ http: { tls: { cert: "/a", key: "/b" } } }),
    metrics: zot({ metrics: { path: "/m" } }),
    retention: zot({ storage: { retention: { policies: [{ repositories: ["**"] }] } } }),
    "the escape hatch": zot({ extra: { scheduler: { numWorkers: 2 } } }),
    "another zot": digest({}, "2.1.19"),
  })) {
    assert.notEqual(other, before, what);
  }
});

test("a zot that lets CI overwrite tags is refused, unless that is accepted by name", () => {
  assert.throws(() => assertKeepsPolicy(version("2.1.18"), false), {
    code: "ZOT_VERSION_OVERWRITES",
    message: /2\.1\.18.*registry\.acceptCiOverwrite/,
  });
  assert.doesNotThrow(() => assertKeepsPolicy(version("2.1.18"), true));
  assert.doesNotThrow(() => assertKeepsPolicy(version("2.1.19"), false));
  assert.throws(() => assertKeepsPolicy(version("2.1.12"), true), { code: "ZOT_VERSION_UNSUPPORTED" });
});

test("versions are found in what zot prints, and compared by number", () => {
  const printed = '{"level":"info","distribution-spec":"1.1.1","commit":"v2.1.20-0-g3b5796d8","go version":"go1.26.8"}';
  assert.deepEqual(parseZotVersion(printed), { major: 2, minor: 1, patch: 20 });
  assert.deepEqual(parseZotVersion("v2.1.9"), { major: 2, minor: 1, patch: 9 });
  assert.equal(parseZotVersion("zot"), undefined);
});
