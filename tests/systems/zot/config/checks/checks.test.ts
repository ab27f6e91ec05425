import assert from "node:assert/strict";
import test from "node:test";
import { parseSettings } from "../../../../../settings/parse.ts";
import { zotConfigArgs } from "../../../../../settings/zotConfigArgs.ts";
import { configProblems } from "../../../../../systems/zot/config/checks/checks.ts";
import { isObject } from "../../../../../core/json.ts";
import { issuerOf } from "../../../../../systems/authentik/issuer.ts";
import { renderZotConfig } from "../../../../../systems/zot/config/config.ts";
import { REAL_CASE, version } from "../../../../support/settings.ts";

// Mistakes that `zot verify` of 2.1.20 accepts, one at a time in a valid config.

const settings = parseSettings(REAL_CASE);
const RIGHT = renderZotConfig(zotConfigArgs(settings), version("2.1.20"), settings.registry);
const EXPECTED = { registryUrl: settings.registry.url, issuer: issuerOf(settings.authentik) };
const OIDC = "http.auth.openid.providers.oidc";
const POLICY = "http.accessControl.repositories.**";

/** The config with the value at a path replaced; `undefined` removes it. */
function changed(path: string, value: unknown): Record<string, unknown> {
  const config = structuredClone(RIGHT) as Record<string, unknown>;
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  let at: Record<string, unknown> = config;
  for (const key of keys) {
    at[key] ??= {};
    at = at[key] as Record<string, unknown>;
  }
  at[last] = value;
  // JSON drops undefined values.
  return JSON.parse(JSON.stringify(config)) as Record<string, unknown>;
}

/** The mistake, its path, its value, and the expected message. */
const NOT_CAUGHT: readonly (readonly [string, string, unknown, RegExp])[] = [
  ["an unknown action", `${POLICY}.anonymousPolicy`, ["raed"], /"raed".*grants nothing.*Did you mean "read"\?/],
  ["an action of another registry", `${POLICY}.policies.0.actions`, ["pull"], /"pull".*Valid actions: read, create/],
  ["an action in other case", `${POLICY}.policies.0.actions`, ["Read"], /"Read".*Did you mean "read"\?/],
  ["actions as a text", `${POLICY}.policies.0.actions`, "read", /got "read"; must be a list/],
  ["no actions", `${POLICY}.policies.0.actions`, [], /has no actions/],
  ["a default policy as a text", `${POLICY}.defaultPolicy`, "read", /got "read"; must be a list/],
  ["a policy without subjects", `${POLICY}.policies.0.groups`, undefined, /neither users nor groups/],
  ["an admin policy without subjects", "http.accessControl.adminPolicy", { actions: ["read"] }, /neither users nor/],
  ["an unknown action for the metrics", "http.accessControl.metrics.anonymousPolicy", ["get"], /"get"/],
  ["no repositories", "http.accessControl.repositories", {}, /is empty: nobody may do anything/],
  ["no accessControl", "http.accessControl", undefined, /every signed-in user may do everything/],
  ["a garbage issuer", `${OIDC}.issuer`, "nonsense", /got "nonsense"; must be exactly "https:/],
  ["an issuer without its slash", `${OIDC}.issuer`, EXPECTED.issuer.slice(0, -1), /The trailing slash is missing/],
  ["scopes as a text", `${OIDC}.scopes`, "openid email", /one scope with that name.*list/],
  ["a claim that is no name", `${OIDC}.claimMapping.username`, "", /must be the name of a claim/],
  ["empty openid", "http.auth.openid", {}, /nobody can sign in/],
  ["no providers", "http.auth.openid.providers", {}, /nobody can sign in/],
  ["bearer beside openid", "http.auth.bearer", { realm: "a" }, /conflicts with openid/],
  ["keys turned off", "http.auth.apikey", false, /must be true/],
  ["another externalUrl", "http.externalUrl", "http://elsewhere", /must be registry\.url/],
  ["a garbage externalUrl", "http.externalUrl", "::", /must be registry\.url/],
  ["no externalUrl", "http.externalUrl", undefined, /got nothing; must be registry\.url/],
  ["a garbage address", "http.address", "my host", /got "my host"; must be an IP address/],
  ["an empty port", "http.port", "", /got ""; must be a string with a port/],
  ["port 0", "http.port", "0", /got "0"; must be a string with a port/],
  ["no rootDirectory", "storage.rootDirectory", undefined, /folder for images/],
  ["a duration as a number", "storage.gcDelay", 24, /24, which zot reads as nanoseconds/],
  [
    "a duration as a number in retention",
    "storage.retention",
    { delay: 1, policies: [{ repositories: ["**"], keepTags: [{ pulledWithin: 30 }] }] },
    /nanoseconds/,
  ],
  ["keys in the extensions", "extensions.apikey", { enable: true }, /is ignored by zot.*http\.auth\.apikey/],
  ["the old mgmt extension", "extensions.mgmt", { enable: true }, /is ignored by zot/],
  ["sync without urls", "extensions.sync.registries.0.urls", [], /zot would never fetch anything/],
  ["an inline client secret", `${OIDC}.clientSecret`, "hush", /contains a secret \(not shown\)/],
  ["a password in a URL", "storage.cacheDriver", { name: "redis", url: "redis://a:hush@b" }, /contains a secret/],
  ["a storage key", "storage.storageDriver", { name: "s3", secretkey: "hush" }, /contains a secret/],
];

for (const [name, path, value, expected] of NOT_CAUGHT) {
  test(`${name} is found, with its path and the remedy`, () => {
    const problems = [...configProblems(changed(path, value), EXPECTED)];
    assert.ok(problems.length > 0, "nothing was found");
    for (const problem of problems) {
      assert.ok(problem.path.startsWith(path) || path.startsWith(problem.path), `${problem.path} is not at ${path}`);
      assert.match(problem.message, expected);
      assert.doesNotMatch(problem.message, /hush/);
    }
  });
}

test("a valid config has no problem, whatever the case of its keys", () => {
  const lower = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(lower);
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toLowerCase(), lower(inner)]));
  };
  assert.deepEqual([...configProblems(RIGHT, EXPECTED)], []);
  assert.deepEqual([...configProblems(lower(RIGHT) as Record<string, unknown>, EXPECTED)], []);
});
