import assert from "node:assert/strict";
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { removeSecretFileScript, secretFileScript } from "../../../../../systems/zot/host/files/secretFile.ts";
import { sh } from "../support/sh.ts";
import type { Ran } from "../support/sh.ts";
import { Shims } from "../support/shims.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zot-auth-secret-"));
  file = join(folder, "credentials.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

const OURS = '{\n  "clientsecret": "ours"\n}\n';
const BY_HAND = '{ "clientid": "zot", "clientsecret": "by hand" }';

const write = async (environment: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  sh(secretFileScript({ credentialsFile: file, dataDirectory: join(folder, "data") }, 0), OURS, environment);
const remove = async (environment: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  sh(removeSecretFileScript(file), "", environment);

function writeByHand(): void {
  writeFileSync(file, BY_HAND);
  chmodSync(file, 0o640);
}

test("a credentials file made by hand comes back as it was, also after several deployments", async () => {
  writeByHand();
  for (let run = 0; run < 2; run += 1) assert.equal((await write()).code, 0);
  assert.deepEqual([readFileSync(file, "utf8"), statSync(file).mode & 0o777], [OURS, 0o600]);
  assert.equal((await remove()).code, 0);
  assert.deepEqual([readFileSync(file, "utf8"), statSync(file).mode & 0o777], [BY_HAND, 0o640]);
  assert.deepEqual(readdirSync(folder), ["credentials.json"]);
});

test("without a file made by hand, nothing remains", async () => {
  assert.equal((await write()).code, 0);
  assert.equal((await remove()).code, 0);
  assert.deepEqual(readdirSync(folder), []);
});

for (const byHand of [true, false])
  test(`killed at each step, ${byHand ? "the file made by hand" : "nothing"} remains in the end`, async () => {
    const shims = new Shims();
    try {
      for (const killed of [write, remove]) {
        for (let step = 1; ; step += 1) {
          if (byHand) writeByHand();
          if (killed === remove) assert.equal((await write()).code, 0);
          const { code } = await killed(shims.killingAt(step));
          assert.ok(step < 50);
          // The user resumes, or deploys once more in place of the removal.
          if (step % 2 === 0) assert.equal((await write()).code, 0, `after step ${step}`);
          assert.equal((await remove()).code, 0, `after step ${step}`);
          assert.deepEqual(readdirSync(folder), byHand ? ["credentials.json"] : [], `after step ${step}`);
          if (byHand) assert.equal(readFileSync(file, "utf8"), BY_HAND, `after step ${step}`);
          if (code !== null) break;
        }
      }
    } finally {
      shims.close();
    }
  });

test("behind a symbolic link to nothing, our file goes and the link stays", async () => {
  symlinkSync(join(folder, "target.json"), file);
  assert.equal((await write()).code, 0);
  assert.equal(readFileSync(join(folder, "target.json"), "utf8"), OURS);
  assert.equal((await remove()).code, 0);
  assert.deepEqual(readdirSync(folder), ["credentials.json"]);
});

test("a symbolic link that leads back to itself is an error", { timeout: 20_000 }, async () => {
  const other = join(folder, "other.json");
  symlinkSync(other, file);
  symlinkSync(file, other);
  const { code, stderr } = await write();
  assert.equal(code, 1);
  assert.equal(stderr, `${file} is a symbolic link that leads back to itself. Correct it.\n`);
});
