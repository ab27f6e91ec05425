import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { outputsSchema } from "../../../stack/outputs/outputsSchema.ts";
import type { EngineEvent, PulumiResult } from "../support/harness.ts";
import { homelab, lab } from "./stack.ts";
import { mainAccount } from "../../../settings/accounts/accounts.ts";

// From the first preview to a second up without changes.

let first: PulumiResult;

/** A warning from Pulumi or Node, or a line about where the CLI found its plugins. */
const NOISE = /warning|deprecat|experimental|\(node:\d+\)|\busing \S+ from|stand-in/i;

function assertNoNoise(output: string): void {
  assert.deepEqual(
    output.split("\n").filter((line) => NOISE.test(line)),
    [],
  );
}

/** Indexes of the events with which a resource's step began and ended. */
function spanOf(
  events: readonly EngineEvent[],
  type: string,
  name: string,
): { readonly begin: number; readonly end: number } {
  const ofIt = (urn: string | undefined): boolean => urn !== undefined && urn.endsWith(`${type}::${name}`);
  const begin = events.findIndex((event) => ofIt(event.resourcePreEvent?.metadata.urn));
  const end = events.findIndex((event) => ofIt(event.resOutputsEvent?.metadata.urn));
  assert.ok(begin >= 0 && end > begin, `the log contains ${name}`);
  return { begin, end };
}

test("preview on a new homelab shows the whole plan without a warning and changes nothing", async () => {
  const before = [
    await homelab.blueprints(),
    await homelab.fields("keyStore"),
    await homelab.secretNames("homelab/apps"),
  ];
  const { code, output } = await lab.pulumi("preview", "--non-interactive");
  assert.equal(code, 0, output);
  assert.match(output, /^ {4}\+ \d+ to create$/m);
  assertNoNoise(output);
  assert.match(
    output,
    /config\.json on local was made by hand\..* Anyone may pull, push .*\n +create, update, delete on \*\*\n[^]*Then may push: group [^]*\n +The update\n[^]*\n +adds http\.accessControl/,
  );
  assert.match(output, /zot restarts \(about 2 s\): it reads .* only when it starts\./);
  for (const row of [
    "ConfigMapPatch",
    "authentik:PolicyBinding",
    "authentik:Application",
    "authentik:ServiceAccount",
    "zot:ApiKey",
    "forgejo:ActionsSecret",
    "acceptance:SignInProof",
    "acceptance:TestBuild",
  ]) {
    assert.ok(output.includes(row), `the preview has a row for ${row}`);
  }
  assert.deepEqual(
    [await homelab.blueprints(), await homelab.fields("keyStore"), await homelab.secretNames("homelab/apps")],
    before,
  );
  assert.equal((await homelab.registry("/zot/auth/login?provider=oidc")).status, 404, "zot has no sign-in yet");
});

test("the first up runs the eight steps in order of their dependencies, without a warning", async () => {
  first = await lab.up();
  assert.equal(first.code, 0, first.output);
  assert.match(first.output, /^ {4}\+ \d+ created$/m);
  assertNoNoise(first.output);
  const span = (type: string, name: string) => spanOf(first.events, type, name);
  const preflight = span("zot-auth:acceptance:Preflight", "preflight");
  const sync = span("zot-auth:argocd:Sync", "authentik-sync");
  const patch = span("kubernetes:core/v1:ConfigMapPatch", "authentik-blueprint");
  const applied = span("zot-auth:authentik:AppliedBlueprint", "authentik-applied");
  const account = span("zot-auth:authentik:ServiceAccount", "ci-account");
  const credentials = span("command:local:Command", "zot-credentials");
  const config = span("command:local:Command", "zot-config");
  const key = span("zot-auth:zot:ApiKey", "ci-key");
  const secrets = ["homelab/apps", "homelab/site"].map((target) =>
    span("zot-auth:forgejo:ActionsSecret", `forgejo-${target}`),
  );
  const signIn = span("zot-auth:acceptance:SignInProof", "acceptance-sign-in");
  const access = span("zot-auth:acceptance:AccessProof", "acceptance-access");
  const build = span("zot-auth:acceptance:TestBuild", "acceptance-build");
  const otherKeys = span("zot-auth:zot:OtherKeys", "acceptance-other-keys");
  const order = [
    [preflight, sync],
    [sync, patch],
    [patch, applied],
    [applied, account],
    [preflight, credentials],
    [credentials, config],
    [applied, config],
    [account, key],
    [config, key],
    ...secrets.map((secret) => [key, secret] as const),
    ...secrets.map((secret) => [secret, build] as const),
    [key, signIn],
    [signIn, access],
    [access, otherKeys],
    [build, otherKeys],
  ] as const;
  for (const [earlier, later] of order) assert.ok(earlier.end < later.begin, JSON.stringify({ earlier, later }));
});

test("a second up and its preview change nothing and show no warning", async () => {
  const again = await lab.pulumi("up", "--yes", "--non-interactive");
  assert.equal(again.code, 0, again.output);
  const changes = again.events.find((event) => event.summaryEvent !== undefined)?.summaryEvent?.resourceChanges ?? {};
  assert.deepEqual(Object.keys(changes), ["same"], JSON.stringify(changes));
  const unchanged = again.output.match(/^Resources:\n {4}\d+ unchanged$/gm);
  assert.equal(unchanged?.length, 2, `the preview and the update change nothing\n${again.output}`);
  assertNoNoise(again.output);
});

