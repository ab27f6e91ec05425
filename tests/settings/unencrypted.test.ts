import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSettings } from "../../settings/parse.ts";
import { unencrypted } from "../../settings/unencrypted.ts";
import { REAL_CASE } from "../support/settings.ts";

const withUrls = (url: (port: number) => string): readonly string[] =>
  unencrypted(
    parseSettings({
      ...REAL_CASE,
      registry: { ...REAL_CASE.registry, url: url(5000) },
      authentik: { ...REAL_CASE.authentik, url: url(9000) },
      forgejo: { ...REAL_CASE.forgejo, url: url(3000) },
      onePassword: { connectUrl: url(8080), connectToken: "env:CONNECT_TOKEN" },
    }),
  );

test("each address without TLS on another machine is reported, with what can be read there", () => {
  const found = withUrls((port) => `http://rack.lan:${port}`);
  assert.deepEqual(
    found.map((text) => text.slice(0, text.indexOf(":"))),
    ["registry.url", "authentik.url", "forgejo.url", "onePassword.connectUrl"],
  );
  assert.match(found[2] ?? "", /http:\/\/rack\.lan:3000 is not encrypted: .* and rack\.lan can read forgejo\.token/);
  assert.equal(withUrls((port) => `http://[fd00::7]:${port}`).length, 4);
  assert.equal(withUrls((port) => `http://128.0.0.1:${port}`).length, 4);
});

test("neither https nor an address of this machine is", () => {
  for (const host of ["https://rack.lan", "http://127.0.0.1", "http://127.8.0.9", "http://localhost", "http://[::1]"])
    assert.deepEqual(
      withUrls((port) => `${host}:${port}`),
      [],
    );
});
