import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { version } from "../../../../support/settings.ts";
import { adopted, rendered, stackOf } from "./support.ts";

const REAL = {
  distSpecVersion: "1.1.0",
  storage: {
    rootDirectory: "/Users/erichblume/zot",
    gc: true,
    gcDelay: "1h",
    gcInterval: "24h",
  },
  http: {
    address: "0.0.0.0",
    port: "5050",
    externalUrl: "https://registry.ops.eblu.me",
    auth: {
      openid: {
        providers: {
          oidc: {
            credentialsFile: "/Users/erichblume/.config/zot/oidc-credentials.json",
            issuer: "https://authentik.ops.eblu.me/application/o/zot/",
            scopes: ["openid", "email", "profile"],
            claimMapping: {
              username: "preferred_username",
            },
          },
        },
      },
      apikey: true,
    },
    accessControl: {
      metrics: {
        users: [""],
      },
      repositories: {
        "**": {
          policies: [
            {
              groups: ["artifact-workloads"],
              actions: ["read", "create"],
            },
            {
              groups: ["admins"],
              actions: ["read", "create", "update", "delete"],
            },
          ],
          anonymousPolicy: ["read"],
          defaultPolicy: ["read"],
        },
      },
    },
  },
  log: {
    level: "info",
  },
  extensions: {
    metrics: {
      enable: true,
      prometheus: {
        path: "/metrics",
      },
    },
    sync: {
      enable: true,
      registries: [
        {
          urls: ["https://registry-1.docker.io"],
          content: [
            {
              prefix: "**",
              destination: "/docker.io",
            },
          ],
          onDemand: true,
          tlsVerify: true,
        },
        {
          urls: ["https://ghcr.io"],
          content: [
            {
              prefix: "**",
              destination: "/ghcr.io",
            },
          ],
          onDemand: true,
          tlsVerify: true,
        },
        {
          urls: ["https://quay.io"],
          content: [
            {
              prefix: "**",
              destination: "/quay.io",
            },
          ],
          onDemand: true,
          tlsVerify: true,
        },
      ],
    },
    search: {
      enable: true,
      cve: {
        updateInterval: "24h",
      },
    },
    ui: {
      enable: true,
    },
  },
};

describe("adoptConfig", () => {
  it("gives back the real case, byte for byte", () => {
    const before = version("2.1.16");
    const result = adopted(REAL, { version: before, imagePrefix: "blumeops" });
    deepEqual([result.notKept, result.added], [[], []]);
    equal(JSON.stringify(rendered(stackOf(result), before), null, 2), JSON.stringify(REAL, null, 2));
    deepEqual(result.settings, {
      registry: {
        url: "https://registry.ops.eblu.me",
        port: 5050,
        dataDirectory: "/Users/erichblume/zot",
        credentialsFile: "/Users/erichblume/.config/zot/oidc-credentials.json",
        pullThrough: [
          { name: "docker.io", url: "https://registry-1.docker.io" },
          { name: "ghcr.io", url: "https://ghcr.io" },
          { name: "quay.io", url: "https://quay.io" },
        ],
      },
      zot: { auth: { secureSession: false } },
      authentik: { url: "https://authentik.ops.eblu.me" },
    });
  });
});
