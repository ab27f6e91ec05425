import assert from "node:assert/strict";
import test from "node:test";
import { readServedConfig } from "../../../../../systems/zot/host/deploy/servedConfig.ts";

const OIDC = { issuer: "https://auth.example.net/application/o/zot/", credentialsFile: "/etc/zot/oidc.json" };

function config(http: object = {}): object {
  return {
    storage: { rootDirectory: "/var/lib/zot" },
    http: { address: "0.0.0.0", port: "5000", auth: { openid: { providers: { oidc: OIDC } } }, ...http },
  };
}

test("a deployment takes its files and the issuer from the config", () => {
  assert.deepEqual(readServedConfig(config()), {
    origin: "http://127.0.0.1:5000",
    dataDirectory: "/var/lib/zot",
    ...OIDC,
    externalUrl: undefined,
    bearer: false,
    log: undefined,
  });
  assert.equal(readServedConfig({ ...config(), log: { output: "/var/log/zot.log" } }).log, "/var/log/zot.log");
});

for (const [address, origin] of [
  ["0.0.0.0", "http://127.0.0.1:5000"],
  ["", "http://127.0.0.1:5000"],
  ["::", "http://[::1]:5000"],
  ["fd00::1", "http://[fd00::1]:5000"],
  ["10.0.0.1", "http://10.0.0.1:5000"],
  ["localhost", "http://localhost:5000"],
] as const) {
  test(`a zot that listens on "${address}" is reached from its own host at ${origin}`, () => {
    assert.equal(readServedConfig(config({ address })).origin, origin);
  });
}

test("the scheme is that of zot's own listener", () => {
  assert.equal(readServedConfig(config({ tls: { cert: "/c", key: "/k" } })).origin, "https://127.0.0.1:5000");
});

test("a port may be a number, and keys may have any case, as in zot", () => {
  const { http, ...rest } = config({ port: 5050 }) as { readonly http: object };
  assert.equal(readServedConfig({ ...rest, HTTP: http }).origin, "http://127.0.0.1:5050");
});

test("one error names everything that the config lacks", () => {
  assert.throws(() => readServedConfig({ http: { auth: { openid: { providers: { github: {} } } } } }), {
    code: "ZOT_CONFIG_INCOMPLETE",
    message:
      "zot's config lacks http.port, storage.rootDirectory, http.auth.openid.providers.oidc.credentialsFile and http.auth.openid.providers.oidc.issuer.\nAdd them: a deployment needs them.",
  });
  assert.throws(() => readServedConfig({ ...config(), storage: {} }), {
    message: "zot's config lacks storage.rootDirectory.\nAdd it: a deployment needs it.",
  });
});
