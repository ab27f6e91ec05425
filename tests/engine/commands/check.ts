import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Report } from "../../../report/report.ts";
import { check } from "./runCheck.ts";
import { homelab, lab } from "./stack.ts";

// npm run check reports problems, also with its exit code, and changes nothing. The tests depend on their order.

interface Proof {
  readonly name: string;
  readonly modified: string;
  readonly run: unknown;
}

async function proofs(): Promise<readonly Proof[]> {
  const { code, output } = await lab.pulumi("stack", "export");
  assert.equal(code, 0, output);
  const { deployment } = JSON.parse(output) as {
    readonly deployment: {
      readonly resources: readonly { urn: string; modified: string; outputs?: Readonly<Record<string, unknown>> }[];
    };
  };
  return deployment.resources.map(({ urn, modified, outputs }) => ({
    name: urn.split("::").at(-1) ?? "",
    modified,
    run: outputs?.["run"],
  }));
}

test("--full proves everything again, test builds too, and touches nothing else; the next check finds no difference", async () => {
  const before = await proofs();
  // Once as a user's.
  lab.plugins = "processes";
  const { code, output } = await lab.command("check", ["lab", "--config-file", lab.settingsFile, "--full"]);
  lab.plugins = "attached";
  assert.equal(code, 0, output);
  assert.match(output, /^✓ lab: everything is as declared\.\n▸ proofs: [^]*^✓ lab: every proof passed\.$/m);
  const after = await proofs();
  const changed = after.filter(({ name, modified }) => before.find((one) => one.name === name)?.modified !== modified);
  assert.deepEqual(changed.map(({ name }) => name).sort(), [
    "acceptance-access",
    "acceptance-build",
    "acceptance-services",
    "acceptance-sign-in",
  ]);
  const runOf = (all: readonly Proof[]): number => Number(all.find(({ name }) => name === "acceptance-build")?.run);
  assert.equal(runOf(after), runOf(before) + 1);
});

/** Lets everybody push below CI's namespace, in zot alone: it watches the file and not its name, so it never reads one that is renamed over it. */
async function loosen(): Promise<void> {
  const { configFile } = lab.layout.settings.registry;
  const declared = readFileSync(configFile, "utf8");
  const config = JSON.parse(declared) as {
    readonly http: {
      readonly accessControl: { readonly repositories: Record<string, { anonymousPolicy: readonly string[] }> };
    };
  };
  for (const policy of Object.values(config.http.accessControl.repositories))
    policy.anonymousPolicy = ["read", "create"];
  writeFileSync(configFile, JSON.stringify(config));
  const begin = async (): Promise<number> =>
    (await homelab.registry("/v2/homelab/anybody/blobs/uploads/", { method: "POST" })).status;
  for (let tries = 0; (await begin()) !== 202; tries += 1) {
    assert.ok(tries < 100, "zot has read it");
    await delay(50);
  }
  writeFileSync(`${configFile}.new`, declared);
  renameSync(`${configFile}.new`, configFile);
}

test("a proof that fails keeps what it measured, in the metrics, the report and the state, until it is tried again", async () => {
  const file = join(lab.directory, "zot-auth.prom");
  const args = ["lab", "--config-file", lab.settingsFile, "--non-interactive"];
  const row = "push a new image: expected 401, got 201\\. More is allowed than declared";
  const full = async (): ReturnType<typeof lab.command> =>
    lab.command("check", [...args, "--full", "--textfile", file]);
  await loosen();
  const failed = await full();
  assert.equal(failed.code, 1, failed.output);
  assert.match(failed.output, new RegExp(`anonymous, ${row}`));
  assert.match(
    failed.output,
    /^✗ lab: a proof failed, see above\. Nothing was changed, so nothing was rolled back\.$/m,
  );
  assert.match(readFileSync(file, "utf8"), /^zot_auth_access_checks\{stack="lab",result="failed"\} 1$/m);
  const report = JSON.parse(readFileSync(join(lab.directory, "reports", "lab", "check.json"), "utf8")) as Report;
  assert.deepEqual(
    report.access.rows.filter(({ expected, measured }) => expected !== measured).map(({ measured }) => measured),
    [201],
  );
  const later = await check([...args, "--textfile", file]);
  assert.equal(later.code, 1, later.output);
  assert.match(
    later.output,
    new RegExp(
      `^✗ lab: access was not as declared when it was tried: anonymous: ${row}.* up .*\` tries it again\\.$`,
      "m",
    ),
  );
  assert.match(readFileSync(file, "utf8"), /^zot_auth_access_checks\{stack="lab",result="failed"\} 1$/m);
  const restarted = spawnSync("sh", [resolve("lab/bin/restart-zot"), join(lab.layout.directory, "zot", "pid")]);
  assert.equal(restarted.status, 0, String(restarted.stderr));
  const again = await full();
  assert.equal(again.code, 0, again.output);
  assert.match(again.output, /^▸ access was not as declared when it was tried: [^]*^✓ lab: every proof passed\.$/m);
  assert.match(readFileSync(file, "utf8"), /^zot_auth_access_checks\{stack="lab",result="failed"\} 0$/m);
});

