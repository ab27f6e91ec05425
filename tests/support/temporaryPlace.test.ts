import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { refusal } from "./temporaryPlace.ts";

const MODULE = join(import.meta.dirname, "temporaryPlace.ts");
const NOTHING = { files: 0, memory: 0 };
const canMount = spawnSync("unshare", ["-rm", "true"]).status === 0;

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "zot-auth-place-"));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

test("a folder with room in which programs run is taken, and stays empty", (t) => {
  const place = folder(t);
  assert.equal(refusal(place, NOTHING), undefined);
  assert.deepEqual(readdirSync(place), []);
});

test("one that is not there, is a file, or has too little room or memory is refused, with the reason", (t) => {
  const place = folder(t);
  writeFileSync(join(place, "file"), "");
  assert.match(refusal(join(place, "none"), NOTHING) ?? "", /^ENOENT/);
  assert.match(refusal(join(place, "file"), NOTHING) ?? "", /^ENOTDIR/);
  assert.match(refusal(place, { ...NOTHING, files: 2 ** 62 }) ?? "", /^only \d+ bytes are free in /);
  assert.match(refusal(place, { ...NOTHING, memory: 2 ** 62 }) ?? "", /^only \d+ bytes of memory are free$/);
});

test("one that may not be written to is refused", { skip: process.getuid?.() === 0 && "root may" }, (t) => {
  const place = folder(t);
  chmodSync(place, 0o500);
  assert.match(refusal(place, NOTHING) ?? "", /^EACCES/);
});

test(
  "/dev/shm with 3 GB is taken; as containers have it, with 64 MB, or in which nothing can be run, the machine's place; TMPDIR is taken if it is in memory",
  {
    skip: !canMount && "no mount namespaces here",
  },
  () => {
    const own = "/elsewhere";
    const at = (options: string, TMPDIR: string): string => {
      const script = `mount -t tmpfs -o ${options} none /dev/shm && exec "$@"`;
      const program = `process.availableMemory = () => 2 ** 40; console.log((await import(${JSON.stringify(MODULE)})).temporaryPlace())`;
      const args = ["-rm", "sh", "-c", script, "sh", process.execPath, "--input-type=module", "-e", program];
      return execFileSync("unshare", args, { env: { ...process.env, TMPDIR }, encoding: "utf8" }).trim();
    };
    assert.equal(at("size=3g", own), "/dev/shm");
    assert.equal(at("size=64m", own), own);
    assert.equal(at("size=3g,noexec", own), own);
    assert.equal(at("size=64m", "/dev/shm/run"), "/dev/shm/run");
  },
);
