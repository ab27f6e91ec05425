import { deepEqual, doesNotMatch, match } from "node:assert/strict";
import { describe, it } from "node:test";
import { at } from "../../../../../core/json.ts";
import { version } from "../../../../support/settings.ts";
import { adopted, paths } from "./support.ts";

const EVERYTHING = ["read", "create", "update", "delete"];
const RULES = {
  repositories: {
    "**": {
      policies: [
        { groups: ["admins"], actions: EVERYTHING },
        { groups: ["artifact-workloads"], actions: ["read", "create"] },
      ],
    },
  },
};

describe("configs written in other ways", () => {
  it("in capitals, with numbers as texts and texts as lists, and the key of a group twice", () => {
    const { settings, notKept } = adopted({
      STORAGE: { RootDirectory: "./data", GC: "true", GCDelay: 7_200_000_000_000 },
      HTTP: {
        Address: "0.0.0.0",
        Port: 5001,
        Auth: {
          HTPasswd: { Path: "/etc/htpasswd" },
          OpenID: {
            Providers: {
              OIDC: {
                Issuer: "https://A.example/application/o/Reg/",
                CredentialsFile: "creds.json",
                Scopes: "openid",
              },
            },
          },
        },
        AccessControl: {
          Repositories: {
            "Team/**": { Policies: [{ Groups: ["Admins"], Actions: EVERYTHING }], DefaultPolicy: "read" },
          },
        },
      },
      http: { realm: "never read" },
    });
    deepEqual(settings["registry"], { url: "https://registry.example.net", port: 5001 });
    deepEqual(at(settings, "zot", "storage"), { gcDelay: "2 hours", gcInterval: "1 hour" });
    deepEqual(at(settings, "zot", "extra"), { http: { auth: { htpasswd: { path: "/etc/htpasswd" } } } });
    deepEqual(at(settings, "access", "namespaces"), { "team/**": { ci: "none", signedInRead: true } });
    deepEqual(settings["authentik"], { url: "https://a.example", application: "Reg" });
    const provider = "http.auth.openid.providers.oidc";
    deepEqual(paths(notKept), ["http", `${provider}.credentialsFile`, `${provider}.issuer`, "storage.rootDirectory"]);
    const reason = (path: string) => notKept.find((row) => row.path === path)?.reason ?? "";
    match(reason("http"), /the same key as HTTP/);
    match(reason("storage.rootDirectory"), /"\.\/data" depends on the folder .*registry\.dataDirectory/);
  });

  it("for a release without time limits, and for one with them", () => {
    const config = {
      storage: { rootDirectory: "/r" },
      http: { address: "0.0.0.0", port: "5000", externalUrl: "https://registry.example.net", accessControl: RULES },
    };
    deepEqual(paths(adopted(config, { version: version("2.1.13") }).added), ["http.auth"]);
    deepEqual(paths(adopted(config, { version: version("2.1.17") }).added), [
      "http.auth",
      "http.readTimeout",
      "http.writeTimeout",
    ]);
  });

  it("with a name for the address, a port that is none, and no access for anyone", () => {
    const { settings, notKept, added } = adopted({
      storage: {},
      http: { address: "registry.lan", port: "0", accessControl: { repositories: {} } },
    });
    deepEqual(paths(notKept), ["http.address", "http.port"]);
    deepEqual(settings["registry"], { url: "https://registry.example.net" });
    deepEqual(settings["access"], { anonymousRead: false, signedInRead: false, anonymousMetrics: false });
    match(added.find(({ path }) => path === "storage.rootDirectory")?.reason ?? "", /registry\.dataDirectory/);
  });

  it("with a client ID in the credentials file, or in the config", () => {
    const config = (provider: object) => ({
      storage: { rootDirectory: "/r" },
      http: {
        address: "0.0.0.0",
        port: "5000",
        auth: { openid: { providers: { oidc: { issuer: "https://a.example/application/o/zot/", ...provider } } } },
        accessControl: RULES,
      },
    });
    const file = { credentialsFile: "/etc/zot/oidc.json", scopes: ["openid", "email", "profile"] };
    deepEqual(adopted(config(file), { clientId: "registry" }).settings["authentik"], {
      url: "https://a.example",
      clientId: "registry",
    });
    const inline = { clientid: "inline", clientsecret: "x", scopes: ["openid"] };
    deepEqual(adopted(config(inline)).settings["authentik"], { url: "https://a.example", clientId: "inline" });
  });

  it("with an extension of a newer zot, which the schema of the one on the host does not know", () => {
    const config = {
      storage: { rootDirectory: "/r", newStore: { shards: 3 } },
      http: { address: "0.0.0.0", port: "5000", accessControl: RULES },
    };
    deepEqual(paths(adopted(config, { version: version("2.1.20") }).notKept), ["storage.newStore"]);
  });
});

