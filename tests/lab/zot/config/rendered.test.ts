// Compares rendered configurations, and settings reported as too new for a release, with `zot verify` of that release.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { parseSettings } from "../../../../settings/parse.ts";
import { zotConfigArgs } from "../../../../settings/zotConfigArgs.ts";
import { assembleZotConfig, formatZotConfig } from "../../../../systems/zot/config/config.ts";
import { REAL_CASE, version } from "../../../support/settings.ts";
import { findRealZot, standIn } from "../support/zotPrograms.ts";

let folder: string;
const at = (name: string): string => join(folder, name);

before(() => {
  folder = mkdtempSync(join(tmpdir(), "zot-rendered-"));
  writeFileSync(at("credentials.json"), JSON.stringify({ clientid: "a", clientsecret: "b" }));
  writeFileSync(at("keys.json"), JSON.stringify({ hashKey: "h".repeat(64), encryptKey: "e".repeat(32) }));
  writeFileSync(at("sync.json"), JSON.stringify({ "registry-1.docker.io": { username: "a", password: "b" } }));
});
after(() => rmSync(folder, { recursive: true }));

const keepTags = [{ patterns: ["v.*"], mostRecentlyPushedCount: 10 }, { pulledWithin: "30 days" }];
const tls = (): object => ({ cert: at("tls.crt"), key: at("tls.key"), caCert: at("ca.crt") });

/** Settings of the group `zot`, by topic. */
const CASES: Readonly<Record<string, () => Record<string, unknown>>> = {
  "the real case": () => ({}),
  storage: () => ({
    storage: {
      dedupe: true,
      commit: true,
      retention: { policies: [{ repositories: ["**"], keepTags }] },
      subPaths: { "/big": { dataDirectory: at("big"), gc: false } },
    },
  }),
  maxRepos: () => ({ storage: { maxRepos: 3 } }),
  fastRestart: () => ({ storage: { fastRestart: true } }),
  keepUntagged: () => ({
    storage: {
      retention: { policies: [{ repositories: ["**"], keepUntagged: { pushedWithin: "2 days" }, keepTags }] },
    },
  }),
  http: () => ({ http: { tls: tls(), realm: "homelab", allowOrigin: "https://a", compat: ["docker2s2"] } }),
  timeouts: () => ({ http: { readTimeout: "1 minute", writeTimeout: "1 hour" } }),
  auth: () => ({
    auth: {
      sessionKeysFile: at("keys.json"),
      failDelay: "2 seconds",
      scopes: ["openid", "groups"],
      usernameClaim: "nickname",
      providerName: "Authentik",
    },
  }),
  groupsClaim: () => ({ auth: { groupsClaim: "roles" } }),
  callbackAllowOrigins: () => ({ auth: { callbackAllowOrigins: ["https://a"] } }),
  log: () => ({ log: { level: "warn", output: at("zot.log"), audit: at("audit.log") } }),
  extensions: () => ({
    metrics: { path: "/prometheus" },
    search: { trivyDatabase: "ghcr.io/a/db", trivyJavaDatabase: "ghcr.io/a/java" },
    sync: { credentialsFile: at("sync.json"), downloadDir: at("download") },
    scrubInterval: "1 day",
    mandatoryAnnotations: ["org.opencontainers.image.source"],
  }),
  "everything off": () => ({
    metrics: { enable: false },
    search: { enable: false },
    ui: false,
    storage: { gc: false },
  }),
  "the escape hatch": () => ({
    http: { tls: tls() },
    extra: {
      scheduler: { numWorkers: 2 },
      http: {
        ratelimit: { rate: 5, methods: [{ method: "GET", rate: 3 }] },
        auth: { htpasswd: { path: at("htpasswd") }, mtls: { identityAttributes: ["CommonName"] } },
        accessControl: { adminPolicy: { users: ["root"], actions: ["read"] }, groups: { x: { users: ["a"] } } },
      },
      extensions: {
        events: {
          enable: true,
          sinks: [{ type: "http", address: "https://a", tlsConfig: { caCertFile: at("ca.crt") } }],
        },
      },
    },
  }),
  gcTimeWindow: () => ({ extra: { storage: { gcTimeWindow: "01:00-05:00" } } }),
  conditions: () => ({
    extra: {
      http: {
        accessControl: {
          repositories: {
            "cel/**": {
              policies: [{ users: ["a"], actions: ["read"], conditions: [{ expression: "true", message: "x" }] }],
            },
          },
        },
      },
    },
  }),
};

const releases = ["v2.1.13", "v2.1.14", "v2.1.15", "v2.1.16", "v2.1.17", "v2.1.18", "v2.1.19", "v2.1.20"];
const real = findRealZot();

for (const zot of [...releases.map(standIn), ...(real === undefined ? [] : [real])]) {
  test(zot.name, async (t) => {
    for (const [name, group] of Object.entries(CASES)) {
      await t.test(name, async () => {
        const registry = {
          ...REAL_CASE.registry,
          host: "local",
          credentialsFile: at("credentials.json"),
          dataDirectory: at("data"),
        };
        const settings = parseSettings({ ...REAL_CASE, registry, zot: group() });
        const { config, problems } = assembleZotConfig(
          zotConfigArgs(settings),
          version(zot.release),
          settings.registry,
        );
        writeFileSync(at("config.json"), formatZotConfig(config));
        const said = await zot.verify(at("config.json"));
        assert.equal(
          said === undefined,
          problems.length === 0,
          said ?? "zot accepts settings that the program reports as too new",
        );
      });
    }
  });
}