test("without drift, check says so, and when the key rotates", async () => {
  const file = join(lab.directory, "zot-auth.prom");
  const { code, output } = await check([
    "lab",
    "--config-file",
    lab.settingsFile,
    "--non-interactive",
    "--textfile",
    file,
  ]);
  assert.equal(code, 0, output);
  const metrics = readFileSync(file, "utf8");
  assert.match(metrics, /^zot_auth_check_success\{stack="lab"\} 1$/m);
  assert.match(metrics, /^zot_auth_access_checks\{stack="lab",result="passed"\} 15$/m);
  assert.match(metrics, /^zot_auth_unmanaged_keys\{stack="lab",account="zot-ci"\} 0$/m);
  const { keyExpires } = lab.outputs();
  assert.ok(metrics.includes(`{stack="lab",account="zot-ci"} ${Date.parse(String(keyExpires)) / 1000}\n`), metrics);
  assert.match(output, /^The key of zot-ci rotates in 59 days, on 20\d\d-\d\d-\d\d; expires on 20\d\d-\d\d-\d\d\.$/m);
  assert.match(output, /^✓ lab: everything is as declared\.$/m);
});

test("with drift, check names a deleted secret and does not restore it", async () => {
  await homelab.forgejo("/repos/homelab/site/actions/secrets/ZOT_CI_API_KEY", "DELETE");
  const file = join(lab.directory, "zot-auth.prom");
  const { code, output } = await check([
    "lab",
    "--config-file",
    lab.settingsFile,
    "--non-interactive",
    `--textfile=${file}`,
  ]);
  assert.equal(code, 1, output);
  assert.match(readFileSync(file, "utf8"), /^zot_auth_check_success\{stack="lab"\} 0$/m);
  assert.match(output, /drift: "homelab\/site has no secret ZOT_CI_API_KEY"/);
  const page = join(lab.directory, "reports", "lab", "check.json");
  const report = JSON.parse(readFileSync(page, "utf8")) as Report;
  assert.match(report.says.join(" "), /^The key of zot-ci rotates .*\. Not everything is as declared\. /);
  assert.deepEqual(
    report.steps.filter(({ state }) => state === "differs").map(({ name, difference }) => [name, difference]),
    [["forgejo-homelab/site", "homelab/site has no secret ZOT_CI_API_KEY"]],
  );
  assert.match(
    output,
    /^✗ lab: not everything is as declared, see above\. `npm run pulumi -- up --refresh --stack lab .*` repairs it\.$/m,
  );
  assert.ok(!(await homelab.secretNames("homelab/site")).includes("ZOT_CI_API_KEY"));
});

test("with drift, preview has it and what `up` would do about it as Markdown, without a secret", async () => {
  const { code, output } = await check(
    ["lab", "--config-file", lab.settingsFile, "--refresh", "--non-interactive"],
    "preview",
  );
  assert.equal(code, 0, output);
  assert.match(output, /^<!-- zot-auth: preview of lab -->$/m);
  assert.match(output, /^### zot-auth: `lab`: 1 to update$/m);
  assert.match(output, /^- `homelab\/site has no secret ZOT_CI_API_KEY`$/m);
  assert.match(output, /^\| `~` \| `forgejo-homelab\/site` \| `zot-auth:forgejo:ActionsSecret` \|/m);
  for (const [name, secret] of Object.entries(lab.secrets))
    assert.ok(typeof secret !== "string" || !output.includes(secret), name);
});
