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
