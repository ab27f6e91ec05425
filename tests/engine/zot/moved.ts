import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { valueAt } from "../../../systems/zot/config/anyCase.ts";
import { change, config, homelab, lab } from "./stack.ts";

// Settings that move files on zot's host, with the real CLI: its engine deletes the old places' resources last.

const BY_HAND = '{ "clientid": "by hand" }';

const at = (name: string): string => join(lab.directory, name);

/** The files at a place, with their companions. */
function found(name: string): readonly string[] {
  return readdirSync(lab.directory).filter((file) => file.startsWith(name));
}

function move(credentialsFile: string, sessionKeysFile: string): void {
  change("registry", { credentialsFile });
  change("zot", { auth: { sessionKeysFile }, extra: {} });
}

async function up(): Promise<string> {
  const { code, output } = await lab.up();
  assert.equal(code, 0, output);
  return output;
}

const servedCredentials = (): unknown =>
  valueAt(config(), "http", "auth", "openid", "providers", "oidc", "credentialsFile");

test("an interrupted move of the credentials and session keys is taken back without a trace", async () => {
  const { credentialsFile } = lab.layout.settings.registry;
  move(credentialsFile, at("session-keys.json"));
  await up();
  const before = readFileSync(credentialsFile, "utf8");
  writeFileSync(at("moved-credentials.json"), BY_HAND);

  move(at("moved-credentials.json"), at("moved-keys.json"));
  const cut = await lab.upCutOffAt("zot-config");
  assert.notEqual(cut.code, 0);
  assert.equal(readFileSync(at("moved-credentials.json"), "utf8"), before, "the run was interrupted halfway");

  move(credentialsFile, at("session-keys.json"));
  const { code, output } = await lab.command("recover");
  assert.equal(code, 0, output);
  assert.deepEqual([found("moved-credentials"), found("moved-keys")], [["moved-credentials.json"], []]);
  assert.equal(readFileSync(at("moved-credentials.json"), "utf8"), BY_HAND);
  assert.equal(servedCredentials(), credentialsFile);
  assert.equal(readFileSync(credentialsFile, "utf8"), before);
  assert.equal((await homelab.registry("/v2/")).status, 200);
});

test("a move removes the old files once zot serves with the new ones, and up then has nothing to do", async () => {
  const { credentialsFile } = lab.layout.settings.registry;
  move(at("moved-credentials.json"), at("moved-keys.json"));
  const { output } = await lab.pulumi("preview", "--non-interactive");
  assert.match(
    output,
    /zot restarts \(about 2 s\): it reads http\.auth\.openid\.providers\.oidc\.credentialsfile, http\.auth\.sessionkeysfile only when it starts/,
  );
  assert.match(output, /- +.*zot:FileCleanup +zot-credentials-[0-9a-f]{6} +delete/);
  await up();
  assert.equal(servedCredentials(), at("moved-credentials.json"));
  assert.deepEqual([existsSync(credentialsFile), existsSync(`${credentialsFile}.zot-auth`)], [false, false]);
  assert.deepEqual(found("session-keys"), []);
  assert.equal((await homelab.registry("/v2/")).status, 200);
  const { code, output: after } = await lab.pulumi("preview", "--non-interactive", "--expect-no-changes");
  assert.equal(code, 0, after);
  assert.doesNotMatch(after, /zot re(starts|loads)/);
});

test("destroy restores the file that was at the new place", async () => {
  const { code, output } = await lab.pulumi("destroy", "--yes", "--skip-preview", "--non-interactive");
  assert.equal(code, 0, output);
  assert.deepEqual([found("moved-credentials"), found("moved-keys")], [["moved-credentials.json"], []]);
  assert.equal(readFileSync(at("moved-credentials.json"), "utf8"), BY_HAND);
});
