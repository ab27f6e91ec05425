import { deepEqual, doesNotMatch } from "node:assert/strict";
import { describe, it } from "node:test";
import { at } from "../../../../../core/json.ts";
import { adopted, paths } from "./support.ts";

const EVERYTHING = ["read", "create", "update", "delete"];
const TIME_LIMITS = ["http.readTimeout", "http.writeTimeout"];

describe("sign-in of configs that were made by hand", () => {
  it("keeps LDAP beside Authentik, with groups whose names are distinguished names", () => {
    const { settings, notKept, added } = adopted({
      distSpecVersion: "1.1.1",
      storage: { rootDirectory: "/srv/zot", gc: true, gcInterval: "6h" },
      http: {
        address: "10.0.0.5",
        port: "5000",
        realm: "registry",
        externalUrl: "https://cr.corp.example",
        auth: {
          ldap: {
            credentialsFile: "/etc/zot/ldap.json",
            address: "ldap.corp.example",
            port: 636,
            startTLS: false,
            baseDN: "ou=People,dc=corp,dc=example",
            userAttribute: "uid",
            userGroupAttribute: "memberOf",
            subtreeSearch: true,
          },
          openid: {
            providers: {
              oidc: {
                name: "Authentik",
                credentialsFile: "/etc/zot/oidc.json",
                issuer: "https://auth.corp.example/application/o/cr/",
                scopes: ["openid", "profile", "email", "groups"],
                claimMapping: { username: "preferred_username" },
              },
            },
          },
          failDelay: 3,
        },
        accessControl: {
          repositories: {
            "**": {
              policies: [
                { groups: ["cn=platform,ou=Groups,dc=corp,dc=example"], actions: EVERYTHING },
                { groups: ["ci"], actions: ["read", "create"] },
                { groups: ["developers", "testers"], users: ["lena"], actions: ["read", "create", "update"] },
              ],
              defaultPolicy: ["read"],
            },
            "scratch/**": { defaultPolicy: EVERYTHING },
          },
        },
      },
      log: { level: "warn", output: "/var/log/zot.log", audit: "/var/log/zot-audit.log" },
    });
    deepEqual([notKept, paths(added)], [[], TIME_LIMITS.toSorted()]);
    deepEqual(settings, {
      registry: {
        url: "https://cr.corp.example",
        address: "10.0.0.5",
        dataDirectory: "/srv/zot",
        credentialsFile: "/etc/zot/oidc.json",
      },
      zot: {
        storage: { gcInterval: "6 hours" },
        http: { realm: "registry" },
        auth: {
          secureSession: false,
          failDelay: "3 seconds",
          scopes: ["openid", "profile", "email", "groups"],
          providerName: "Authentik",
        },
        log: { level: "warn", output: "/var/log/zot.log", audit: "/var/log/zot-audit.log" },
        metrics: { enable: false },
        search: { enable: false },
        ui: false,
        extra: {
          http: {
            auth: {
              ldap: {
                credentialsFile: "/etc/zot/ldap.json",
                address: "ldap.corp.example",
                port: 636,
                startTLS: false,
                baseDN: "ou=People,dc=corp,dc=example",
                userAttribute: "uid",
                userGroupAttribute: "memberOf",
                subtreeSearch: true,
              },
            },
            accessControl: { repositories: { "scratch/**": { defaultPolicy: EVERYTHING } } },
          },
        },
      },
      access: {
        adminGroup: "cn=platform,ou=Groups,dc=corp,dc=example",
        ciGroup: "ci",
        anonymousRead: false,
        anonymousMetrics: false,
        groups: { developers: ["read", "create", "update"], testers: ["read", "create", "update"] },
        users: { lena: ["read", "create", "update"] },
      },
      authentik: { url: "https://auth.corp.example", application: "cr" },
    });
  });

  it("drops LDAP whose password is in the config, and adds Authentik", () => {
    const config = {
      storage: { rootDirectory: "/srv/zot" },
      http: {
        port: "5000",
        address: "0.0.0.0",
        auth: { ldap: { address: "ldap", bindDN: "cn=zot", bindPassword: "hunter2", userAttribute: "uid" } },
        accessControl: { repositories: { "**": { policies: [{ users: ["root"], actions: EVERYTHING }] } } },
      },
    };
    const { settings, notKept, added } = adopted(config);
    deepEqual(paths(notKept), ["http.auth.apikey", "http.auth.ldap"].toSorted());
    doesNotMatch(JSON.stringify([settings, notKept, added]), /hunter2/);
    deepEqual(
      paths(added),
      [
        "http.externalUrl",
        ...TIME_LIMITS,
        "http.auth.openid",
        "http.accessControl.repositories.**.policies (group artifact-workloads)",
        "http.accessControl.repositories.**.policies (group admins)",
      ].toSorted(),
    );
    deepEqual(at(settings, "access", "users"), { root: EVERYTHING });
  });

  it("keeps htpasswd beside Authentik, and corrects an issuer without its slash", () => {
    const { settings, notKept, added } = adopted({
      distSpecVersion: "1.1.0",
      storage: { rootDirectory: "/data", dedupe: false },
      http: {
        address: "127.0.0.1",
        port: "5000",
        externalUrl: "https://r.example.org",
        readTimeout: "90s",
        auth: {
          htpasswd: { path: "/etc/zot/htpasswd" },
          apikey: true,
          secureSession: true,
          sessionKeysFile: "/etc/zot/sessions.json",
          openid: {
            callbackAllowOrigins: ["https://ui.example.org"],
            providers: {
              oidc: {
                credentialsFile: "/etc/zot/oidc.json",
                issuer: "https://sso.example.org/authentik/application/o/registry",
                scopes: ["openid", "email", "profile"],
                claimMapping: { username: "preferred_username", groups: "roles" },
              },
            },
          },
        },
        accessControl: {
          repositories: {
            "**": {
              anonymousPolicy: ["read"],
              defaultPolicy: ["read", "create"],
              policies: [{ groups: ["admin"], actions: ["create", "read", "delete", "update"] }],
            },
          },
        },
      },
      log: { level: "info" },
      extensions: { ui: {}, search: { cve: { updateInterval: "2h" } }, mgmt: { enable: true } },
    });
    deepEqual(paths(notKept), ["http.auth.openid.providers.oidc.issuer", "extensions.mgmt"].toSorted());
    deepEqual(
      paths(added),
      ["http.writeTimeout", "http.accessControl.repositories.**.policies (group artifact-workloads)"].toSorted(),
    );
    deepEqual(settings["authentik"], { url: "https://sso.example.org/authentik", application: "registry" });
    deepEqual(settings["access"], { adminGroup: "admin", signedInActions: ["create"], anonymousMetrics: false });
    deepEqual(settings["zot"], {
      storage: { dedupe: false, gcInterval: "1 hour" },
      http: { readTimeout: "90 seconds" },
      auth: {
        sessionKeysFile: "/etc/zot/sessions.json",
        groupsClaim: "roles",
        callbackAllowOrigins: ["https://ui.example.org"],
      },
      metrics: { enable: false },
      search: { cveUpdateInterval: "2 hours" },
      extra: { http: { auth: { htpasswd: { path: "/etc/zot/htpasswd" } } } },
    });
  });

  it("gives a registry without sign-in rules: anyone pulls, and who signs in pushes", () => {
    const { settings, notKept, added } = adopted({
      distSpecVersion: "1.1.1",
      storage: { rootDirectory: "/var/lib/registry" },
      http: { address: "127.0.0.1", port: "8080" },
      log: { level: "debug" },
    });
    deepEqual(
      [notKept, paths(added)],
      [[], ["http.externalUrl", ...TIME_LIMITS, "http.auth", "http.accessControl"].toSorted()],
    );
    deepEqual(settings, {
      registry: {
        url: "https://registry.example.net",
        address: "127.0.0.1",
        port: 8080,
        dataDirectory: "/var/lib/registry",
      },
      zot: {
        storage: { gcInterval: "1 hour" },
        log: { level: "debug" },
        metrics: { enable: false },
        search: { enable: false },
        ui: false,
      },
      access: { signedInActions: ["create"] },
    });
  });
});
