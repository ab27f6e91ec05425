import { deepEqual, doesNotMatch, match } from "node:assert/strict";
import { describe, it } from "node:test";
import { at } from "../../../../../core/json.ts";
import type { JsonObject } from "../../../../../core/json.ts";
import { adopted, paths } from "./support.ts";

const BASE = {
  storage: { rootDirectory: "/r" },
  http: {
    address: "0.0.0.0",
    port: "5000",
    accessControl: {
      repositories: { "**": { policies: [{ groups: ["admins"], actions: ["read", "create", "update", "delete"] }] } },
    },
  },
};

describe("registries that a config mirrors", () => {
  it("become settings, with prefixes, tags and several contents", () => {
    const { settings, notKept } = adopted({
      ...BASE,
      http: { ...BASE.http, compat: ["docker2s2"] },
      extensions: {
        sync: {
          enable: true,
          credentialsFile: "/etc/zot/sync.json",
          registries: [
            {
              urls: ["https://registry-1.docker.io", "https://mirror.example"],
              content: [
                { prefix: "library/**", destination: "/hub", stripPrefix: true, tags: { regex: "^v", semver: true } },
                { prefix: "bitnami/**", destination: "/hub", tags: { excludeRegex: ".*-arm64$" } },
              ],
              onDemand: false,
              pollInterval: "6h",
              onlySigned: true,
              certDir: "/etc/certs",
              tlsVerify: false,
              preserveDigest: true,
              maxRetries: 2,
              retryDelay: "1m30s",
              syncTimeout: "10m",
            },
            { urls: ["https://ghcr.io"], onDemand: true, content: [{ prefix: "**", destination: "ghcr.io/" }] },
            { urls: ["https://quay.io"], onDemand: true, content: [{ prefix: "coreos/*", destination: "/quay" }] },
          ],
        },
      },
    });
    deepEqual(notKept, []);
    deepEqual(at(settings, "zot", "sync"), { credentialsFile: "/etc/zot/sync.json" });
    deepEqual(at(settings, "zot", "extra"), undefined);
    deepEqual(at(settings, "registry", "pullThrough"), [
      {
        name: "hub",
        url: "https://registry-1.docker.io",
        fallbackUrls: ["https://mirror.example"],
        onDemand: false,
        pollInterval: "6 hours",
        contents: [
          { prefix: "library/**", stripPrefix: true, tagsRegex: "^v", semver: true },
          { prefix: "bitnami/**", excludeTagsRegex: ".*-arm64$" },
        ],
        onlySigned: true,
        preserveDigest: true,
        tlsVerify: false,
        certDir: "/etc/certs",
        maxRetries: 2,
        retryDelay: "90 seconds",
        syncTimeout: "10 minutes",
      },
      { name: "ghcr.io", url: "https://ghcr.io" },
      { name: "quay", url: "https://quay.io", prefix: "coreos/*" },
    ]);
  });

  it("go to zot.extra together, if one has no setting; one with a password in its address goes", () => {
    const kept = [
      { urls: ["https://docker.io/library"], content: [{ prefix: "**", destination: "/hub" }], onDemand: true },
      {
        urls: ["https://registry.k8s.io"],
        onDemand: true,
        maxRetries: 3,
        retryDelay: "5m",
        maxRetryDelay: "1h",
        content: [{ prefix: "**", destination: "/k8s" }],
      },
    ];
    const { settings, notKept, added } = adopted({
      ...BASE,
      extensions: {
        sync: {
          downloadDir: "/var/tmp/zot",
          registries: [
            kept[0],
            { urls: ["https://robot:hunter2@quay.example"], content: [{ prefix: "a/**", destination: "/quay" }] },
            kept[1],
          ],
        },
      },
    });
    doesNotMatch(JSON.stringify([settings, notKept, added]), /hunter2/);
    deepEqual(paths(notKept), ["extensions.sync.registries.https://[secret]@quay.example"]);
    deepEqual(at(settings, "zot", "extra"), { extensions: { sync: { registries: kept } } });
    deepEqual(at(settings, "zot", "sync"), { downloadDir: "/var/tmp/zot" });
  });

  it("are not kept where they would replace CI's images", () => {
    const { settings, notKept } = adopted({
      ...BASE,
      extensions: {
        sync: {
          registries: [
            { urls: ["https://index.docker.io"], onDemand: true, maxRetries: 5, retryDelay: "1s" },
            { urls: ["https://demo.goharbor.io"], content: [{ prefix: "zot/**" }], pollInterval: "12h" },
          ],
        },
      },
    });
    deepEqual(paths(notKept), ["extensions.sync.registries.https://index.docker.io"]);
    deepEqual(at(settings, "zot", "extra"), {
      extensions: {
        sync: {
          registries: [{ urls: ["https://demo.goharbor.io"], content: [{ prefix: "zot/**" }], pollInterval: "12h" }],
        },
      },
    });
  });

  it("leave nothing behind when none can be kept", () => {
    const { settings, notKept } = adopted({
      ...BASE,
      extensions: {
        sync: { credentialsFile: "/etc/sync.json", registries: [{ urls: ["https://a.example"], onDemand: true }] },
      },
    });
    deepEqual(paths(notKept), ["extensions.sync"]);
    deepEqual([at(settings, "zot", "sync"), at(settings, "zot", "extra")], [undefined, undefined]);
  });

  it("are not kept where another one's images are, as setting and in zot.extra", () => {
    const hub = { urls: ["https://registry-1.docker.io"], content: [{ prefix: "**", destination: "/hub" }] };
    const quay = { urls: ["https://quay.io"], content: [{ prefix: "**", destination: "/quay" }] };
    const second = { urls: ["https://mirror.example"], content: [{ prefix: "library/**", destination: "/hub" }] };
    const registries = [hub, second, quay];
    const { settings, notKept } = adopted({ ...BASE, extensions: { sync: { registries } } });
    deepEqual(paths(notKept), ["extensions.sync.registries.https://mirror.example"]);
    match(notKept[0]?.reason ?? "", /images such as hub\/library\/\S+ .* place 1: an image would come from whichever/);
    deepEqual(
      (at(settings, "registry", "pullThrough") as readonly JsonObject[]).map(({ name }) => name),
      ["hub", "quay"],
    );
    const more = registries.map((registry) => ({ ...registry, syncLegacyCosignTags: false }));
    const inExtra = adopted({ ...BASE, extensions: { sync: { registries: more } } });
    deepEqual(paths(inExtra.notKept), ["extensions.sync.registries.https://mirror.example"]);
    deepEqual(at(inExtra.settings, "zot", "extra"), { extensions: { sync: { registries: [more[0], more[2]] } } });
    const parts = [hub, second].map((registry, index) => ({
      ...registry,
      content: [{ prefix: index === 0 ? "a/**" : "b/**", destination: "/hub" }],
    }));
    const apart = adopted({ ...BASE, extensions: { sync: { registries: parts } } });
    deepEqual(
      [apart.notKept, at(apart.settings, "zot", "extra")],
      [[], { extensions: { sync: { registries: parts } } }],
    );
  });

  it("that are switched off stay so", () => {
    const sync = {
      enable: false,
      registries: [{ urls: ["https://a.example"], content: [{ prefix: "**", destination: "/a" }] }],
    };
    const { settings, notKept } = adopted({ ...BASE, extensions: { sync } });
    deepEqual([notKept, at(settings, "zot", "extra")], [[], { extensions: { sync } }]);
  });
});
