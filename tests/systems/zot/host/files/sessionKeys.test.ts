import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { factsScript } from "../../../../../systems/zot/host/facts/question.ts";
import { removeSessionKeysScript, sessionKeysScript } from "../../../../../systems/zot/host/files/sessionKeys.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "it's a $folder "));
  file = join(folder, "session-keys.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

function sh(script: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync("/bin/sh", ["-c", script], { encoding: "utf8" });
}

function keys(): { readonly hashKey: string; readonly encryptKey: string } {
  return JSON.parse(readFileSync(file, "utf8")) as { hashKey: string; encryptKey: string };
}

test("the keys are generated once, readable by their owner only, and never printed", () => {
  const first = sh(sessionKeysScript(file, folder, 0));
  assert.equal(first.status, 0, first.stderr);
  const made = keys();
  assert.match(made.hashKey, /^[A-Za-z0-9]{64}$/);
  assert.match(made.encryptKey, /^[A-Za-z0-9]{32}$/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.match(first.stdout, /^[0-9a-f]{16} 0$/);
  assert.ok(!`${first.stdout}${first.stderr}`.includes(made.hashKey));

  assert.equal(sh(sessionKeysScript(file, folder, 0)).stdout, first.stdout);
  assert.deepEqual(keys(), made);
  assert.equal(sh(removeSessionKeysScript(file)).status, 0);
  assert.ok(!existsSync(file) && !existsSync(`${file}.zot-auth`));
});

test("an existing file is used and kept", () => {
  writeFileSync(file, JSON.stringify({ hashKey: "h".repeat(32), encryptKey: "e".repeat(16) }, null, 2));
  assert.equal(sh(sessionKeysScript(file, folder, 0)).status, 0);
  sh(removeSessionKeysScript(file));
  assert.equal(keys().hashKey, "h".repeat(32));
});

test("a hand edit is reported and adopted", () => {
  const looks = (): string => {
    const question = {
      binary: "true",
      configFile: join(folder, "config.json"),
      credentialsFile: join(folder, "credentials.json"),
      dataDirectory: folder,
      sessionKeysFile: file,
      origin: "http://127.0.0.1:1",
    };
    return sh(factsScript(question)).stdout;
  };
  assert.match(looks(), /sessionKeys_state=as written\nsessionKeys_repairs=0/);
  sh(sessionKeysScript(file, folder, 0));
  assert.match(looks(), /sessionKeys_state=as written\nsessionKeys_repairs=0/);
  rmSync(file);
  assert.match(looks(), /sessionKeys_state=edited\nsessionKeys_repairs=1/);
  assert.match(sh(sessionKeysScript(file, folder, 1)).stdout, /^[0-9a-f]{16} 1$/);
  assert.match(looks(), /sessionKeys_state=as written\nsessionKeys_repairs=1/);
});

for (const [name, content] of Object.entries({
  "a key of a wrong length": JSON.stringify({ hashKey: "h".repeat(64), encryptKey: "seven77" }),
  "a missing key": JSON.stringify({ encryptKey: "e".repeat(32) }),
  "no JSON": "hello",
})) {
  test(`${name}, which zot verify accepts, is an error that names the setting`, () => {
    writeFileSync(file, content);
    const { status, stderr } = sh(sessionKeysScript(file, folder, 0));
    assert.equal(status, 1);
    assert.match(stderr, /zot\.auth\.sessionKeysFile.*encryptKey 16, 24 or 32.*remove it/);
    assert.ok(!stderr.includes("seven77"));
  });
}
