import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathsOf } from "../../../lab/homelab/layout.ts";
import { exportState, importFormerState, rowOf } from "./formerState.ts";
import type { StoredResource } from "./formerState.ts";
import { EngineLab } from "../support/harness.ts";
import type { PulumiResult } from "../support/harness.ts";
import { Homelab } from "../support/homelab.ts";
import { mainAccount } from "../../../settings/accounts/accounts.ts";

// One `up` migrates a stack of an earlier version (commit 1608c1e) without creating a key, writing a secret or restarting anything. Not covered:
// objects on the servers that only the earlier version created, since the current version sets up this test's homelab.

let lab: EngineLab;
let homelab: Homelab;
/** CI's key. */
let key: string;

before(async () => {
  // The earlier version left the timeouts to zot. Without this setting, the same `up` restarts zot once.
  lab = await EngineLab.start((config) => {
    config["zot-auth:zot"] = { http: { readTimeout: "default", writeTimeout: "default" } };
  });
  homelab = new Homelab(lab);
  await up();
  key = homelab.ciKey("homelab/apps") ?? "";
});
after(async () => lab.stop());

async function up(): Promise<PulumiResult> {
  const result = await lab.up();
  assert.equal(result.code, 0, result.output);
  return result;
}

const destroy = async () => lab.pulumi("destroy", "--yes", "--skip-preview", "--non-interactive");

/** The state of the earlier version, and the ConfigMap's key under its field manager. */
async function asEarlier(change?: (resources: readonly StoredResource[]) => readonly StoredResource[]): Promise<void> {
  await importFormerState(lab, change);
  await homelab.handOver("zot.yaml", "zot-auth/zot.yaml", "zot-auth");
}

interface Key {
  readonly uuid: string;
  readonly label: string;
}

/** The account's keys in zot. */
async function keys(): Promise<readonly Key[]> {
  const answer = await homelab.registry("/zot/auth/apikey", { key });
  assert.equal(answer.status, 200);
  const { apiKeys } = (await answer.json()) as { apiKeys: readonly Key[] };
  return apiKeys.map(({ uuid, label }) => ({ uuid, label }));
}

/** The account's keys in the lab zot's own file: after a destroy, no account can sign in to list them. */
function keysOnDisk(): unknown {
  const file = join(lab.layout.settings.registry.dataDirectory, "_lab", "meta.json");
  const { users } = JSON.parse(readFileSync(file, "utf8")) as { users: Record<string, { apiKeys: unknown }> };
  return users["zot-ci"]?.apiKeys;
}

async function makeKey(label: string): Promise<Key> {
  const answer = await homelab.registry("/zot/auth/apikey", { method: "POST", key, body: JSON.stringify({ label }) });
  assert.equal(answer.status, 201);
  const made = (await keys()).find((candidate) => candidate.label === label);
  assert.ok(made);
  return made;
}

async function writeSecret(repository: string, name: string, data: string): Promise<void> {
  const { forgejo } = lab.layout.settings;
  const answer = await fetch(`${forgejo.url}/api/v1/repos/${repository}/actions/secrets/${name}`, {
    method: "PUT",
    headers: { authorization: `token ${lab.secrets.forgejo}`, "content-type": "application/json" },
    body: JSON.stringify({ data }),
  });
  assert.equal(answer.status, 204);
}

/** zot's pid and start time. */
function zotProcess(): string {
  const pid = readFileSync(pathsOf(lab.layout).pid, "utf8").trim();
  const { stdout } = spawnSync("ps", ["-o", "pid=,lstart=", "-p", pid], { encoding: "utf8" });
  assert.match(stdout, /\d/);
  return stdout.trim();
}

const zotConfig = (): string => readFileSync(lab.layout.settings.registry.configFile, "utf8");

/** The files of the lab's 1Password and Forgejo with their secrets. They must not change. */
function kept(): unknown {
  const read = (...path: readonly string[]): unknown =>
    JSON.parse(readFileSync(join(lab.layout.directory, ...path), "utf8"));
  const { repositories } = read("forgejo", "forgejo.json") as {
    repositories: readonly { name: string; secrets: unknown; variables: unknown }[];
  };
  return {
    onePassword: read("onepassword", "onepassword.json"),
    forgejo: repositories.map(({ name, secrets, variables }) => ({ name, secrets, variables })),
  };
}

test("one up migrates a stack of an earlier version without creating a key, writing a secret or restarting anything", async () => {
  const name = mainAccount(lab.layout.settings).secretName;
  // Any write of the secret would replace this value.
  for (const repository of ["homelab/apps", "homelab/site"]) await writeSecret(repository, name, "not written again");
  const before = { keys: await keys(), zot: zotProcess(), kept: kept(), config: zotConfig() };
  await asEarlier();
  await up();
  assert.deepEqual({ keys: await keys(), zot: zotProcess(), kept: kept(), config: zotConfig() }, before);
  assert.equal(homelab.ciKey("homelab/apps"), "not written again");
  const { code, output } = await lab.pulumi("preview", "--non-interactive", "--expect-no-changes");
  assert.equal(code, 0, output);
  for (const repository of ["homelab/apps", "homelab/site"]) await writeSecret(repository, name, key);
});

test("a key in its grace period stays pending since the same date; a key past its grace period is revoked", async () => {
  const [fresh, over] = [await makeKey("zot-auth/lab/2"), await makeKey("zot-auth/lab/3")];
  const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
  const pending = [
    { ...fresh, since: ago(30) },
    { ...over, since: ago(90) },
  ];
  const isRetired = ({ type }: StoredResource): boolean => type === "zot-auth:zot:RetiredKeys";
  await asEarlier((resources) =>
    resources.map((resource) =>
      isRetired(resource) ? { ...resource, outputs: { ...resource.outputs, pending, due: ago(30) } } : resource,
    ),
  );
  await up();
  assert.deepEqual((await keys()).map(({ label }) => label).sort(), ["zot-auth/lab/1", "zot-auth/lab/2"]);
  const { outputs } = rowOf((await exportState(lab)).deployment, "acceptance-other-keys");
  assert.deepEqual(outputs?.["pending"], pending.slice(0, 1));
});

test("destroy removes everything, even from the earlier version's state without an up first", async () => {
  for (const earlier of [false, true]) {
    if (earlier) {
      await up();
      key = homelab.ciKey("homelab/apps") ?? "";
      await asEarlier();
    }
    const { code, output } = await destroy();
    assert.equal(code, 0, output);
    assert.deepEqual(keysOnDisk(), {});
    assert.deepEqual(await homelab.secretNames("homelab/apps"), ["ARGOCD_AUTH_TOKEN", "FLY_DEPLOY_TOKEN"]);
    assert.deepEqual(await homelab.variableNames("homelab/apps"), ["REGISTRY"]);
    assert.equal((await homelab.fields("keyStore"))["zot-ci-api"], "");
    assert.deepEqual(Object.keys(await homelab.blueprints()).sort(), ["common.yaml", "grafana.yaml", "mfa.yaml"]);
    assert.equal((await homelab.authentik("/core/applications/zot/")).status, 404);
  }
});
