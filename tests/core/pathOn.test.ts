import assert from "node:assert/strict";
import test from "node:test";
import { pathOn } from "../../core/http/pathOn.ts";

test("the path on a server, which may itself be at a path", () => {
  const cases = [
    ["https://a.net", "https://a.net/x?y=1", "/x?y=1"],
    ["https://a.net", "/x", "/x"],
    ["https://a.net", "https://b.net/x", undefined],
    ["https://a.net", "http://a.net/x", undefined],
    ["https://a.net", "https://a.net:8443/x", undefined],
    ["https://a.net", "//b.net/x", undefined],
    ["https://a.net", "https://a.net@b.net/x", undefined],
    ["https://a.net/auth", "https://a.net/auth/x?y", "/x?y"],
    ["https://a.net/auth", "/auth/x", "/x"],
    ["https://a.net/auth", "/auth", ""],
    ["https://a.net/auth", "/authentik/x", undefined],
    ["https://a.net/auth", "/x", undefined],
    ["https://a.net/auth", "/auth/../x", undefined],
    ["https://a.net", "http://[", undefined],
  ] as const;
  for (const [url, address, path] of cases) assert.equal(pathOn({ url }, address), path, `${address} on ${url}`);
});
