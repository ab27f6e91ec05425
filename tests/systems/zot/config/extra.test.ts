import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { SettingsError, parseSettings } from "../../../../settings/parse.ts";
import { zotConfigArgs } from "../../../../settings/zotConfigArgs.ts";
import { mergeExtra } from "../../../../systems/zot/config/extra.ts";
import { valueAt } from "../../../../systems/zot/config/syntax/anyCase.ts";
import { assembleZotConfig, renderZotConfig } from "../../../../systems/zot/config/config.ts";
import { builtInSchema } from "../../../../systems/zot/config/schema/schema.ts";
import { REAL_CASE, version } from "../../../support/settings.ts";

/** The problems that the settings have with a zot of this program's newest release. */
function problemsOf(extra: unknown): readonly string[] {
  try {
    const settings = parseSettings({ ...REAL_CASE, zot: { extra } });
    const { registry } = settings;
    const { problems } = assembleZotConfig(zotConfigArgs(settings), version("2.1.20"), registry, builtInSchema());
    return problems.map(({ path, message }) => `${path}: ${message}`);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

test("options without a setting are merged at their path, whatever the case of their keys", () => {
  const extra = { HTTP: { ratelimit: { rate: 5 } }, storage: { gcTimeWindow: "01:00-05:00" } };
  // zot's schema knows keys in their own case and in lower case only, so that upper case is refused there.
  assert.match(problemsOf(extra).join(), /zot\.extra\.HTTP: unknown setting\. Did you mean "http"\?/);
  const settings = parseSettings({ ...REAL_CASE, zot: { extra: { http: extra.HTTP, storage: extra.storage } } });
  const config = renderZotConfig(zotConfigArgs(settings), version("2.1.20"), settings.registry);
  assert.equal(valueAt(config, "http", "ratelimit", "rate"), 5);
  assert.equal(valueAt(config, "storage", "gcTimeWindow"), "01:00-05:00");
  assert.equal(valueAt(config, "http", "port"), "5050");
});

const BAD: readonly (readonly [string, unknown, RegExp])[] = [
  [
    "two keys that zot takes for one",
    { http: { ratelimit: { rate: 5 }, RateLimit: { rate: 6 } } },
    /zot\.extra\.http\.RateLimit: is the same key as "ratelimit" to zot, which takes either at random\./,
  ],
  [
    "two such keys in a list",
    { extensions: { events: { enable: true, sinks: [{ type: "http", address: "https://a.lan", Type: "nats" }] } } },
    /zot\.extra\.extensions\.events\.sinks\.0\.Type: is the same key as "type"/,
  ],
  [
    "a key that zot does not know",
    { http: { ratelimits: {} } },
    /zot\.extra\.http\.ratelimits: unknown setting\. Did you/,
  ],
  [
    "a value of another type",
    { scheduler: { numWorkers: "2" } },
    /zot\.extra\.scheduler\.numWorkers: got "2"; .*number/,
  ],
  ["what a setting says", { http: { port: "1" } }, /zot\.extra\.http\.port: cannot override another setting/],
  ["the same in other case", { http: { externalurl: "x" } }, /http\.externalurl: cannot override another setting/],
  ["a mistake that zot verify lets pass", { extensions: { mgmt: {} } }, /zot\.extra\.extensions\.mgmt: is ignored/],
  [
    "a policy of its own with an unknown action",
    { http: { accessControl: { repositories: { "a/**": { anonymousPolicy: ["pull"] } } } } },
    /zot\.extra\.http\.accessControl\.repositories\.a\/\*\*\.anonymousPolicy: got the action "pull"/,
  ],
  [
    "a secret",
    { http: { auth: { ldap: { bindPassword: "hush" } } } },
    /ldap\.bindPassword: contains a secret \(not shown\)/,
  ],
];

for (const [name, extra, expected] of BAD) {
  test(`${name} is rejected by its path`, () => {
    const problems = problemsOf(extra);
    assert.equal(problems.length, 1, problems.join("\n"));
    assert.match(problems.join(), expected);
  });
}

test("options unknown to older zot releases are reported with the setting and the release", () => {
  const cases: readonly (readonly [Record<string, unknown>, string, RegExp])[] = [
    [{ auth: { groupsClaim: "roles" } }, "2.1.16", /^zot\.auth\.groupsClaim: requires zot 2\.1\.17 .* has 2\.1\.16/],
    [
      { auth: { callbackAllowOrigins: ["https://a"] } },
      "2.1.14",
      /^zot\.auth\.callbackAllowOrigins: requires zot 2\.1\.15/,
    ],
    [{ storage: { fastRestart: false } }, "2.1.17", /^zot\.storage\.fastRestart: requires zot 2\.1\.18/],
    [{ http: { readTimeout: "1 minute" } }, "2.1.16", /^zot\.http\.readTimeout: requires zot 2\.1\.17/],
    [
      { storage: { retention: { policies: [{ repositories: ["**"], keepUntagged: { pushedWithin: "1 day" } }] } } },
      "2.1.18",
      /^zot\.storage\.retention\.policies\[\]\.keepUntagged: requires zot 2\.1\.19/,
    ],
    [
      { extra: { storage: { redirectbloburl: true } } },
      "2.1.17",
      /^zot\.extra\.storage\.redirectBlobURL: requires zot/,
    ],
  ];
  for (const [zot, release, expected] of cases) {
    const settings = parseSettings({ ...REAL_CASE, zot });
    const { problems } = assembleZotConfig(zotConfigArgs(settings), version(release), settings.registry);
    assert.match(problems.map(({ path, message }) => `${path}: ${message}`).join("\n"), expected);
    assert.deepEqual(assembleZotConfig(zotConfigArgs(settings), version("2.1.20"), settings.registry).problems, []);
  }
});

test("merging keeps both sides, and a key in both is a conflict", () => {
  const object = fc.object({ maxDepth: 3, key: fc.stringMatching(/^[a-c]$/), values: [fc.integer()] });
  fc.assert(
    fc.property(object, object, (config, extra) => {
      const { config: merged, conflicts } = mergeExtra(config, extra);
      const leaves = (value: unknown, path: readonly string[]): [string, unknown][] =>
        typeof value === "object" && value !== null && !Array.isArray(value)
          ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]))
          : [[path.join("."), value]];
      const found = new Map(leaves(merged, []));
      for (const [path, value] of leaves(config, [])) assert.deepEqual(found.get(path), value, path);
      for (const [path, value] of leaves(extra, [])) {
        if (conflicts.some((conflict) => `${path}.`.startsWith(`${conflict.path.join(".")}.`))) continue;
        assert.deepEqual(found.get(path), value, path);
      }
    }),
  );
});
