import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { LOCK } from "../../../../../systems/zot/host/deploy/functions/lock.ts";
import { quote } from "../../../../../systems/zot/host/shell/shell.ts";
import { sh } from "../support/sh.ts";
import type { Ran } from "../support/sh.ts";

const AS_NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups";
/** Only root may run the script as somebody else. */
const skip =
  process.getuid?.() === 0 && spawnSync("/bin/sh", ["-c", `${AS_NOBODY} true`]).status === 0
    ? false
    : "it takes root and setpriv to run as another user";

/** A folder that everyone may write to, with a lock that this process holds. */
function held(t: TestContext, holder: number): string {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-lock-"));
  t.after(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o777);
  const work = join(folder, "config.json.zot-auth-work");
  mkdirSync(work, { mode: 0o777 });
  chmodSync(work, 0o777);
  writeFileSync(join(work, "pid"), String(holder));
  return folder;
}

async function lockIn(folder: string, prefix: string): Promise<Ran> {
  const script = `say() { echo "$*" >&2; }\n${LOCK}\nlock ${quote(join(folder, "config.json"))} -1`;
  return sh(`${prefix} /bin/sh -c ${quote(script)}`);
}

test("a run that another user has started holds the lock", { skip }, async (t) => {
  const folder = held(t, process.pid);
  const { code, stderr } = await lockIn(folder, AS_NOBODY);
  assert.equal(code, 1);
  assert.ok(stderr.startsWith(`Another deployment runs on zot's host (process ${process.pid}).`), stderr);
  assert.ok(existsSync(join(folder, "config.json.zot-auth-work/pid")));
});

test("a run of the same user holds the lock, and one that has ended does not", async (t) => {
  const running = await lockIn(held(t, process.pid), "");
  assert.match(running.stderr, /^Another deployment runs/);
  const ended = await lockIn(held(t, spawnSync("true").pid), "");
  assert.equal(ended.code, 0, ended.stderr);
});
