import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { formatZotConfig, renderZotConfig, startDigest } from "../../domain/zotConfig.ts";
import { assertKeepsPolicy, parseZotVersion } from "../../domain/zotVersion.ts";
import type { ZotVersion } from "../../domain/zotVersion.ts";
import { parseSettings } from "../../domain/settings/parse.ts";
import { REAL_CASE, realCase } from "./fixtures.ts";

const EXPECTED = JSON.parse(
  readFileSync(new URL("../data/zot-config.expected.json", import.meta.url), "utf8"),
) as Record<string, unknown>;

function version(text: string): ZotVersion {
  const parsed = parseZotVersion(text);
  assert.ok(parsed);
  return parsed;
}

test("the real case on zot 2.1.17 is the config of the real case, key for key and in its order", () => {
  const text = formatZotConfig(renderZotConfig(realCase(), version("2.1.17"), realCase().registry));
  assert.equal(text, `${JSON.stringify(EXPECTED, null, 2)}\n`);
});

for (const release of ["2.1.18", "2.1.20"]) {
  test(`the real case on zot ${release} differs in the metrics policy alone`, () => {
    const rendered = renderZotConfig(realCase(), version(release), realCase().registry);
    const { metrics, ...others } = rendered.http.accessControl;
    assert.deepEqual(metrics, { anonymousPolicy: ["read"] });
    const restored = {
      ...rendered,
      http: { ...rendered.http, accessControl: { metrics: { users: [""] }, ...others } },
    };
    assert.equal(JSON.stringify(restored), JSON.stringify(EXPECTED));
  });
}

test("without anonymous access neither reading nor metrics are open", () => {
  const settings = parseSettings({ ...REAL_CASE, access: { anonymousRead: false, anonymousMetrics: false } });
  const { accessControl } = renderZotConfig(settings, version("2.1.20"), settings.registry).http;
  assert.equal(accessControl.metrics, undefined);
  assert.deepEqual(accessControl.repositories["**"]?.anonymousPolicy, []);
});

test("a changed access policy needs no restart, a changed port, issuer or log level does", () => {
  const digest = (change: Record<string, unknown>): string => {
    const settings = parseSettings({ ...REAL_CASE, ...change });
    return startDigest(renderZotConfig(settings, version("2.1.20"), settings.registry));
  };
  const before = digest({});
  assert.equal(digest({ access: { ciGroup: "pushers", anonymousRead: false } }), before);
  assert.equal(digest({ registry: { ...REAL_CASE.registry, pullThrough: [] } }), before);
  assert.notEqual(digest({ registry: { ...REAL_CASE.registry, port: 5051 } }), before);
  assert.notEqual(digest({ registry: { ...REAL_CASE.registry, logLevel: "debug" } }), before);
  assert.notEqual(digest({ authentik: { ...REAL_CASE.authentik, application: "registry" } }), before);
});

test("a zot that lets CI overwrite tags is refused, unless that is accepted by name", () => {
  assert.throws(() => assertKeepsPolicy(version("2.1.18"), false), {
    code: "ZOT_VERSION_OVERWRITES",
    message: /2\.1\.18.*registry\.acceptCiOverwrite/,
  });
  assert.doesNotThrow(() => assertKeepsPolicy(version("2.1.18"), true));
  assert.doesNotThrow(() => assertKeepsPolicy(version("2.1.19"), false));
  assert.throws(() => assertKeepsPolicy(version("2.1.12"), true), { code: "ZOT_VERSION_UNSUPPORTED" });
});

test("versions are found in what zot prints, and compared by number", () => {
  const printed = '{"level":"info","distribution-spec":"1.1.1","commit":"v2.1.20-0-g3b5796d8","go version":"go1.26.8"}';
  assert.deepEqual(parseZotVersion(printed), { major: 2, minor: 1, patch: 20 });
  assert.deepEqual(parseZotVersion("v2.1.9"), { major: 2, minor: 1, patch: 9 });
  assert.equal(parseZotVersion("zot"), undefined);
});