describe("values that no setting takes", () => {
  it("are adopted, or left to zot.extra, and the settings stay valid", () => {
    const retention = { policies: [{ repositories: [], keepTags: [{ patterns: ["^v"] }] }] };
    const { settings, notKept } = adopted(
      {
        storage: { rootDirectory: "/r", retention },
        http: { address: "0.0.0.0", port: "5000", readTimeout: "2500ms", accessControl: RULES },
        log: { level: "panic" },
      },
      { version: version("2.1.20") },
    );
    deepEqual(paths(notKept), ["http.readTimeout", "log.level"]);
    deepEqual(at(settings, "zot", "extra"), { storage: { retention } });
  });
});

describe("extensions", () => {
  const BASE = { storage: { rootDirectory: "/r" }, http: { address: "0.0.0.0", port: "5000", accessControl: RULES } };

  it("of a mirror whose address contains a token is not kept", () => {
    const registries = [{ urls: ["https://hunter2@docker.io"], onDemand: true, content: [{ prefix: "**" }] }];
    const result = adopted({ ...BASE, extensions: { sync: { enable: true, registries } } });
    deepEqual(paths(result.notKept), ["extensions.sync"]);
    match(result.notKept[0]?.reason ?? "", /contains a secret \(not shown\)/);
    doesNotMatch(JSON.stringify(result), /hunter2/);
  });

  it("of events keep their sinks, but none with a secret", () => {
    const nats = { type: "nats", address: "nats://127.0.0.1:4222", timeout: "10s", channel: "alerts" };
    const file = {
      type: "http",
      address: "https://b.example",
      credentials: { username: "zot", file: "/etc/zot/hook" },
    };
    const { settings, notKept } = adopted({
      ...BASE,
      extensions: {
        events: {
          enable: true,
          sinks: [
            nats,
            { type: "http", address: "https://a.example", headers: { Authorization: "Bearer hunter2" } },
            file,
            { type: "http", address: "https://d.example", headers: { "X-Hook-Key": "hunter2" } },
            { type: "http", address: "https://c.example", credentials: { username: "zot", password: "hunter2" } },
            { type: "http", address: "https://e.example/services/T024BE7LH/hunter2hunter2hunter2" },
            { type: "nats", address: "nats://hunter2@f.example:4222" },
          ],
        },
      },
    });
    deepEqual(paths(notKept), [
      "extensions.events.sinks.https://a.example",
      "extensions.events.sinks.https://c.example",
      "extensions.events.sinks.https://d.example",
      "extensions.events.sinks.https://e.example/[secret]",
      "extensions.events.sinks.nats://[secret]@f.example:4222",
    ]);
    deepEqual(at(settings, "zot", "extra"), { extensions: { events: { enable: true, sinks: [nats, file] } } });
  });

  it("become settings, on or off, in old and new spelling", () => {
    const { settings, notKept } = adopted({
      ...BASE,
      extensions: {
        metrics: { prometheus: { path: "/prom" } },
        search: {
          enable: true,
          cve: {
            updateInterval: "30m",
            trivy: { dbRepository: "mirror.example/trivy-db", vulnSeveritySources: ["nvd", "auto"] },
          },
        },
        ui: { enable: false },
        scrub: { interval: "12h" },
        lint: { enable: true, mandatoryAnnotations: ["org.opencontainers.image.source", "maintainer"] },
        trust: { enable: true, cosign: true },
        apikey: { enable: true },
        mgmt: {},
      },
    });
    deepEqual(paths(notKept), ["extensions.apikey"]);
    deepEqual(settings["zot"], {
      storage: { gcInterval: "1 hour" },
      log: { level: "debug" },
      metrics: { path: "/prom" },
      search: { cveUpdateInterval: "2 hours", trivyDatabase: "mirror.example/trivy-db" },
      ui: false,
      scrubInterval: "12 hours",
      mandatoryAnnotations: ["org.opencontainers.image.source", "maintainer"],
      extra: {
        extensions: {
          search: { cve: { trivy: { vulnSeveritySources: ["nvd", "auto"] } } },
          trust: { enable: true, cosign: true },
        },
      },
    });
  });
});
