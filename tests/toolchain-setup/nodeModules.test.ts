import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { Machine } from "./machine.ts";

const LOCK = "project/package-lock.json";
const npmCalls = (machine: Machine) => machine.calls().filter((call) => call.startsWith("npm "));
const recordOf = (machine: Machine) => join(machine.root, "node_modules", ".zot-auth.json");

test("runs npm ci once, without install scripts; a second setup starts no process", async (t) => {
  const machine = new Machine(t);
  const first = await machine.setUp();
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /^✓ node_modules {2}installed with npm ci(?: {2}\d+\.\d s)?$/m);
  const [call = "", ...more] = npmCalls(machine);
  assert.match(call, /^npm ci --ignore-scripts .*--include=dev --include=optional/);
  assert.deepEqual(more, []);

  const second = await machine.setUp();
  assert.equal(second.code, 0);
  assert.match(second.stdout, /^✓ node_modules {2}as listed in package-lock\.json$/m);
  assert.equal(second.stdout.match(/^✓ /gm)?.length, 7);
  assert.equal(second.stderr, "");
  assert.deepEqual(machine.calls(), []);
});

test("a quiet setup reports changes on stderr, and prints nothing if there are none", async (t) => {
  const machine = new Machine(t);
  machine.without("pulumi");
  const first = await machine.setUp(["--quiet"]);
  assert.equal(first.stdout, "");
  assert.match(first.stderr, /✓ node_modules {2}installed with npm ci/);
  assert.match(first.stderr, /✓ Pulumi 3\.274\.1 .*built from its Go module/);
  assert.doesNotMatch(first.stderr, /✓ Node /);
  const second = await machine.setUp(["--quiet"]);
  assert.deepEqual([second.code, second.stdout, second.stderr], [0, "", ""]);
});

test("installs again after package-lock.json changes", async (t) => {
  const machine = new Machine(t);
  await machine.setUp();
  machine.calls();
  machine.write(LOCK, '{ "packages": { "": {}, "node_modules/new": { "version": "1.0.0" } } }');
  assert.match((await machine.setUp()).stdout, /installed with npm ci/);
  assert.equal(npmCalls(machine).length, 1);
});

test("installs again if node_modules comes from another platform", async (t) => {
  const machine = new Machine(t);
  await machine.setUp();
  machine.calls();
  const record = readFileSync(recordOf(machine), "utf8");
  assert.ok(record.includes(process.arch));
  writeFileSync(recordOf(machine), record.replace(process.arch, "mips"));
  await machine.setUp();
  assert.equal(npmCalls(machine).length, 1);
});

test("keeps packages installed with npm if they match package-lock.json", async (t) => {
  const machine = new Machine(t);
  await machine.setUp();
  machine.calls();
  const other = { version: "2.0.0", optional: true, os: "another" };
  const packages = { "node_modules/new": { version: "1.0.0", integrity: "sha512-x" } };
  machine.write(LOCK, JSON.stringify({ packages: { "": {}, ...packages, "node_modules/other": other } }));
  machine.write("project/node_modules/.package-lock.json", JSON.stringify({ packages }));
  assert.equal((await machine.setUp()).code, 0);
  assert.deepEqual(npmCalls(machine), []);

  // Other content, an extra package, and a package for another platform.
  for (const present of [
    { "node_modules/new": { version: "1.0.0", integrity: "sha512-y" } },
    { ...packages, "node_modules/more": { version: "1.0.0" } },
    { ...packages, "node_modules/other": other },
  ]) {
    writeFileSync(recordOf(machine), "{}");
    machine.write("project/node_modules/.package-lock.json", JSON.stringify({ packages: present }));
    assert.equal((await machine.setUp()).code, 0);
    assert.equal(npmCalls(machine).length, 1);
  }
});

test("reports npm's reason if npm ci fails, and the next setup retries", async (t) => {
  const machine = new Machine(t);
  machine.tool("npm", 'mkdir -p node_modules; echo "npm error network request to the registry failed" >&2; exit 1');
  for (let i = 0; i < 2; i++) {
    const { code, stderr } = await machine.setUp();
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^✗ node_modules: npm ci failed: npm error network request to the registry failed\.\n {2}Run `npm ci/,
    );
  }
  assert.equal(npmCalls(machine).length, 2);
});

test("reports what to do if npm or package-lock.json is missing", async (t) => {
  const machine = new Machine(t);
  machine.without("npm");
  assert.match((await machine.setUp()).stderr, /^✗ node_modules: npm is not on PATH\.\n {2}Install Node with npm/);
  rmSync(join(machine.root, "package-lock.json"));
  assert.match((await machine.setUp()).stderr, /^✗ node_modules: package-lock\.json is missing\.\n {2}Restore it with/);
});

test("only one of two concurrent setups installs", async (t) => {
  const machine = new Machine(t);
  machine.tool("npm", 'sleep 0.3; rm -rf node_modules; mkdir node_modules; cp -R "$MACHINE/packages/." node_modules/');
  const both = await Promise.all([machine.setUp(), machine.setUp()]);
  assert.deepEqual(
    both.map(({ code }) => code),
    [0, 0],
  );
  assert.equal(npmCalls(machine).length, 1);
});
