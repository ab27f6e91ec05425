import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { parse } from "yaml";
import { SettingsError, parseSettings } from "../../settings/parse.ts";
import { objectAt } from "../../core/json.ts";
import { renderZotConfig } from "../../systems/zot/config/config.ts";
import { REAL_CASE } from "../support/settings.ts";

/** Each bad setting: a name, the groups that differ from the real case, and what the report has to say. */
const BAD: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
  ["a missing setting", { ci: { imagePrefix: "a" } }, /ci\.keyStore: is missing/],
  [
    "an unknown setting",
    { ci: { ...REAL_CASE.ci, keyLifeTime: "1 day" } },
    /ci\.keyLifeTime: is no setting\. Did you mean "keyLifetime"\?/,
  ],
  [
    "a delivery that is none",
    { authentik: { ...REAL_CASE.authentik, delivery: "git" } },
    /authentik\.delivery: got "git"; it has to be configMap, file:path/,
  ],
  [
    "Argo CD beside a delivery that does not ask it",
    {
      authentik: { ...REAL_CASE.authentik, delivery: "api" },
      argocd: { url: "https://argocd.ops.eblu.me", token: "env:T" },
    },
    /argocd: is for authentik\.delivery "configMap"; with "api" nothing asks it/,
  ],
  [
    "a kubeconfig beside a delivery that does not ask it",
    { authentik: { ...REAL_CASE.authentik, delivery: "api" }, kubernetes: { kubeconfig: "kubeconfig" } },
    /kubernetes\.kubeconfig: is for authentik\.delivery "configMap"/,
  ],
  ["a group twice", { access: { signInGroups: ["a", "a"] } }, /access\.signInGroups: .*every group once/],
  ["an unknown group", { forgeo: {} }, /forgeo: is no setting\. Did you mean "forgejo"\?/],
  [
    "a wrong type",
    { registry: { ...REAL_CASE.registry, port: "5050x" } },
    /registry\.port: got "5050x"; it has to be a port/,
  ],
  [
    "a trailing slash",
    { forgejo: { ...REAL_CASE.forgejo, url: "https://forge.eblu.me/" } },
    /forgejo\.url: got "https:\/\/forge\.eblu\.me\/"; .*without a path/,
  ],
  [
    "a duration without a unit",
    { ci: { ...REAL_CASE.ci, keyLifetime: "90" } },
    /ci\.keyLifetime: got "90"; .*"90 days"/,
  ],
  [
    "a rotation after the end",
    { ci: { ...REAL_CASE.ci, rotateAfter: "90 days" } },
    /ci\.rotateAfter: got "90 days", which is not below ci\.keyLifetime "90 days"/,
  ],
  [
    "the same group twice",
    { access: { adminGroup: "a", ciGroup: "a" } },
    /access\.ciGroup: got "a", which is access\.adminGroup too/,
  ],
  [
    "a relative path on another host",
    { registry: { ...REAL_CASE.registry, configFile: "config.json" } },
    /registry\.configFile: got "config\.json"; on ssh:indri/,
  ],
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
    /forgejo\.repositories: .*every repository once/,
  ],
  ["no way into 1Password", { onePassword: {} }, /onePassword: .*one way in/],
  [
    "Connect without a token",
    { onePassword: { connectUrl: "http://connect" } },
    /onePassword: .*connectUrl and connectToken together/,
  ],
  [
    "an ssh option in place of a host",
    { registry: { ...REAL_CASE.registry, host: "ssh:-oProxyCommand=x" } },
    /registry\.host: got "ssh:-oProxyCommand=x"/,
  ],
];

for (const [name, change, expected] of BAD) {
  test(`${name} is reported with its path, its value and the remedy`, () => {
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

test("what is left out has the safe default", () => {
  const settings = parseSettings(REAL_CASE);
  assert.equal(settings.ci.keyLifetime, "90 days");
  assert.equal(settings.ci.gracePeriod, "1 hour");
  assert.equal(settings.registry.acceptCiOverwrite, false);
  assert.equal(settings.kubernetes.key, "zot.yaml");
  assert.equal(settings.argocd, undefined);
});

for (const stack of ["lab", "prod"]) {
  test(`Pulumi.${stack}.yaml is right`, () => {
    const text = readFileSync(new URL(`../../Pulumi.${stack}.yaml`, import.meta.url), "utf8");
    const { config } = parse(text) as { config: Record<string, unknown> };
    const groups = Object.entries(config).filter(([key]) => key.startsWith("zot-auth:"));
    assert.ok(groups.length >= 6);
    parseSettings(Object.fromEntries(groups.map(([key, value]) => [key.slice("zot-auth:".length), value])));
  });
}

test("rendering the stack of the real case gives the config of the real case", () => {
  const text = readFileSync(new URL("../../Pulumi.prod.yaml", import.meta.url), "utf8");
  const { config } = parse(text) as { config: Record<string, unknown> };
  const settings = parseSettings(
    Object.fromEntries(Object.entries(config).map(([key, value]) => [key.slice("zot-auth:".length), value])),
  );
  const expected = JSON.parse(
    readFileSync(new URL("../data/zot-config.expected.json", import.meta.url), "utf8"),
  ) as unknown;
  const rendered = renderZotConfig(settings, { major: 2, minor: 1, patch: 17 }, settings.registry);
  // The one thing that its author left out: cookies for https only.
  const { secureSession, ...auth } = objectAt(rendered, "http", "auth");
  assert.equal(secureSession, true);
  assert.deepEqual({ ...rendered, http: { ...objectAt(rendered, "http"), auth } }, expected);
});
