import { deepEqual, doesNotMatch } from "node:assert/strict";
import { describe, it } from "node:test";
import { at } from "../../../../../core/json.ts";
import { adopted, paths } from "./support.ts";

const EVERYTHING = ["read", "create", "update", "delete"];

describe("other ways to sign in than Authentik, in configs that were made by hand", () => {
  it("keeps GitHub and GitLab, but not a Keycloak in Authentik's place, nor a provider with its secret in the config", () => {
    const { settings, notKept, added } = adopted({
      storage: { rootDirectory: "/r" },
      http: {
        address: "0.0.0.0",
        port: "5000",
        externalUrl: "HTTPS://R.Example.net:443/",
        auth: {
          openid: {
            providers: {
              github: { credentialsFile: "/etc/gh.json", scopes: ["read:org", "user"] },
              gitlab: { credentialsFile: "/etc/gl.json", issuer: "https://gitlab.com", scopes: ["openid", "read_api"] },
              google: {
                clientid: "x",
                clientsecret: "hunter2",
                issuer: "https://accounts.google.com",
                scopes: ["openid"],
              },
              oidc: {
                issuer: "https://keycloak.example/realms/main",
                clientid: "zot-registry",
                clientsecret: "hunter2",
                keypath: "/etc/zot/key.pem",
                scopes: ["profile", "read:x"],
                claimMapping: { username: "email" },
              },
            },
          },
        },
        accessControl: { repositories: { "**": { policies: [{ groups: ["admins"], actions: EVERYTHING }] } } },
      },
    });
    doesNotMatch(JSON.stringify([settings, notKept, added]), /hunter2/);
    const provider = "http.auth.openid.providers.oidc";
    deepEqual(
      paths(notKept),
      [
        "http.auth.openid.providers.google",
        `${provider}.claimMapping.username`,
        `${provider}.clientid`,
        `${provider}.clientsecret`,
        `${provider}.issuer`,
        `${provider}.scopes`,
        "http.externalUrl",
      ].toSorted(),
    );
    deepEqual(settings["authentik"], { clientId: "zot-registry" });
    deepEqual(at(settings, "zot", "auth"), { secureSession: false, scopes: ["openid", "profile"] });
    deepEqual(at(settings, "zot", "extra"), {
      http: {
        auth: {
          openid: {
            providers: {
              github: { credentialsFile: "/etc/gh.json", scopes: ["read:org", "user"] },
              gitlab: { credentialsFile: "/etc/gl.json", issuer: "https://gitlab.com", scopes: ["openid", "read_api"] },
              oidc: { keypath: "/etc/zot/key.pem" },
            },
          },
        },
      },
    });
  });

  it("keeps certificates of clients", () => {
    const { settings, notKept } = adopted(
      {
        storage: { rootDirectory: "/r" },
        http: {
          address: "0.0.0.0",
          port: "8443",
          tls: { cert: "/etc/zot/tls.crt", key: "/etc/zot/tls.key", cacert: "/etc/zot/ca.crt" },
          auth: { mtls: { identityAttributes: ["CommonName"] } },
          accessControl: {
            repositories: {
              "**": {
                policies: [{ users: ["builder", "anna"], actions: ["read", "create"] }],
                defaultPolicy: ["read"],
              },
            },
          },
        },
        log: { level: "debug" },
      },
      { ciUser: "builder" },
    );
    deepEqual(
      paths(notKept),
      ["http.auth.apikey", "http.accessControl.repositories.**.policies (user builder)"].toSorted(),
    );
    deepEqual(at(settings, "zot", "http"), {
      tls: { cert: "/etc/zot/tls.crt", key: "/etc/zot/tls.key", caCert: "/etc/zot/ca.crt" },
    });
    deepEqual(at(settings, "zot", "extra"), { http: { auth: { mtls: { identityAttributes: ["CommonName"] } } } });
    deepEqual(at(settings, "access", "users"), { anna: ["read", "create"] });
  });

  it("drops tokens of another server", () => {
    const { notKept, settings } = adopted({
      storage: { rootDirectory: "/r" },
      http: {
        address: "0.0.0.0",
        port: "5000",
        auth: { bearer: { realm: "https://auth.example/token", service: "r", cert: "/etc/bearer.crt" } },
      },
    });
    deepEqual(paths(notKept), ["http.auth.apikey", "http.auth.bearer"].toSorted());
    deepEqual(settings["access"], { anonymousRead: false, signedInActions: ["create"], anonymousMetrics: false });
  });
});
