import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { homelab, lab, settings } from "./stack.ts";

type Group = Record<string, unknown>;

/** Everything that an update could have changed. */
async function world(): Promise<unknown> {
  return {
    zot: readFileSync(lab.layout.settings.registry.configFile, "utf8"),
    credentials: existsSync(lab.layout.settings.registry.credentialsFile),
    blueprints: await homelab.blueprints(),
    application: (await homelab.authentik("/core/applications/zot/")).status,
    key: await homelab.fields("keyStore"),
    secrets: [await homelab.secretNames("homelab/apps"), await homelab.secretNames("homelab/site")],
    variables: await homelab.variableNames("homelab/apps"),
  };
}

/** A name, the changed settings, and what the one error must contain for each: the setting and the remedy. */
const CASES: readonly (readonly [string, Readonly<Record<string, Group>>, readonly RegExp[]])[] = [
  [
    "an unknown setting, a missing setting, a setting of the wrong type and a misspelt prefix",
    {
      forgejo: { repos: ["a/b"] },
      ci: { keyStore: undefined },
      registry: { port: "many" },
      "zotauth:access": { anonymousRead: false },
    },
    [
      /zotauth:access: unknown setting\. Did you mean "zot-auth:access"\?/,
      /forgejo\.repos: unknown setting\. .*repositories/,
      /ci\.keyStore: required: a 1Password reference/,
      /registry\.port: got "many"; must be a port/,
    ],
  ],
  [
    "wrong tokens for Authentik, Forgejo and Argo CD, and a missing 1Password item",
    {
      authentik: { token: "env:HOME" },
      forgejo: { token: "env:HOME" },
      argocd: { token: "env:HOME" },
      ci: { keyStore: "op://homelab/Nothing/key" },
    },
    [
      /Authentik rejects the token of authentik\.token \(env:HOME\)\. Create a new API token/,
      /Forgejo rejects the token of forgejo\.token \(env:HOME\)\. Create a new token/,
      /Argo CD rejects the token of argocd\.token \(env:HOME\)/,
      /ci\.keyStore: The item "Nothing" does not exist .*\(in op:\/\/homelab\/Nothing\/key\)\. Create it/,
    ],
  ],
  [
    "a server that does not respond and an unknown Argo CD application",
    { forgejo: { url: "http://127.0.0.1:59999" }, argocd: { application: "nothing" } },
    [
      /Forgejo does not answer at http:\/\/127\.0\.0\.1:59999 .*forgejo\.url/,
      /The application "nothing" does not exist in Argo CD.*argocd\.application/,
    ],
  ],
  [
    "a group and a flow that Authentik lacks",
    {
      access: { adminGroup: "nobody-made-this-group", groups: { "no-developers": ["read"] } },
      authentik: { authorizationFlow: "no-such-flow" },
    },
    [
      /do not exist in Authentik: the group with name "nobody-made-this-group" \(setting: access\.adminGroup/,
      /the group with name "no-developers".* the flow with slug "no-such-flow" \(setting: authentik\.authorizationFlow/,
    ],
  ],
  [
    "a missing 1Password field",
    { authentik: { clientSecret: "op://homelab/Authentik/nothing" } },
    [/authentik\.clientSecret: The field "nothing" does not exist/],
  ],
  [
    "a missing zot",
    { registry: { binary: "/nowhere/zot" } },
    [/zot does not exist at "\/nowhere\/zot" on local \(setting registry\.binary\)/],
  ],
  [
    "an unset environment variable and an unknown Forgejo repository",
    {
      argocd: { token: "env:ZOT_AUTH_NO_SUCH_VARIABLE" },
      forgejo: { repositories: ["homelab/apps", "homelab/nothing"] },
    },
    [
      /variable ZOT_AUTH_NO_SUCH_VARIABLE .* is not set\. Set it/,
      /The repository "homelab\/nothing" does not exist in Forgejo.*forgejo\.repositories/,
    ],
  ],
];

for (const [name, changes, expected] of CASES) {
  test(`${name}: up reports one clear error and changes nothing`, async () => {
    const before = await world();
    writeFileSync(lab.settingsFile, settings);
    lab.changeSettings((config) => {
      for (const [group, change] of Object.entries(changes)) {
        const key = group.includes(":") ? group : `zot-auth:${group}`;
        const changed = { ...(config[key] as Group), ...change };
        config[key] = Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined));
      }
    });
    const { code, output } = await lab.up();
    assert.notEqual(code, 0, output);
    // Pulumi indents each line of a message.
    const spaced = output.replaceAll(/\s+/g, " ");
    for (const error of expected) assert.match(spaced, error);
    const errors = [...(output.split("\nDiagnostics:")[1] ?? "").matchAll(/^ +error: (?!update failed)/gm)];
    assert.equal(errors.length, 1, output);
    assert.doesNotMatch(output, /^\s+at .*\.(ts|js):\d+/m, "the output has no stack trace");
    assert.deepEqual(await world(), before);
  });
}

/** Output of an `up` while a secret file was world-readable. */
let readable = "";

test("the corrected settings come up, with a warning of a world-readable secret file", async () => {
  writeFileSync(lab.settingsFile, settings);
  const file = join(lab.layout.directory, "secrets", "forgejo-token");
  chmodSync(file, 0o644);
  const corrected = await lab.up();
  chmodSync(file, 0o600);
  readable = corrected.output;
  assert.equal(corrected.code, 0, corrected.output);
  assert.match(homelab.ciKey("homelab/apps") ?? "", /^zak_/);
  const outputs = lab.outputs();
  assert.partialDeepStrictEqual(outputs["acceptanceResult"], { access: "15 of 15 checks passed", build: "success" });
  assert.ok(existsSync(join(lab.layout.directory, "zot", "config.json.before-zot-auth")));
});

test("the secret of a world-readable file is not printed", () => {
  assert.match(readable, /Everyone on this machine can read the file .*forgejo-token .*chmod 600/);
  assert.ok(!readable.includes(lab.secrets.forgejo));
});
