import { deepEqual, doesNotMatch } from "node:assert/strict";
import { describe, it } from "node:test";
import { at } from "../../../../../core/json.ts";
import { adopted, paths } from "./support.ts";

const HTTP = { address: "0.0.0.0", port: "5000" };

describe("storage of configs that were made by hand", () => {
  it("stays in S3 and DynamoDB, without the keys that stand in the config", () => {
    const { settings, notKept, added } = adopted({
      distSpecVersion: "1.1.1",
      storage: {
        rootDirectory: "/tmp/zot",
        dedupe: true,
        remoteCache: true,
        storageDriver: {
          name: "s3",
          rootdirectory: "/registry",
          region: "eu-central-1",
          bucket: "images",
          accesskey: "AKIAHUNTER2",
          secretkey: "hunter2",
          forcepathstyle: true,
        },
        cacheDriver: { name: "dynamodb", endpoint: "https://dynamodb.example", cacheTablename: "Blobs" },
        subPaths: {
          "/cold": {
            rootDirectory: "/tmp/cold",
            dedupe: true,
            storageDriver: { name: "s3", bucket: "cold", region: "eu-central-1" },
            cacheDriver: { name: "redis", url: "redis://zot:hunter2@redis:6379/1" },
          },
        },
      },
      http: HTTP,
    });
    doesNotMatch(JSON.stringify([settings, notKept, added]), /hunter2/i);
    deepEqual(
      paths(notKept),
      [
        "storage.storageDriver.accesskey",
        "storage.storageDriver.secretkey",
        "storage.subPaths./cold.cacheDriver.url",
      ].toSorted(),
    );
    deepEqual(at(settings, "zot", "extra"), {
      storage: {
        remoteCache: true,
        storageDriver: {
          name: "s3",
          rootdirectory: "/registry",
          region: "eu-central-1",
          bucket: "images",
          forcepathstyle: true,
        },
        cacheDriver: { name: "dynamodb", endpoint: "https://dynamodb.example", cacheTablename: "Blobs" },
        subPaths: {
          "/cold": {
            storageDriver: { name: "s3", bucket: "cold", region: "eu-central-1" },
            cacheDriver: { name: "redis" },
          },
        },
      },
    });
    deepEqual(at(settings, "zot", "storage"), {
      dedupe: true,
      gcInterval: "1 hour",
      subPaths: { "/cold": { dataDirectory: "/tmp/cold", dedupe: true, gc: false, gcInterval: "1 hour" } },
    });
  });

  it("keeps Redis and a session store beside local folders", () => {
    const { settings, notKept } = adopted({
      storage: {
        rootDirectory: "/srv/zot",
        commit: true,
        cacheDriver: { name: "redis", url: "redis://localhost:6379", keyprefix: "zot" },
      },
      http: {
        ...HTTP,
        auth: { htpasswd: { path: "/etc/htpasswd" }, sessionDriver: { name: "redis", keyprefix: "s" } },
      },
      scheduler: { numWorkers: 3 },
      cluster: { members: ["127.0.0.1:9000"], hashKey: "loremipsumdolors" },
    });
    deepEqual(paths(notKept), ["http.auth.apikey"].toSorted());
    deepEqual(at(settings, "zot", "storage"), { gcInterval: "1 hour", commit: true });
  });

  it("keeps several folders, each with its own cleaning, and CI in the one that it has", () => {
    const { settings, notKept } = adopted(
      {
        storage: {
          rootDirectory: "/pool/a",
          gc: true,
          gcDelay: "1h",
          gcInterval: "24h",
          dedupe: true,
          subPaths: {
            "/infra": { rootDirectory: "/pool/infra", dedupe: true },
            "/ml": {
              rootDirectory: "/pool/ml",
              dedupe: false,
              gc: true,
              gcDelay: "90m",
              gcInterval: "12h",
              retention: {
                policies: [{ repositories: ["ml/**"], keepTags: [{ patterns: [".*"], mostRecentlyPushedCount: 3 }] }],
              },
            },
            "/with space": { rootDirectory: "/pool/space" },
            "/relative": { rootDirectory: "pool" },
          },
        },
        http: {
          ...HTTP,
          accessControl: {
            repositories: {
              "infra/**": {
                policies: [
                  { groups: ["registry-admins"], actions: ["read", "create", "update", "delete"] },
                  { groups: ["pipeline"], actions: ["read", "create"] },
                ],
                anonymousPolicy: ["read"],
              },
              "ml/**": {
                policies: [
                  { groups: ["registry-admins"], actions: ["read", "create", "update", "delete"] },
                  { groups: ["data"], actions: ["read", "create", "update"] },
                ],
              },
            },
          },
        },
        log: { level: "fatal" },
      },
      { imagePrefix: undefined },
    );
    deepEqual(paths(notKept), ["log.level"].toSorted());
    deepEqual(at(settings, "zot", "storage"), {
      dedupe: true,
      subPaths: {
        "/infra": { dataDirectory: "/pool/infra", dedupe: true, gc: false, gcInterval: "1 hour" },
        "/ml": {
          dataDirectory: "/pool/ml",
          dedupe: false,
          gcDelay: "90 minutes",
          gcInterval: "12 hours",
          retention: {
            delay: "90 minutes",
            policies: [{ repositories: ["ml/**"], keepTags: [{ patterns: [".*"], mostRecentlyPushedCount: 3 }] }],
          },
        },
      },
    });
    deepEqual(at(settings, "zot", "extra"), {
      storage: {
        subPaths: { "/with space": { rootDirectory: "/pool/space" }, "/relative": { rootDirectory: "pool" } },
      },
    });
    deepEqual(settings["access"], {
      adminGroup: "registry-admins",
      ciGroup: "pipeline",
      ci: "none",
      anonymousRead: false,
      signedInRead: false,
      anonymousMetrics: false,
      namespaces: {
        "infra/**": { ci: "push", anonymousRead: true },
        "ml/**": { groups: { data: ["read", "create", "update"] } },
      },
    });
    deepEqual(
      [settings["ci"], settings["acceptance"]],
      [{ imagePrefix: "infra" }, { repository: "infra/zot-auth-acceptance" }],
    );
  });

  it("keeps retention rule by rule, in its order", () => {
    const { settings, notKept } = adopted({
      storage: {
        rootDirectory: "/r",
        gc: true,
        gcDelay: "2h",
        gcInterval: "1h",
        retention: {
          dryRun: true,
          delay: "24h",
          policies: [
            {
              repositories: ["infra/*", "prod/*"],
              deleteReferrers: false,
              keepTags: [{ patterns: ["v2.*", ".*-prod"] }, { patterns: ["v3.*"], pulledWithin: "168h" }],
            },
            {
              repositories: ["tmp/**"],
              deleteReferrers: true,
              deleteUntagged: true,
              keepTags: [{ patterns: ["v1.*"], pulledWithin: "168h", pushedWithin: "168h" }],
              keepUntagged: { pushedWithin: "168h" },
            },
            { repositories: ["**"], deleteUntagged: false, keepTags: [{ mostRecentlyPushedCount: 10 }] },
          ],
        },
      },
      http: HTTP,
    });
    deepEqual(notKept, []);
    deepEqual(at(settings, "zot", "storage"), {
      gcDelay: "2 hours",
      gcInterval: "1 hour",
      retention: {
        dryRun: true,
        policies: [
          {
            repositories: ["infra/*", "prod/*"],
            keepTags: [{ patterns: ["v2.*", ".*-prod"] }, { patterns: ["v3.*"], pulledWithin: "7 days" }],
          },
          {
            repositories: ["tmp/**"],
            deleteReferrers: true,
            keepUntagged: { pushedWithin: "7 days" },
            keepTags: [{ patterns: ["v1.*"], pulledWithin: "7 days", pushedWithin: "7 days" }],
          },
          { repositories: ["**"], deleteUntagged: false, keepTags: [{ mostRecentlyPushedCount: 10 }] },
        ],
      },
    });
  });

  it("leaves retention that the setting would tell otherwise to zot.extra, as a whole", () => {
    const retention = {
      delay: "500ms",
      policies: [{ repositories: ["**"], keepTags: [{ patterns: ["^v"], pulledWithin: "1h" }] }],
    };
    const { settings, notKept } = adopted({
      storage: { rootDirectory: "/r", gcDelay: "1500ms", retention },
      http: HTTP,
    });
    deepEqual(paths(notKept), ["storage.gcDelay"].toSorted());
    deepEqual(at(settings, "zot", "extra"), { storage: { retention } });
  });
});
