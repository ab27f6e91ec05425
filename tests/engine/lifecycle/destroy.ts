import assert from "node:assert/strict";
import { test } from "node:test";
import { homelab, lab } from "./stack.ts";

test("destroy removes everything that up created", async () => {
  const { code, output } = await lab.pulumi("destroy", "--yes", "--skip-preview", "--non-interactive");
  assert.equal(code, 0, output);
  assert.deepEqual(await homelab.secretNames("homelab/apps"), ["ARGOCD_AUTH_TOKEN", "FLY_DEPLOY_TOKEN"]);
  assert.deepEqual(await homelab.variableNames("homelab/apps"), ["REGISTRY"]);
  assert.equal((await homelab.fields("keyStore"))["zot-ci-api"], "");
  assert.deepEqual(Object.keys(await homelab.blueprints()).sort(), ["common.yaml", "grafana.yaml", "mfa.yaml"]);
  assert.equal((await homelab.authentik("/core/applications/zot/")).status, 404);
  const users = (await homelab.authentik("/core/users/?username=zot-ci")).body as { results: unknown[] };
  assert.equal(users.results.length, 0);
  assert.equal(
    (await homelab.registry("/zot/auth/login?provider=oidc")).status,
    404,
    "the original zot config is restored",
  );
});
