import assert from "node:assert/strict";
import { test } from "node:test";
import { SettingsError, parseSettings } from "../../settings/parse.ts";
import { REAL_CASE } from "../support/settings.ts";

/** A vault called "Home/Lab" and an item called "CI/CD tokens". */
const WITH_SLASHES = "op://Home/Lab/CI/CD tokens/api";

test("a reference with slashes in names is refused with the advice to use ids, in every setting that takes one", () => {
  const raw = {
    ...REAL_CASE,
    authentik: { ...REAL_CASE.authentik, token: WITH_SLASHES, clientSecret: WITH_SLASHES },
    argocd: { url: "https://argocd.example.net", token: WITH_SLASHES },
    ci: { ...REAL_CASE.ci, keyStore: WITH_SLASHES },
    forgejo: {
      ...REAL_CASE.forgejo,
      token: WITH_SLASHES,
      secrets: [{ name: "KUBECONFIG", source: WITH_SLASHES, repositories: ["homelab/apps"] }],
    },
    onePassword: { connectUrl: "https://connect.example.net", connectToken: WITH_SLASHES },
  };
  assert.throws(
    () => parseSettings(raw),
    (error) => {
      assert.ok(error instanceof SettingsError);
      const advised = error.problems.filter(({ message }) => /use IDs if a title contains .*slashes/.test(message));
      const wanted = [
        "argocd.token",
        "authentik.clientSecret",
        "authentik.token",
        "ci.keyStore",
        "forgejo.secrets.0.source",
        "forgejo.token",
        "onePassword.connectToken",
      ];
      const paths = advised.map(({ path }) => path);
      for (const path of wanted) assert.ok(paths.includes(path), `${path}: ${error.message}`);
      return true;
    },
  );
});

/** The problems of these settings: path and message. */
function problemsOf(change: object): readonly string[] {
  try {
    parseSettings({ ...REAL_CASE, ...change });
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

test("a reference that no 1Password can read is a settings error, and is not printed", () => {
  for (const [keyStore, why] of [
    ["op://homelab/CI/zot-key ", /begins or ends with a space\. Remove that, or use ids/],
    ["op:// homelab/CI/zot-key", /begins or ends with a space/],
    ["op://homelab/CI\t/zot-key", /contains a control character/],
    ["op://homelab/CI/zot-key?attribute=otp", /attributes such as \?attribute=otp are not supported/],
  ] as const) {
    const problems = problemsOf({
      ci: { ...REAL_CASE.ci, keyStore },
      forgejo: { ...REAL_CASE.forgejo, token: keyStore },
    });
    assert.deepEqual(
      problems.map((text) => text.slice(0, text.indexOf(":"))),
      ["ci.keyStore", "forgejo.token"],
    );
    for (const text of problems) {
      assert.match(text, why);
      assert.ok(!text.includes("homelab"), text);
    }
  }
  assert.deepEqual(problemsOf({ ci: { ...REAL_CASE.ci, keyStore: "op://my vault/CI (new)/zot key" } }), []);
});

test("a field for CI's key that another setting reads is a settings error, whatever setting that is", () => {
  const others = (reference: string) => ({
    authentik: { ...REAL_CASE.authentik, token: reference, clientSecret: reference },
    argocd: { url: "https://argocd.example.net", token: reference },
    forgejo: {
      ...REAL_CASE.forgejo,
      token: reference,
      secrets: [{ name: "KUBECONFIG", source: reference, repositories: ["homelab/apps"] }],
    },
    acceptance: { admin: { user: "ada", apiKey: reference } },
  });
  const paths = [
    "authentik.token",
    "authentik.clientSecret",
    "argocd.token",
    "forgejo.token",
    "forgejo.secrets.0.source",
    "acceptance.admin.apiKey",
  ].toSorted();
  for (const [keyStore, other] of [
    ["op://homelab/Authentik/secret", "op://homelab/Authentik/secret"],
    ["op://homelab/Authentik/secret", "op://HomeLab/authentik/Secret"],
    ["op://homelab/Authentik/secret", "op://homelab/Authentik/oauth/secret"],
    ["op://homelab/Authentik/oauth/secret", "op://homelab/Authentik/secret"],
  ] as const) {
    const problems = problemsOf({ ci: { ...REAL_CASE.ci, keyStore }, ...others(other) });
    assert.deepEqual(problems.map((text) => / that (\S+) names too/.exec(text)?.[1]).toSorted(), paths);
    for (const text of problems)
      assert.match(text, /^ci\.keyStore: got "op:.*would overwrite .* Use a field of its own\.$/);
  }
  for (const other of [
    "op://homelab/Authentik/login/secret",
    "op://homelab/Authentik/other",
    "op://homelab/Forgejo/oauth/secret",
    "op://private/Authentik/oauth/secret",
  ]) {
    const keyStore = "op://homelab/Authentik/oauth/secret";
    assert.deepEqual(problemsOf({ ci: { ...REAL_CASE.ci, keyStore }, ...others(other) }), []);
  }
});

test("names that no Kubernetes has are settings errors", () => {
  const delivered = (argocd: object, kubernetes: object = {}) =>
    problemsOf({ argocd: { url: "https://argocd.example.net", token: "env:T", ...argocd }, kubernetes });
  for (const name of ["Team_A", "team_a", "Team", "team.a", "-team", "team-", "a".repeat(64)]) {
    const [first, second, ...more] = delivered({ applicationNamespace: name }, { namespace: name });
    assert.match(
      second ?? "",
      /^argocd\.applicationNamespace: got "\S+"; must be a namespace that Kubernetes allows: at most 63 lower-case/,
    );
    assert.match(first ?? "", /^kubernetes\.namespace: /);
    assert.deepEqual(more, []);
  }
  for (const name of ["Authentik", "my_app", "a..b", ".a", "a-", "x".repeat(254)]) {
    const problems = delivered({ application: name, project: name }, { configMap: name });
    assert.deepEqual(
      problems.map((text) => text.slice(0, text.indexOf(":"))),
      ["kubernetes.configMap", "argocd.application", "argocd.project"],
    );
  }
  const fine = { application: "sso.blueprints-2", project: "home-lab", applicationNamespace: "team-a" };
  assert.deepEqual(delivered(fine, { namespace: "0", configMap: "a.b-c" }), []);
});
