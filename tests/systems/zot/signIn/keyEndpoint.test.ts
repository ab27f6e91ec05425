import assert from "node:assert/strict";
import test from "node:test";
import type { ConfigSeen } from "../../../../systems/zot/signIn/diagnosis/configSeen.ts";
import { diagnoseKeyEndpoint } from "../../../../systems/zot/signIn/diagnosis/keyEndpoint.ts";
import type { AnswerSeen, EndpointSeen } from "../../../../systems/zot/signIn/diagnosis/keyEndpoint.ts";
import { coded } from "./verdicts.ts";

const CONFIG: ConfigSeen = {
  apikey: true,
  openid: true,
  bearer: false,
  htpasswd: false,
  misplacedApikey: false,
  groupsClaim: "groups",
  creators: { "**": ["artifact-workloads", "admins"] },
};
const JSON_ANSWER: AnswerSeen = { status: 200, body: "json" };
const ZOTS_404: AnswerSeen = { status: 404, body: "not found" };
const ON = { version: "2.1.20", openid: true };
const OFF = { version: "2.1.20", openid: false };
const SIGNED_IN = { signedIn: true, bearer: false, management: ON };
const NOBODY = { signedIn: false, bearer: false, management: OFF };

const ENDPOINT_CASES: readonly (readonly [string, EndpointSeen, Partial<ConfigSeen> | undefined, string, RegExp])[] = [
  ["it answers", { ...SIGNED_IN, keys: JSON_ANSWER }, undefined, "", /^\/zot\/auth\/apikey answers \(zot 2\.1\.20\)$/],
  [
    "neither apikey nor openid",
    { ...NOBODY, keys: ZOTS_404, login: ZOTS_404 },
    { apikey: false, openid: false },
    "fails KEY_ENDPOINT_OFF",
    /has neither apikey nor openid\. Run `pulumi up`.*\/zot\/auth\/apikey: 404, 404 page not found; \/zot\/auth\/login: 404/,
  ],
  [
    "the file has both, the zot that runs has neither",
    { ...NOBODY, keys: ZOTS_404, login: ZOTS_404 },
    {},
    "fails KEY_ENDPOINT_OFF",
    /though the file on its host has\. Restart zot/,
  ],
  [
    "extensions.apikey",
    { ...NOBODY, keys: ZOTS_404, login: ZOTS_404 },
    { apikey: false, openid: false, misplacedApikey: true },
    "fails KEY_ENDPOINT_MISPLACED",
    /`extensions\.apikey`, which zot ignores.*`http\.auth\.apikey: true`/,
  ],
  [
    "apikey without openid",
    { ...NOBODY, keys: { status: 500, body: "empty" }, login: ZOTS_404 },
    undefined,
    "fails OPENID_OFF",
    /nobody can sign in to create the first one/,
  ],
  [
    "an old zot",
    { ...SIGNED_IN, management: { version: "2.0.4", openid: true }, keys: ZOTS_404 },
    undefined,
    "fails ZOT_TOO_OLD",
    /The registry is zot 2\.0\.4; API keys require 2\.1\.13 or later/,
  ],
  [
    "a page of a proxy",
    { ...SIGNED_IN, keys: { status: 200, body: "html" } },
    undefined,
    "fails AUTH_PATH_SWALLOWED",
    /is not zot\. A proxy.*200, an HTML page/,
  ],
  [
    "another server's 404",
    { ...NOBODY, management: ON, keys: { status: 404, body: "text" }, login: { status: 404, body: "text" } },
    undefined,
    "fails AUTH_PATH_SWALLOWED",
    /let it pass \/zot\/auth\/ to zot/,
  ],
  [
    "a 404 in zot's words, by a proxy: zot says that openid is on",
    { ...NOBODY, management: ON, keys: ZOTS_404, login: ZOTS_404 },
    undefined,
    "fails AUTH_PATH_SWALLOWED",
    /A proxy in front/,
  ],
  [
    "a proxy's own sign-in",
    { ...SIGNED_IN, keys: { status: 302, body: "empty" } },
    undefined,
    "fails AUTH_PATH_SWALLOWED",
    /302, no body/,
  ],
  [
    "the header stripped, where anybody may read",
    { ...SIGNED_IN, keys: { status: 500, body: "empty" } },
    undefined,
    "fails UI_HEADER_STRIPPED",
    /`X-ZOT-API-CLIENT: zot-ui`/,
  ],
  [
    "the header stripped, where nobody may read",
    { ...SIGNED_IN, keys: { status: 401, body: "text" } },
    undefined,
    "fails UI_HEADER_STRIPPED",
    /session that it just created/,
  ],
  [
    "bearer beside openid",
    { ...NOBODY, bearer: true, keys: { status: 401, body: "text" }, login: { status: 400, body: "empty" } },
    undefined,
    "fails BEARER_BESIDE_OPENID",
    /has http\.auth\.bearer.*Remove it/,
  ],
  [
    "a provider of another name",
    {
      ...NOBODY,
      management: ON,
      keys: { status: 500, body: "empty" },
      login: { status: 400, body: "empty" },
    },
    undefined,
    "fails OPENID_PROVIDER_UNKNOWN",
    /provider named `oidc`/,
  ],
  [
    "something that no zot answers",
    { ...SIGNED_IN, keys: { status: 418, body: "text" } },
    undefined,
    "fails KEY_ENDPOINT_UNEXPECTED",
    /418, text/,
  ],
];

for (const [name, seen, config, code, text] of ENDPOINT_CASES) {
  test(`key endpoint: ${name}`, () => {
    const [found, said] = coded(diagnoseKeyEndpoint(seen, config === undefined ? undefined : { ...CONFIG, ...config }));
    assert.equal(found, code);
    assert.match(said, text);
  });
}
