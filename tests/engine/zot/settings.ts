import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { valueAt } from "../../../systems/zot/config/syntax/anyCase.ts";
import { change, config, homelab, lab } from "./stack.ts";

// Settings of zot and the access policy. The tests depend on their order.

test("preview warns if CI may write to a pull-through destination; a namespace prevents it on the registry", async () => {
  change("registry", { pullThrough: [{ name: "docker.io", url: "http://127.0.0.1:1" }] });
  const { output } = await lab.pulumi("preview");
  assert.match(output, /zot reloads its config without a restart\./);
  assert.match(output, /Group artifact-workloads may create images in docker\.io, .*access\.namespaces/);

  change("access", {
    namespaces: {
      "docker.io/**": { ci: "read" },
      "private/**": { ci: "none", anonymousRead: false, signedInRead: false },
    },
  });
  const updated = await lab.up();
  assert.equal(updated.code, 0, updated.output);
  assert.doesNotMatch(updated.output, /may create images in/);
  const { acceptanceResult } = lab.outputs() as { acceptanceResult: { access: string } };
  assert.equal(acceptanceResult.access, "21 of 21 checks passed");
  const key = homelab.ciKey("homelab/apps") ?? "";
  const upload = async (repository: string): Promise<number> =>
    (await homelab.registry(`/v2/${repository}/blobs/uploads/`, { method: "POST", key })).status;
  assert.deepEqual(
    await Promise.all(["homelab/app", "docker.io/library/nginx", "private/a"].map(upload)),
    [202, 403, 403],
  );
});

test("up creates session keys on the host, readable by zot only and not in the state, applies zot.extra, and rejects a missing file up front", async () => {
  const keysFile = join(lab.directory, "session-keys.json");
  change("zot", { auth: { sessionKeysFile: keysFile }, extra: { scheduler: { numWorkers: 3 } } });
  const { code, output } = await lab.up();
  assert.equal(code, 0, output);
  assert.equal(statSync(keysFile).mode & 0o777, 0o600);
  const { hashKey } = JSON.parse(readFileSync(keysFile, "utf8")) as { hashKey: string };
  assert.equal(hashKey.length, 64);
  assert.ok(!lab.stateText().includes(hashKey) && !output.includes(hashKey));
  assert.equal(valueAt(config(), "scheduler", "numWorkers"), 3);

  change("zot", { sync: { credentialsFile: join(lab.directory, "nothing.json") } });
  const refused = await lab.up();
  assert.notEqual(refused.code, 0);
  assert.match(refused.output, /nothing\.json does not exist \(setting zot\.sync\.credentialsFile\)/);
  change("zot", { sync: {} });
});

test("a config that zot rejects changes nothing, and up shows zot's message", async () => {
  const providers = { keycloak: { issuer: "https://sso.example.test", clientid: "zot", scopes: ["openid"] } };
  change("zot", { extra: { http: { auth: { openid: { providers } } } } });
  const refused = await lab.up();
  assert.notEqual(refused.code, 0);
  assert.match(refused.output, /unsupported openid\/oauth2 provider/);
  assert.equal(valueAt(config(), "scheduler", "numWorkers"), 3, "the previous config is still in place");
  assert.equal((await homelab.registry("/v2/")).status, 200);
});
