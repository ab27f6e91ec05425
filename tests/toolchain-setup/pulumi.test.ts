import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import { Machine, pulumiScript, until } from "./machine.ts";

function machineWithoutPulumi(t: TestContext): Machine {
  const machine = new Machine(t);
  machine.without("pulumi");
  return machine;
}

const cacheOf = (machine: Machine) => dirname(dirname(dirname(machine.cached)));
const lockOf = (machine: Machine) => join(cacheOf(machine), "pulumi-3.274.1.lock");
const lineOf = (output: string, start: string) => output.split("\n").find((line) => line.startsWith(start)) ?? "";

test("uses a supported CLI on PATH, without a download or build", async (t) => {
  const machine = machineWithoutPulumi(t);
  machine.tool("pulumi", pulumiScript("3.250.1"));
  machine.installer('throw new Error("must not be called");');
  const { code, stdout } = await machine.setUp();
  assert.equal(code, 0);
  assert.match(stdout, /^✓ Pulumi 3\.250\.1 {2}.+bin\/pulumi \(on PATH\)(?: {2}\d+\.\d s)?$/m);
  assert.doesNotMatch(stdout, /must not be asked/);
  assert.deepEqual(
    machine.calls().filter((call) => call.startsWith("go ")),
    [],
  );
});

for (const [why, version, said] of [
  ["older than 3.249", "3.248.9", /is version 3\.248\.9, not 3\.249\.0 or a later 3\.x/],
  ["of another major version", "4.0.0", /is version 4\.0\.0, not 3\.249\.0 or a later 3\.x/],
  ["without a version", "", /reports no version/],
] as const) {
  test(`does not use a CLI on PATH that is ${why}, and says why`, async (t) => {
    const machine = machineWithoutPulumi(t);
    machine.tool("pulumi", pulumiScript(version));
    const { code, stdout } = await machine.setUp();
    assert.equal(code, 0);
    const line = lineOf(stdout, "✓ Pulumi 3.274.1");
    assert.match(line, said);
    assert.match(line, /~\/\.cache\/zot-auth\/pulumi-3\.274\.1\/bin\/pulumi \(built from its Go module/);
  });
}

test("tries Pulumi's installer before the build, and reports its error in one line", async (t) => {
  const machine = machineWithoutPulumi(t);
  const { code, stdout } = await machine.setUp();
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^· Pulumi's installer failed \(Failed to download \S+: fetch failed\)\. Building the CLI from source/m,
  );
  assert.deepEqual(
    machine
      .calls()
      .filter((call) => call.startsWith("go "))
      .map((call) => call.replace(/-o .*\/bin\/pulumi /, "-o FILE ")),
    [
      "go mod init pulumi-cli-for-zot-auth",
      "go get github.com/pulumi/pulumi/pkg/v3/cmd/pulumi@v3.274.1",
      "go list -deps github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
      "go build -v -trimpath -ldflags -s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.274.1 -o FILE github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    ],
  );
  assert.deepEqual(
    readdirSync(cacheOf(machine)).filter((name) => name.startsWith("pulumi")),
    ["pulumi-3.274.1"],
  );
});

test("puts a launcher for the project's language host next to a built CLI, where the CLI looks first", async (t) => {
  const machine = machineWithoutPulumi(t);
  const { stdout } = await machine.setUp();
  assert.match(stdout, /^✓ Language host {2}stand-in$/m);
  const launcher = join(dirname(machine.cached), "pulumi-language-nodejs");
  machine.calls();
  assert.equal((await machine.run([launcher, "127.0.0.1:1"])).code, 0);
  assert.deepEqual(machine.calls(), ["pulumi-language-nodejs 127.0.0.1:1"]);
  // The setup does not mistake its launcher for an official language host.
  assert.match((await machine.setUp()).stdout, /^✓ Language host {2}stand-in$/m);
});

test("uses a downloaded CLI with the language host that it includes", async (t) => {
  const machine = machineWithoutPulumi(t);
  machine.installer(`
    const fs = require("node:fs");
    fs.mkdirSync(root + "/bin", { recursive: true });
    fs.cpSync(process.env.MACHINE + "/built-pulumi", root + "/bin/pulumi");
    fs.cpSync(process.env.MACHINE + "/built-pulumi", root + "/bin/pulumi-language-nodejs");
    if (String(version) !== "3.274.1") throw new Error("asked for " + version);`);
  const { code, stdout } = await machine.setUp();
  assert.equal(code, 0);
  assert.match(lineOf(stdout, "✓ Pulumi 3.274.1"), /pulumi-3\.274\.1\/bin\/pulumi \(downloaded\)/);
  assert.match(stdout, /^✓ Language host {2}~\/\.cache\/zot-auth\/pulumi-3\.274\.1\/bin\/pulumi-language-nodejs$/m);
  assert.deepEqual(
    machine.calls().filter((call) => call.startsWith("go ")),
    [],
  );
});

test("all copies of the project share a CLI set up earlier, also in XDG_CACHE_HOME", async (t) => {
  const machine = machineWithoutPulumi(t);
  const elsewhere = join(machine.folder, "xdg");
  machine.script("xdg/zot-auth/pulumi-3.274.1/bin/pulumi", pulumiScript("3.274.1"));
  const { code, stdout } = await machine.setUp([], { XDG_CACHE_HOME: elsewhere });
  assert.equal(code, 0);
  assert.match(lineOf(stdout, "✓ Pulumi 3.274.1"), /xdg\/zot-auth\S+ \(set up earlier\)/);
  assert.equal(existsSync(join(machine.home, ".cache")), false);
});

test("without Go, the error names the step, the reason and what to install", async (t) => {
  const machine = machineWithoutPulumi(t);
  machine.without("go");
  const { code, stderr } = await machine.setUp();
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^✗ Pulumi CLI: no supported version is on PATH, the download failed, and Go, which could build it, is not on PATH/,
  );
  assert.match(stderr, /Install the Pulumi CLI 3\.274\.1 \(\S+\) or Go \(\S+\) on PATH, and run this command again\./);
});

