import assert from "node:assert/strict";
import test from "node:test";
import { readConfigSeen } from "../../../../systems/zot/signIn/diagnosis/configSeen.ts";

test("zot's config is read whatever the case of its keys, and none of its secrets is kept", () => {
  const seen = readConfigSeen(
    JSON.stringify({
      HTTP: {
        Auth: {
          ApiKey: "true",
          htpasswd: { path: "/x" },
          OpenID: {
            Providers: { oidc: { clientsecret: "hidden", claimMapping: { username: "email", Groups: "roles" } } },
          },
        },
        accessControl: {
          repositories: {
            "**": {
              policies: [
                { groups: ["ci"], actions: ["read", "create"] },
                { groups: "admins", actions: "create" },
                { groups: ["readers"], actions: ["read"] },
              ],
            },
          },
        },
      },
      extensions: { apikey: { enable: true } },
    }),
  );
  assert.deepEqual(seen, {
    apikey: true,
    openid: true,
    bearer: false,
    htpasswd: true,
    misplacedApikey: true,
    groupsClaim: "roles",
    creators: { "**": ["ci", "admins"] },
  });
});

test("an original config has none of it, and a value that is not a JSON object is not a config", () => {
  assert.deepEqual(readConfigSeen('{"http":{"address":"127.0.0.1"}}'), {
    apikey: false,
    openid: false,
    bearer: false,
    htpasswd: false,
    misplacedApikey: false,
    groupsClaim: "groups",
    creators: {},
  });
  for (const text of ["", "{", "[]", '"x"', "null"]) assert.equal(readConfigSeen(text), undefined);
});
