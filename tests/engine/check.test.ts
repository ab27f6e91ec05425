import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { stopLab } from "../../lab/homelab/background.ts";
import { EngineLab } from "./harness.ts";
import type { PulumiResult } from "./harness.ts";
import { Homelab } from "./homelab.ts";

// npm run check, through the command that it runs: it reports problems, also with its exit code, and changes nothing. The tests depend on their
// order.

let lab: EngineLab;
let homelab: Homelab;

before(async () => {
  lab = await EngineLab.start();
  homelab = new Homelab(lab);
});
after(async () => lab.stop());

/** Hashes of the settings file and of all files of the state, including locks and history. */
function stateFiles(): Readonly<Record<string, string>> {
  const folder = join(lab.directory, "state");
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = [...files.map((file) => join(file.parentPath, file.name)), lab.settingsFile];
  return Object.fromEntries(
    paths.map((path) => [path, createHash("sha256").update(readFileSync(path)).digest("hex")] as const),
  );
}

async function check(args?: readonly string[]): Promise<Pick<PulumiResult, "code" | "output">> {
  const files = stateFiles();
  const result = await lab.command("check", args);
  assert.deepEqual(stateFiles(), files, "a check changes no state");
  return result;
}

test("before the first up, check fails and says what to do", async () => {
  const { code, output } = await check();
  assert.equal(code, 1, output);
  assert.match(
    output,
    /✗ lab: there is no key: no `up` has completed, or .*\. Run `npm run pulumi -- up --stack lab .*`\./,
  );
  assert.doesNotMatch(output, /Previewing/);
});

test("without drift, check says so, and when the key rotates", async () => {
  const up = await lab.up();
  assert.equal(up.code, 0, up.output);
  const { code, output } = await check();
  assert.equal(code, 0, output);
  assert.match(output, /^The key of zot-ci rotates in 59 days, on 20\d\d-\d\d-\d\d; expires on 20\d\d-\d\d-\d\d\.$/m);
  assert.match(output, /^✓ lab: everything is as declared\.$/m);
});

test("with drift, check names a deleted secret and does not restore it", async () => {
  await homelab.forgejo("/repos/homelab/site/actions/secrets/ZOT_CI_API_KEY", "DELETE");
  const { code, output } = await check();
  assert.equal(code, 1, output);
  assert.match(output, /drift: "homelab\/site has no secret ZOT_CI_API_KEY"/);
  assert.match(
    output,
    /^✗ lab: not everything is as declared, see above\. `npm run pulumi -- up --refresh --stack lab .*` repairs it\.$/m,
  );
  assert.ok(!(await homelab.secretNames("homelab/site")).includes("ZOT_CI_API_KEY"));
});

test("for an overdue key, check says since when, how long it stays valid, and what to do", async () => {
  // The key becomes due within seconds, after this `up`, which also repairs the drift.
  lab.changeSettings((config) => {
    config["zot-auth:ci"] = { ...(config["zot-auth:ci"] as object), rotateAfter: "1 second" };
  });
  const up = await lab.pulumi("up", "--refresh", "--yes", "--skip-preview", "--non-interactive");
  assert.equal(up.code, 0, up.output);
  const { keyLabel, keyRotates, keyExpires } = await lab.outputs();
  assert.equal(keyLabel, "zot-auth/lab/1");

  const { code, output } = await check();
  assert.equal(code, 1, output);
  const line = output.split("\n").find((candidate) => candidate.startsWith("✗ The key of zot-ci")) ?? "";
  assert.ok(line.includes(`has been due for rotation since ${String(keyRotates)}, `), output);
  const remedy = "`npm run pulumi -- up --stack lab ";
  assert.ok(line.includes(` ago, and expires in 89 days, on ${String(keyExpires)}. ${remedy}`), output);
  assert.doesNotMatch(output, /has no secret/);
  assert.equal((await lab.outputs())["keyLabel"], "zot-auth/lab/1", "a check replaces nothing");
});

test("wrong usage has a separate exit code and checks nothing", async () => {
  for (const args of [[], ["--non-interactive"]]) {
    const { code, output } = await check(args);
    assert.equal(code, 2);
    assert.equal(output, "usage: npm run check -- <stack> [options of pulumi preview]\n");
  }
  const { code, output } = await check(["nowhere", "--config-file", lab.settingsFile]);
  assert.equal(code, 2);
  assert.equal(output, "error: no stack named 'nowhere' found\n");
});

test("if a server does not respond, check fails", async () => {
  await stopLab(lab.layout);
  const { code, output } = await check();
  assert.equal(code, 1, output);
  assert.match(output, /does not answer at http/);
  assert.match(output, /^✗ lab: could not be checked, see above\.$/m);
});