test("a failed build reports Go's reason and leaves nothing behind, so that the next setup can succeed", async (t) => {
  const machine = machineWithoutPulumi(t);
  machine.tool(
    "go",
    '[ "$1" = get ] && { echo "go: module requires go >= 1.25 (running go 1.19)" >&2; exit 1; }; exit 0',
  );
  const failed = await machine.setUp();
  assert.equal(failed.code, 1);
  assert.match(
    failed.stderr,
    /✗ Pulumi CLI: `go get \S+` failed: go: module requires go >= 1\.25 \(running go 1\.19\)\./,
  );
  assert.deepEqual(
    readdirSync(cacheOf(machine)).filter((name) => name.startsWith("pulumi")),
    [],
  );
});

test("the built CLI must report the requested version", async (t) => {
  const machine = machineWithoutPulumi(t);
  machine.script("built-pulumi", pulumiScript("3.1.0"));
  const { code, stderr } = await machine.setUp();
  assert.equal(code, 1);
  assert.match(stderr, /reports version 3\.1\.0 instead of 3\.274\.1/);
  assert.equal(existsSync(machine.cached), false);
});

test("only one of two concurrent setups builds, and the other reports that it waits", async (t) => {
  const machine = machineWithoutPulumi(t);
  machine.write("hold-build", "");
  const first = machine.start(["setup"]);
  await until(() => machine.callsSoFar().some((call) => call.startsWith("go build")), "the first setup builds");
  const second = machine.start(["setup"]);
  await until(() => second.output.stdout.includes("waiting"), "the second setup waits");
  assert.match(second.output.stdout, new RegExp(`waiting for another setup \\(process ${first.child.pid ?? 0}\\)`));
  rmSync(join(machine.folder, "hold-build"));
  assert.equal((await first.ended).code, 0);
  const waited = await second.ended;
  assert.equal(waited.code, 0);
  assert.match(waited.stdout, /\(set up earlier\)/);
  assert.equal(machine.calls().filter((call) => call.startsWith("go build")).length, 1);
  assert.equal(existsSync(lockOf(machine)), false);
});

for (const [whose, lock] of [
  ["an exited process", `${spawnSync(process.execPath, ["-e", ""]).pid} ${hostname()} 0.5`],
  ["an exited process whose pid is in use again", `${process.pid} ${hostname()} 0.5`],
  ["a removed container", `1 another-host 0.5`],
] as const) {
  test(`takes over the lock of ${whose} and removes its unfinished build`, async (t) => {
    const machine = machineWithoutPulumi(t);
    machine.write("home/.cache/zot-auth/pulumi-3.274.1.lock", lock);
    machine.write("home/.cache/zot-auth/pulumi-3.274.1.unfinished/module/go.mod", "module left over");
    if (!whose.includes("ended")) utimesSync(lockOf(machine), new Date(), new Date(Date.now() - 61_000));
    const { code, stdout } = await machine.setUp();
    assert.equal(code, 0);
    assert.match(stdout, /built from its Go module/);
    assert.doesNotMatch(stdout, /waiting/);
    assert.deepEqual(
      readdirSync(cacheOf(machine)).filter((name) => name.startsWith("pulumi")),
      ["pulumi-3.274.1"],
    );
  });
}

test("a setup interrupted during the build stops Go and removes its lock and folder", async (t) => {
  const machine = machineWithoutPulumi(t);
  machine.tool("go", '[ "$1" = build ] && { echo $$ > "$MACHINE/go-pid"; sleep 30; }; exit 0');
  const { child, ended } = machine.start(["setup"]);
  const pidFile = join(machine.folder, "go-pid");
  await until(() => existsSync(pidFile) && readFileSync(pidFile, "utf8").endsWith("\n"), "Go builds");
  const go = Number(readFileSync(pidFile, "utf8"));
  child.kill("SIGTERM");
  assert.equal((await ended).code, 143);
  await until(() => hasEnded(go), "Go has exited");
  assert.deepEqual(
    readdirSync(cacheOf(machine)).filter((name) => name.startsWith("pulumi")),
    [],
  );
});

test("replaces a cached folder without an executable", async (t) => {
  const machine = machineWithoutPulumi(t);
  mkdirSync(join(cacheOf(machine), "pulumi-3.274.1", "bin"), { recursive: true });
  assert.equal((await machine.setUp()).code, 0);
  assert.equal(existsSync(machine.cached), true);
});

function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // In a container without an init, exited processes stay as zombies.
    return existsSync(`/proc/${pid}/stat`) && / Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}
