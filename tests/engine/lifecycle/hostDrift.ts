import assert from "node:assert/strict";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { homelab, lab } from "./stack.ts";

// Editors on the host replace a file when they save it, after which zot's file watch no longer notices any change.

/** Saves as an editor does. */
function save(file: string, text: string): void {
  writeFileSync(`${file}~`, text);
  renameSync(`${file}~`, file);
}

const pidOfZot = (): string => readFileSync(`${lab.layout.directory}/zot/pid`, "utf8");
const catalog = async (): Promise<number> => (await homelab.registry("/v2/_catalog")).status;

test("preview reports an edited config and credentials file, and up restores them", async () => {
  // The first runs were as a user's.
  lab.plugins = "attached";
  const { configFile, credentialsFile } = lab.layout.settings.registry;
  const declared = readFileSync(configFile, "utf8");
  const credentials = readFileSync(credentialsFile, "utf8");
  const edited = declared.replace(/"anonymousPolicy": \[\s*"read"\s*\]/, '"anonymousPolicy": []');
  assert.notEqual(edited, declared);
  save(configFile, edited);
  save(credentialsFile, credentials.replace(/\}\s*$/, "\n}\n"));
  const { output } = await lab.pulumi("preview", "--non-interactive");
  assert.match(output, new RegExp(`config\\.json on local was edited by hand`));
  assert.match(output, new RegExp(`oidc-credentials\\.json on local was edited by hand`));
  assert.match(output, /zot-config.*update/);
  assert.match(output, /zot-credentials.*update/);
  const repaired = await lab.up();
  assert.equal(repaired.code, 0, repaired.output);
  assert.equal(readFileSync(configFile, "utf8"), declared);
  assert.equal(readFileSync(credentialsFile, "utf8"), credentials);
  assert.equal(await catalog(), 200);
  const { code, output: after } = await lab.pulumi("preview", "--non-interactive", "--expect-no-changes");
  assert.equal(code, 0, after);
});

test("with a config that zot does not start with, and so without a zot, up --refresh repairs both", async () => {
  const { configFile } = lab.layout.settings.registry;
  const declared = readFileSync(configFile, "utf8");
  const key = homelab.ciKey("homelab/apps");
  save(configFile, '{"broken": ');
  const crashed = pidOfZot();
  process.kill(Number(crashed), "SIGKILL");
  while ((await catalog().catch(() => 0)) === 200) await delay(20);
  const { code, output } = await lab.pulumi("up", "--yes", "--skip-preview", "--refresh", "--non-interactive");
  assert.equal(code, 0, output);
  assert.equal(readFileSync(configFile, "utf8"), declared);
  assert.equal(await catalog(), 200);
  assert.equal(homelab.ciKey("homelab/apps"), key, "no key was made");
});

test("if zot has lost its file watch, up restarts it for a change and says so", async () => {
  const { configFile } = lab.layout.settings.registry;
  save(configFile, readFileSync(configFile, "utf8"));
  const running = pidOfZot();
  lab.changeSettings((config) => {
    config["zot-auth:access"] = { ...(config["zot-auth:access"] as object | undefined), anonymousRead: false };
  });
  const changed = await lab.up();
  assert.equal(changed.code, 0, changed.output);
  assert.match(changed.output, /it watches was replaced/);
  assert.equal(await catalog(), 401);
  assert.notEqual(pidOfZot(), running);
});

test("zot reloads the next change without a restart", async () => {
  const running = pidOfZot();
  lab.changeSettings((config) => {
    config["zot-auth:access"] = { ...(config["zot-auth:access"] as object), anonymousRead: true };
  });
  const changed = await lab.up();
  assert.equal(changed.code, 0, changed.output);
  assert.equal(await catalog(), 200);
  assert.equal(pidOfZot(), running);
});
