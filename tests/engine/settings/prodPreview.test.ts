import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";

test("the real case previews its whole plan without its servers, and reports what it could not read", () => {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-prod-"));
  try {
    mkdirSync(join(folder, "state"));
    // A separate project folder, since `stack init` writes into the settings file.
    for (const name of ["package.json", "index.ts", "stack", "provider", "node_modules"])
      symlinkSync(resolve(name), join(folder, name));
    writeFileSync(join(folder, "Pulumi.yaml"), readFileSync(resolve("Pulumi.yaml"), "utf8"));
    // The test must not contact the real servers. Its SSH host becomes this machine, which rejects logins without a key.
    const settings = readFileSync(resolve("Pulumi.prod.yaml"), "utf8").replace("ssh:indri", "ssh:nobody@127.0.0.1");
    writeFileSync(join(folder, "Pulumi.prod.yaml"), settings);
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "prod",
      KUBECONFIG: join(folder, "no-kubeconfig"),
    };
    delete env["PULUMI_CONFIG_PASSPHRASE_FILE"];
    delete env["SSH_AUTH_SOCK"];
    const pulumi = (...args: readonly string[]) => {
      const { status, stdout, stderr } = spawnSync("pulumi", [...args, "--non-interactive"], {
        cwd: folder,
        env,
        encoding: "utf8",
      });
      return { status, output: stdout + stderr };
    };
    assert.equal(pulumi("stack", "init", "prod").status, 0);
    const { status, output } = pulumi("preview", "--stack", "prod");
    assert.equal(status, 0, output);
    assert.match(
      output,
      /ssh:nobody@127\.0\.0\.1 \(setting registry\.host\) cannot be reached: .*assumes zot 2\.1\.20 and can neither detect .* nor compare what is on the host/,
    );
    assert.match(output, /authentik\.clientSecret: op:\/\/\S+ cannot be read: /);
    for (const name of [
      "authentik-sync",
      "authentik-blueprint",
      "zot-credentials",
      "zot-config",
      "ci-key",
      "forgejo-eblume/blumeops",
      "acceptance-access",
    ]) {
      assert.ok(output.includes(name), `the plan has ${name}`);
    }
    assert.match(output, /\+ 35 to create/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