test("the key in Forgejo can push, but not overwrite or delete", async () => {
  const key = homelab.ciKey("homelab/apps");
  assert.match(key ?? "", /^zak_/);
  assert.equal(homelab.ciKey("homelab/site"), key);
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-image-"));
  const image = (version: string): string => {
    const built = spawnSync(
      "sh",
      [join(import.meta.dirname, "../../../lab/homelab/seed/apps/build.sh"), "hello", version, "image"],
      { cwd: folder, encoding: "utf8" },
    );
    assert.equal(built.status, 0, built.stderr);
    return `oci:${join(folder, "image")}`;
  };
  try {
    const { host } = new URL(lab.layout.settings.registry.url);
    const push = async (version: string) =>
      homelab.skopeo(
        "copy",
        "--dest-tls-verify=false",
        `--dest-creds=zot-ci:${key ?? ""}`,
        image(version),
        `docker://${host}/homelab/hello:v1`,
      );
    const pushed = await push("1");
    assert.equal(pushed.code, 0, pushed.output);
    const overwritten = await push("2");
    assert.notEqual(overwritten.code, 0);
    assert.match(overwritten.output, /denied/);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const manifest = await homelab.registry("/v2/homelab/hello/manifests/v1");
  assert.equal(manifest.status, 200, "anybody pulls");
  const type = manifest.headers.get("content-type") ?? "";
  const body = await manifest.text();
  assert.equal(
    (
      await homelab.registry("/v2/homelab/hello/manifests/v1", {
        method: "PUT",
        ...(key === undefined ? {} : { key }),
        body,
        type,
      })
    ).status,
    403,
  );
  assert.equal(
    (
      await homelab.registry("/v2/homelab/hello/manifests/v1", {
        method: "DELETE",
        ...(key === undefined ? {} : { key }),
      })
    ).status,
    403,
  );
  assert.equal(
    (await homelab.registry("/v2/homelab/hello/blobs/uploads/", { method: "POST" })).status,
    401,
    "nobody can push without a key",
  );
});

test("objects that others own are unchanged", async () => {
  assert.deepEqual(Object.keys(await homelab.blueprints()).sort(), [
    "common.yaml",
    "grafana.yaml",
    "mfa.yaml",
    "zot.yaml",
  ]);
  const { "zot-ci-api": key, ...others } = await homelab.fields("keyStore");
  assert.equal(key, homelab.ciKey("homelab/apps"));
  assert.deepEqual(others, { "api-token": "not ours", "fly-deploy-token": "not ours" });
  assert.deepEqual(await homelab.secretNames("homelab/apps"), [
    "ARGOCD_AUTH_TOKEN",
    "FLY_DEPLOY_TOKEN",
    "ZOT_CI_API_KEY",
  ]);
  assert.deepEqual(await homelab.variableNames("homelab/apps"), ["REGISTRY", "ZOT_CI_API_KEY_INFO"]);
});

test("the outputs are what their schema says, in JSON and for a shell", async () => {
  const json = await lab.pulumi("stack", "output", "--json");
  assert.deepEqual(JSON.parse(json.output), lab.outputs());
  const outputs = outputsSchema.parse(lab.outputs());
  const { output } = await lab.pulumi("stack", "output", "--shell");
  const script = `eval "$1"; printf '%s\\n' "$registryUrl" "$ciUser" "$imagePrefix" "$keyExpires" "$skopeoCopyArgs"`;
  const { stdout } = spawnSync("sh", ["-euc", script, "sh", output], { encoding: "utf8" });
  const { registryUrl, ciUser, imagePrefix, keyExpires, skopeoCopyArgs } = outputs;
  const [last = "", ...words] = stdout.trimEnd().split("\n").reverse();
  assert.deepEqual(words.reverse(), [registryUrl, ciUser, imagePrefix, keyExpires]);
  assert.deepEqual(JSON.parse(last), skopeoCopyArgs);
});

test("the outputs identify the key", async () => {
  const outputs = lab.outputs();
  assert.equal(outputs["ciSecretName"], "ZOT_CI_API_KEY");
  assert.equal(outputs["keyLabel"], "zot-auth/lab/1");
  const days = (Date.parse(String(outputs["keyExpires"])) - Date.parse(String(outputs["keyCreated"]))) / 86_400_000;
  assert.equal(days, 90);
  const marker = (await homelab.forgejo("/repos/homelab/apps/actions/variables/ZOT_CI_API_KEY_INFO")) as {
    data: string;
  };
  assert.ok(marker.data.includes(String(outputs["keyFingerprint"])));
  const { settings } = lab.layout;
  const { user, prefixes } = mainAccount(settings);
  assert.ok(marker.data.endsWith(` user=${user} registry=${settings.registry.url} prefix=${prefixes[0]}`), marker.data);
  const { checked, ...results } = outputs["acceptanceResult"] as { readonly checked: string };
  assert.ok(Date.parse(checked) >= Date.parse(String(outputs["keyCreated"])), checked);
  assert.deepEqual(results, {
    signIn: {
      "groups claim": '"groups" arrives with "artifact-workloads" (scopes requested: openid email profile)',
      "key endpoint": "/zot/auth/apikey answers (zot 2.1.20)",
      "key groups": "the key may push to zot-auth/acceptance, by its account's groups",
    },
    access: "15 of 15 checks passed",
    // Forgejo 14 lists no runners.
    services: "7 passed, 2 skipped",
    build: "success",
  });
});
