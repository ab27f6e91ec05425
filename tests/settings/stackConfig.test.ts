import assert from "node:assert/strict";
import test from "node:test";
import { SettingsError, parseSettings } from "../../settings/parse.ts";
import { splitStackConfig } from "../../settings/stackConfig.ts";
import { REAL_CASE } from "../support/settings.ts";

/** A key of `Pulumi.<stack>.yaml` that nobody would read, and what the error says. */
const FOREIGN: readonly (readonly [string, RegExp])[] = [
  ["zotauth:access", /^unknown setting\. Did you mean "zot-auth:access"\?$/],
  ["zot_auth:access", /Did you mean "zot-auth:access"\?/],
  ["Zot-Auth:access", /Did you mean "zot-auth:access"\?/],
  ["zot:access", /Did you mean "zot-auth:access"\?/],
  ["zotauth:acess", /Did you mean "zot-auth:access"\?/],
  ["zotauth:onepassword", /Did you mean "zot-auth:onePassword"\?/],
  ["auth:access:anonymousRead", /Did you mean "zot-auth:access"\?/],
  [
    "zot-auth:access.anonymousRead",
    /pulumi config rm 'zot-auth:access\.anonymousRead'.* config set --path 'zot-auth:access\.anonymousRead'.* write anonymousRead under zot-auth:access in the file\./,
  ],
  ["zot-auth:zot.metrics.enable", /write metrics\.enable under zot-auth:zot in the file\./],
  [
    "zot-auth:ci:user",
    /Did you mean user under zot-auth:ci, as `pulumi config set --path 'zot-auth:ci\.user' <value>` writes it\?/,
  ],
  ["kubernetes:context", /configures its providers itself\. Did you mean "context" of "zot-auth:kubernetes"\?/],
  ["onepassword:account", /Did you mean "account" of "zot-auth:onePassword"\?/],
  ["aws:region", /reads only keys that begin with "zot-auth:"\. Remove it\./],
];

for (const [key, message] of FOREIGN) {
  test(`${key} is an error, and not ignored`, () => {
    const { groups, problems } = splitStackConfig({ "zot-auth:ci": {}, [key]: { anonymousRead: false } }, "zot-auth");
    assert.deepEqual(groups, { ci: {} });
    assert.deepEqual(
      problems.map(({ path }) => path),
      [key],
    );
    assert.match(problems[0]?.message ?? "", message);
  });
}

test("Pulumi's own keys are not settings", () => {
  assert.deepEqual(splitStackConfig({ "pulumi:tags": { a: "b" } }, "zot-auth"), { groups: {}, problems: [] });
});

test("another project's name is its prefix", () => {
  const { groups, problems } = splitStackConfig({ "registry:access": 1, "zot-auth:access": 2 }, "registry");
  assert.deepEqual(groups, { access: 1 });
  assert.match(problems[0]?.message ?? "", /Did you mean "registry:access"\?/);
});

test("a key that nobody reads is reported together with the invalid settings", () => {
  const { groups, problems } = splitStackConfig(
    {
      ...Object.fromEntries(Object.entries(REAL_CASE).map(([key, value]) => [`zot-auth:${key}`, value])),
      "zotauth:access": {},
    },
    "zot-auth",
  );
  assert.throws(
    () => parseSettings({ ...groups, ci: {} }, problems),
    (error) =>
      error instanceof SettingsError &&
      /zotauth:access: unknown/.test(error.message) &&
      /ci\.keyStore/.test(error.message),
  );
  assert.throws(() => parseSettings(groups, problems), SettingsError);
});
