import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { runningLab, startInBackground, stopLab } from "../../lab/homelab/background.ts";
import { readLayout } from "../../lab/homelab/layout.ts";
import { EngineLab } from "../engine/support/harness.ts";

test("a running lab is detected, its servers respond, and its data survives a stop", async () => {
  const lab = await EngineLab.start();
  try {
    const running = runningLab(lab.layout);
    assert.ok(running);
    assert.deepEqual(Object.keys(running.urls).sort(), [
      "1Password Connect",
      "Argo CD",
      "Authentik",
      "Forgejo",
      "Kubernetes",
      "zot",
    ]);
    for (const url of Object.values(running.urls)) {
      assert.equal(new URL(url).hostname, "127.0.0.1");
      await fetch(url); // any response will do
    }
    const secrets = lab.secrets;
    assert.equal(await stopLab(lab.layout), true);
    assert.equal(runningLab(lab.layout), undefined);
    assert.equal(await stopLab(lab.layout), false);
    await startInBackground(lab.layout);
    assert.deepEqual(lab.secrets, secrets);
  } finally {
    await lab.stop();
  }
});

test("a port in use is reported with its setting, and nothing is left running", async (t) => {
  const squatter = createServer();
  t.after(() => squatter.close());
  await new Promise<void>((done) => squatter.listen(0, "127.0.0.1", done));
  const { port } = squatter.address() as AddressInfo;
  const lab = await EngineLab.start();
  try {
    await stopLab(lab.layout);
    lab.changeSettings((config) => {
      config["zot-auth:forgejo"] = { ...(config["zot-auth:forgejo"] as object), url: `http://127.0.0.1:${port}` };
    });
    const layout = readLayout(lab.settingsFile, lab.layout.directory);
    await assert.rejects(startInBackground(layout), (error) => {
      assert.ok(error instanceof Error);
      assert.ok(error.message.includes(`Port ${port} on 127.0.0.1`), error.message);
      assert.ok(error.message.includes("forgejo.url in"), error.message);
      return true;
    });
    await assert.rejects(fetch(layout.settings.authentik.url), "the servers that had started are stopped");
  } finally {
    await lab.stop();
  }
});

test("lab:stop says what it does, and stops nothing for an option that it does not know", () => {
  const run = (option: string) =>
    spawnSync(process.execPath, ["lab/stop.ts", option], { cwd: new URL("../..", import.meta.url), encoding: "utf8" });
  const help = run("--help");
  assert.deepEqual([help.status, help.stderr], [0, ""]);
  assert.match(help.stdout, /^usage: npm run lab:stop \[-- --delete\]\n/);
  assert.deepEqual([run("--deleet").status, run("--deleet").stdout], [2, ""]);
});
