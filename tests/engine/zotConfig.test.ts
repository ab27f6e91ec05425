import assert from "node:assert/strict";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { quote } from "../../systems/zot/host/shell/shell.ts";
import { valueAt } from "../../systems/zot/config/anyCase.ts";
import { EngineLab } from "./harness.ts";
import { Homelab } from "./homelab.ts";

// zot releases, zot's config and the access policy, with the real CLI and a lab whose zot can be upgraded.

type Group = Record<string, unknown>;

let lab: EngineLab;
let homelab: Homelab;

before(async () => {
  lab = await EngineLab.start((config) => {
    const registry = config["zot-auth:registry"] as Group;
    // Next to the lab's folder, which does not exist yet.
    const folder = join(String(registry["configFile"]), "../../..");
    registry["binary"] = installZot(folder, "v2.1.17");
  });
  homelab = new Homelab(lab);
});
after(async () => lab.stop());

/** Installs a zot whose release can be changed later, as by an upgrade. */
function installZot(folder: string, release: string): string {
  const main = resolve(import.meta.dirname, "../../lab/zot/main.ts");
  const file = join(folder, "versioned-zot");
  writeFileSync(file, `#!/bin/sh\nexec node ${quote(main)} --version-emulated ${release} "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}

function change(group: string, values: Group): void {
  lab.changeSettings((config) => {
    config[`zot-auth:${group}`] = { ...(config[`zot-auth:${group}`] as Group | undefined), ...values };
  });
}

const config = (): unknown => JSON.parse(readFileSync(lab.layout.settings.registry.configFile, "utf8"));
const metrics = (): unknown => valueAt(config(), "http", "accessControl", "metrics");

test("up rejects a zot on which CI could overwrite tags, and says what to do", async () => {
  const { code, output } = await lab.up();
  assert.notEqual(code, 0);
  assert.match(
    output,
    /runs zot 2\.1\.17, where an account with only the action create can still overwrite .*registry\.acceptCiOverwrite/,
  );
});

test("up rejects a setting that the host's zot does not support before it changes anything", async () => {
  change("registry", { acceptCiOverwrite: true });
  change("zot", { storage: { fastRestart: true } });
  const { code, output, events } = await lab.up();
  assert.notEqual(code, 0);
  assert.match(output, /zot\.storage\.fastRestart: requires zot 2\.1\.18 or later; the host has 2\.1\.17/);
  const touched = events.flatMap(({ resOutputsEvent }) => resOutputsEvent?.metadata.type ?? []);
  assert.deepEqual(
    touched.filter((type) => !/^pulumi:(pulumi:Stack|providers:)|:Preflight$/.test(type)),
    [],
  );
  change("zot", { storage: {} });
});

test("an older zot gets a config that it supports", async () => {
  const { code, output } = await lab.up();
  assert.equal(code, 0, output);
  assert.deepEqual(metrics(), { users: [""] });
  assert.equal((await homelab.registry("/metrics")).status, 200);
  assert.equal((await lab.outputs())["zotVersion"], "2.1.17");
});

test("after an upgrade of zot, the next preview shows the required config change, and up applies it", async () => {
  installZot(lab.directory, "v2.1.20");
  change("registry", { acceptCiOverwrite: false });
  const preview = await lab.pulumi("preview", "--diff");
  assert.equal(preview.code, 0, preview.output);
  assert.match(preview.output, /~ .*command:local:Command/);
  assert.match(preview.output, /\+ anonymousPolicy: \[/);
  assert.deepEqual(metrics(), { users: [""] }, "a preview writes nothing");

  const { code, output } = await lab.up();
  assert.equal(code, 0, output);
  assert.deepEqual(metrics(), { anonymousPolicy: ["read"] });
  assert.equal((await homelab.registry("/metrics")).status, 200, "the new zot runs with the new config");
  assert.equal((await lab.outputs())["zotVersion"], "2.1.20");
});

test("preview warns if CI may write to a pull-through destination; a namespace prevents it on the registry", async () => {
  change("registry", { pullThrough: [{ name: "docker.io", url: "http://127.0.0.1:1" }] });
  const { output } = await lab.pulumi("preview");
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
  const { acceptanceResult } = (await lab.outputs()) as { acceptanceResult: { access: string } };
  assert.equal(acceptanceResult.access, "17 of 17 checks passed");
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
  const repositories = { "a[": { anonymousPolicy: ["read"] } };
  change("zot", { extra: { http: { accessControl: { repositories } } } });
  const refused = await lab.up();
  assert.notEqual(refused.code, 0);
  assert.match(refused.output, /failed to compile authorization pattern/);
  assert.equal(valueAt(config(), "scheduler", "numWorkers"), 3, "the previous config is still in place");
  assert.equal((await homelab.registry("/v2/")).status, 200);
});
