import assert from "node:assert/strict";
import test from "node:test";
import { SettingsError, parseSettings } from "../../settings/parse.ts";
import { REAL_CASE } from "../support/settings.ts";

const CONFIG = REAL_CASE.registry.configFile;

/** Each invalid setting: a name, the groups that differ from the real case, and the message. */
const BAD: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
  ["a missing setting", { ci: { imagePrefix: "a" } }, /ci\.keyStore: required: a 1Password reference: op:/],
  [
    "an unknown setting",
    { ci: { ...REAL_CASE.ci, keyLifeTime: "1 day" } },
    /ci\.keyLifeTime: unknown setting\. Did you mean "keyLifetime"\?/,
  ],
  [
    "an unknown delivery",
    { authentik: { ...REAL_CASE.authentik, delivery: "git" } },
    /authentik\.delivery: got "git"; must be configMap, file:path/,
  ],
  ...["/etc/zot/config.yaml", "/etc/zot/config.yml", "/etc/zot/config.toml", "/etc/zot/config"].map(
    (configFile) =>
      [
        `a config that zot reads and this program does not write, ${configFile}`,
        { registry: { ...REAL_CASE.registry, configFile } },
        /registry\.configFile: got "[^"]*"; must be a path that ends in \.json, because .*`npm run adopt` prints the command/,
      ] as const,
  ),
  ...["zot.yml", ".zot.yaml", "blueprints/.yaml", "blueprints/zot"].map(
    (file) =>
      [
        `a blueprint file that Authentik never reads, ${file}`,
        { authentik: { ...REAL_CASE.authentik, delivery: `file:${file}` } },
        /authentik\.delivery: got "file:[^"]*"; must be file: and a path that ends in \.yaml/,
      ] as const,
  ),
  ...["custom/zot.yml", "/blueprints/custom/zot.yaml", "../zot.yaml", "custom/.data/zot.yaml", "custom//zot.yaml"].map(
    (path) =>
      [
        `a blueprint path that Authentik never reads, ${path}`,
        { authentik: { ...REAL_CASE.authentik, blueprintPath: path } },
        /authentik\.blueprintPath: got "[^"]*"; must be a path below Authentik's blueprint folder that ends in \.yaml/,
      ] as const,
  ),
  ...["zot.yml", ".zot.yaml", "zot"].map(
    (key) =>
      [
        `a ConfigMap key that Authentik never reads, ${key}`,
        { kubernetes: { key } },
        /kubernetes\.key: got "[^"]*"; must be a key that ends in \.yaml/,
      ] as const,
  ),
  [
    "Argo CD with a delivery that does not use it",
    {
      authentik: { ...REAL_CASE.authentik, delivery: "api" },
      argocd: { url: "https://argocd.ops.eblu.me", token: "env:T" },
    },
    /argocd: has no effect with authentik\.delivery "api"/,
  ],
  [
    "a kubeconfig with a delivery that does not use it",
    { authentik: { ...REAL_CASE.authentik, delivery: "api" }, kubernetes: { kubeconfig: "kubeconfig" } },
    /kubernetes\.kubeconfig: has no effect with authentik\.delivery "api"; it is only for "configMap"/,
  ],
  [
    "an image to pull through a registry that is not mirrored",
    { acceptance: { pullThrough: ["nowhere.example/app:v1"] } },
    /acceptance\.pullThrough\.0: got "nowhere\.example\/app:v1", which begins with no name of registry\.pullThrough with onDemand \(there (is|are) /,
  ],
  [
    "an image to pull through without its tag",
    { acceptance: { pullThrough: ["docker.io/library/hello-world"] } },
    /acceptance\.pullThrough\.0: .*an image with its tag/,
  ],
  [
    "a break-glass key in place of its reference",
    { acceptance: { admin: { user: "ada", apiKey: "zak_0123456789abcdef" } } },
    /acceptance\.admin\.apiKey: (?!.*zak_)/,
  ],
  [
    "a group twice",
    { access: { signInGroups: ["a", "a"] } },
    /access\.signInGroups: got \["a","a"\]; must be a list without duplicates/,
  ],
  [
    "a renamed setting",
    { ci: { ...REAL_CASE.ci, unknownKeys: "revoke" } },
    /ci\.unknownKeys: was renamed to ci\.unmanagedKeys\./,
  ],
  ["an unknown group", { forgeo: {} }, /forgeo: unknown setting\. Did you mean "forgejo"\?/],
  [
    "a wrong type",
    { registry: { ...REAL_CASE.registry, port: "5050x" } },
    /registry\.port: got "5050x"; must be a port/,
  ],
  [
    "a claim that service accounts do not have",
    { zot: { auth: { usernameClaim: "email" } } },
    /zot\.auth\.usernameClaim: got "email", which a service account of Authentik does not have; zot must know CI's account by its user name, zot-ci\./,
  ],
  [
    "a path where zot cannot be",
    { registry: { ...REAL_CASE.registry, url: "https://example.net/registry" } },
    /registry\.url: got "https:\/\/example\.net\/registry"; must be .* without a path \(container clients look for \/v2\/ at the root\)/,
  ],
  [
    "a password with a slash in an address, which is not printed",
    { forgejo: { ...REAL_CASE.forgejo, url: "https://me:hu/sh@forge.eblu.me" } },
    /forgejo\.url: got "https:\/\/…@forge\.eblu\.me"; must be/,
  ],
  [
    "a password in an address, which is not printed",
    { forgejo: { ...REAL_CASE.forgejo, url: "https://me:hush@forge.eblu.me" } },
    /forgejo\.url: got "https:\/\/…@forge\.eblu\.me"; must be .* without a user name or query/,
  ],
  [
    "a duration without a unit",
    { ci: { ...REAL_CASE.ci, keyLifetime: "90" } },
    /ci\.keyLifetime: got "90"; .*"90 days"/,
  ],
  [
    "a key without a lifetime",
    { ci: { ...REAL_CASE.ci, keyLifetime: "0 days" } },
    /ci\.keyLifetime: got "0 days"; must be a duration of at least 1 hour: the key could expire during the run that replaces it\./,
  ],
  [
    "a lifetime that no calendar has",
    { ci: { ...REAL_CASE.ci, keyLifetime: "99999999999 days" } },
    /ci\.keyLifetime: got "99999999999 days"; must be a duration of at most 3650 days\./,
  ],
  [
    "a rotation in every run",
    { ci: { ...REAL_CASE.ci, rotateAfter: "0 seconds" } },
    /ci\.rotateAfter: got "0 seconds"; must be a duration of at least 1 second: every `up` would rotate the key\./,
  ],
  [
    "a grace period that no calendar has",
    { ci: { ...REAL_CASE.ci, gracePeriod: "4000 days" } },
    /ci\.gracePeriod: got "4000 days"; must be a duration of at most 3650 days\./,
  ],
  [
    "a rotation after the key expires",
    { ci: { ...REAL_CASE.ci, rotateAfter: "90 days" } },
    /ci\.rotateAfter: got "90 days"; must be shorter than ci\.keyLifetime "90 days"/,
  ],
  [
    "the same group twice",
    { access: { adminGroup: "a", ciGroup: "a" } },
    /access\.ciGroup: got "a", which is also access\.adminGroup/,
  ],
  [
    "a relative path on another host",
    { registry: { ...REAL_CASE.registry, configFile: "config.json" } },
    /registry\.configFile: got "config\.json"; must be an absolute path on ssh:indri/,
  ],
  ...(
    [
      ["credentialsFile", { registry: { credentialsFile: CONFIG } }, "registry.credentialsFile", "registry.configFile"],
      ["serviceFile", { registry: { serviceFile: CONFIG } }, "registry.serviceFile", "registry.configFile"],
      [
        "sessionKeysFile",
        { zot: { auth: { sessionKeysFile: CONFIG } } },
        "zot.auth.sessionKeysFile",
        "registry.configFile",
      ],
      [
        "sessionKeysFile with the credentials",
        { zot: { auth: { sessionKeysFile: REAL_CASE.registry.credentialsFile } } },
        "zot.auth.sessionKeysFile",
        "registry.credentialsFile",
      ],
      ["log.output", { zot: { log: { output: CONFIG } } }, "zot.log.output", "registry.configFile"],
      ["log.audit", { zot: { log: { audit: CONFIG } } }, "zot.log.audit", "registry.configFile"],
      [
        "log.output with another spelling",
        { zot: { log: { output: CONFIG.replaceAll("/", "//./") } } },
        "zot.log.output",
        "registry.configFile",
      ],
      [
        "a TLS key",
        { zot: { http: { tls: { cert: "/a/cert.pem", key: REAL_CASE.registry.credentialsFile } } } },
        "zot.http.tls.key",
        "registry.credentialsFile",
      ],
    ] as const
  ).map(
    ([name, { registry = {}, ...change }, path, other]: readonly [
      string,
      { readonly registry?: object; readonly zot?: object },
      string,
      string,
    ]) =>
      [
        `a file that up writes, with another meaning: ${name}`,
        { ...change, registry: { ...REAL_CASE.registry, ...registry } },
        new RegExp(`${path}: got "[^"]*", which is also ${other}. Use a different file.`.replaceAll(".", "\\.")),
      ] as const,
  ),
  ...(["authorizationFlow", "invalidationFlow"] as const).map(
    (setting) =>
      [
        `a flow for machines that is also ${setting}`,
        { authentik: { ...REAL_CASE.authentik, machineFlow: "sign-in", [setting]: "sign-in" } },
        new RegExp(`authentik\\.machineFlow: got "sign-in", which is also authentik\\.${setting}: `),
      ] as const,
  ),
  [
    "the flow of former accounts",
    { authentik: { ...REAL_CASE.authentik, machineFlow: "zot-auth-former-account" } },
    /authentik\.machineFlow: got "zot-auth-former-account", the flow through which former accounts sign in/,
  ],
  ...(
    [
      ["access.ciGroup", { ciGroup: "zot-auth-former-account" }],
      ["access.adminGroup", { adminGroup: "zot-auth-former-account" }],
      ["access", { groups: { "zot-auth-former-account": ["read"] } }],
      ["access", { signInGroups: ["zot-auth-former-account"] }],
      ["access", { namespaces: { "a/**": { groups: { "zot-auth-former-account": ["read"] } } } }],
    ] as const
  ).map(
    ([path, access]) =>
      [
        `the group of former accounts in ${JSON.stringify(access)}`,
        { access },
        new RegExp(`  ${path}: got "zot-auth-former-account", the group of former accounts`),
      ] as const,
  ),
  [
    "a credentials file that zot refuses",
    { registry: { ...REAL_CASE.registry, credentialsFile: "/a/oidc" } },
    /registry\.credentialsFile: .*\.json/,
  ],
  [
    "a secret's name that Forgejo refuses",
    { forgejo: { ...REAL_CASE.forgejo, secretName: "GITHUB_KEY" } },
    /forgejo\.secretName: got "GITHUB_KEY"/,
  ],
  ["no repository", { forgejo: { ...REAL_CASE.forgejo, repositories: [] } }, /forgejo\.repositories: .*at least one/],
  [
    "a repository twice",
    { forgejo: { ...REAL_CASE.forgejo, repositories: ["a/b", "A/B"] } },
    /forgejo\.repositories: got .*; must be a list without duplicates/,
  ],
  [
    "no access to 1Password",
    { onePassword: {} },
    /onePassword: got an empty group; set connectUrl and connectToken, account,/,
  ],
  [
    "Connect without a token",
    { onePassword: { connectUrl: "http://connect" } },
    /onePassword: got a group with connectUrl; set both connectUrl and connectToken/,
  ],
  [
    "an ssh option instead of a host",
    { registry: { ...REAL_CASE.registry, host: "ssh:-oProxyCommand=x" } },
    /registry\.host: got "ssh:-oProxyCommand=x"/,
  ],
];

for (const [name, change, expected] of BAD) {
  test(`${name} is reported with its path, its value and what is valid`, () => {
    assert.throws(
      () => parseSettings({ ...REAL_CASE, ...change }),
      (error) => error instanceof SettingsError && expected.test(error.message) && error.problems.length === 1,
    );
  });
}

test("all problems are reported at once", () => {
  const raw = { ...REAL_CASE, ci: { keyLifetime: 3 }, forgejo: { url: "x" } };
  assert.throws(
    () => parseSettings(raw),
    (error) =>
      error instanceof SettingsError &&
      ["ci.keyLifetime", "ci.keyStore", "ci.imagePrefix", "forgejo.url", "forgejo.token", "forgejo.repositories"].every(
        (path) => error.problems.some((problem) => problem.path === path),
      ),
  );
});

test("a secret written in place of its reference is not printed", () => {
  const raw = { ...REAL_CASE, forgejo: { ...REAL_CASE.forgejo, token: "d34db33f-the-token-itself" } };
  assert.throws(
    () => parseSettings(raw),
    (error) =>
      error instanceof SettingsError &&
      /forgejo\.token: .*op:\/\//.test(error.message) &&
      !error.message.includes("d34db33f"),
  );
});
