import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isSecret, withoutSecrets } from "../../../../systems/zot/config/schema/secretValues.ts";

const KEYS = [
  ["clientSecret", "of OIDC"],
  ["bindPassword", "of LDAP"],
  ["sentinel_password", "of redis"],
  ["secretkey", "of S3"],
  ["secret_access_key", "as other tools write it"],
  ["accessKey", "of S3"],
  ["accountkey", "of Azure"],
  ["session_token", "of S3"],
  ["X-Webhook-Key", "of an event sink"],
  ["Proxy-Authorization", "of an event sink"],
  ["passphrase", "of a key"],
  ["private_key", "of Google"],
] as const;
const NAMES = [
  ["credentialsFile", "/etc/zot/oidc.json"],
  ["sessionKeysFile", "/etc/zot/keys"],
  ["key", "/etc/zot/tls.key"],
  ["path", "/etc/zot/htpasswd"],
  ["name", "redis"],
  ["keyprefix", "zot"],
  ["url", "redis://cache:6379"],
  ["userAttribute", "uid"],
] as const;

describe("a secret in zot's config", () => {
  for (const [key, what] of KEYS) {
    it(`is ${key} ${what}`, () => {
      assert.ok(isSecret(key, "hunter2"));
      assert.ok(!isSecret(key, ""));
      assert.deepEqual(withoutSecrets({ some: { [key]: "hunter2" } }), { some: { [key]: "[secret]" } });
    });
  }

  it("is within an object or a list of such a name, too", () => {
    assert.deepEqual(withoutSecrets({ credentials: { secret: "hunter2" }, cookie: ["a"] }), {
      credentials: { secret: "[secret]" },
      cookie: ["[secret]"],
    });
  });

  for (const [key, value] of NAMES) {
    it(`is not ${key}: ${value}`, () => {
      assert.ok(!isSecret(key, value));
      assert.deepEqual(withoutSecrets({ [key]: value }), { [key]: value });
    });
  }

  it("is no switch", () => {
    assert.deepEqual(withoutSecrets({ auth: { apikey: true } }), { auth: { apikey: true } });
  });
});
