// One process serves the stand-ins of a run of the CLI. Here the CLI is this test, or a small process that can be killed; tests/toolchain/sharedHostRun.test.ts has the real one.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test from "node:test";
import type { TestContext } from "node:test";
import { Plugin, urnOf } from "./support/plugin.ts";
import { hostsOf, processes, until } from "./support/processes.ts";

const TOOLCHAIN = join(import.meta.dirname, "../../toolchain");
const plugin = (name: string): string => join(TOOLCHAIN, "plugins", name, `pulumi-resource-${name}`);
const urn = urnOf("command:local:Command");
const hosts = () => hostsOf(process.pid);

/** A folder for sockets, so that each test has hosts of its own. */
function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "za-"));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

test("stand-ins that start at the same time have one host, which ends with the last of them", async (t) => {
  const env = { TMPDIR: folder(t) };
  const names = ["command", "kubernetes", "onepassword"];
  const [one, other, third] = await Promise.all(names.map(async (name) => Plugin.start(plugin(name), env)));
  assert.ok(one !== undefined && other !== undefined && third !== undefined);
  t.after(async () => Promise.all([one, other, third].map(async (each) => each[Symbol.asyncDispose]())));
  // Those that came too late for this one have ended, or are about to.
  await until("there is one host", () => hosts().length === 1, 1);
  await other[Symbol.asyncDispose]();
  await third[Symbol.asyncDispose]();
  assert.equal((await one.create({ urn }, { create: "echo served" })).state["stdout"], "served");
  const { process: last } = one;
  await one[Symbol.asyncDispose]();
  assert.equal(last.exitCode, 0);
  await until("the host has ended", () => hosts().length === 0, 1);
});

test("the one that started the host may be killed first, and the host ends if all are", async (t) => {
  const env = { TMPDIR: folder(t) };
  await using first = await Plugin.start(plugin("kubernetes"), env);
  await using second = await Plugin.start(plugin("command"), env);
  first.process.kill("SIGKILL");
  await once(first.process, "exit");
  assert.equal((await second.create({ urn }, { create: "echo served" })).state["stdout"], "served");
  second.process.kill("SIGKILL");
  await once(second.process, "exit");
  await until("the host has ended", () => hosts().length === 0, 1);
});

test("a stand-in waits until the command that it is stopped in has ended, and no longer for others", async (t) => {
  const env = { TMPDIR: folder(t) };
  await using other = await Plugin.start(plugin("onepassword"), env);
  const stopped = await Plugin.start(plugin("command"), env);
  const marker = `${env.TMPDIR}/marker`;
  const running = stopped.create({ urn }, { create: `touch ${marker}; exec sleep 60` });
  const failed = assert.rejects(running);
  await until("the command runs", () => processes().some(({ command }) => command === "sleep 60"));
  await stopped[Symbol.asyncDispose]();
  await failed;
  assert.ok(!processes().some(({ command }) => command === "sleep 60"));
  assert.equal(hosts().length, 1);
  assert.equal(other.process.exitCode, null);
});

test("each instance of a plugin has its own settings, and each its own variables", async (t) => {
  const env = { TMPDIR: folder(t), PULUMI_PROJECT: "tiny" };
  await using one = await Plugin.start(plugin("onepassword"), { ...env, PULUMI_CONFIG: '{"token":"hidden"}' });
  await using two = await Plugin.start(plugin("onepassword"), env);
  await using command = await Plugin.start(plugin("command"), { ...env, PULUMI_CONFIG: "{}" });
  assert.equal(hosts().length, 1);
  // Nobody listens on these ports.
  await one.configure({ url: "http://127.0.0.1:1", token: "a" });
  await two.configure({ url: "http://127.0.0.1:2", token: "b" });
  const ask = async (of: Plugin) => of.invoke("onepassword:index/getVault:getVault", { name: "any" });
  await assert.rejects(ask(one), /127\.0\.0\.1:1\b/);
  await assert.rejects(ask(two), /127\.0\.0\.1:2\b/);
  const { state } = await command.create({ urn }, { create: "echo $PULUMI_PROJECT $PULUMI_CONFIG; env" });
  const printed = JSON.stringify(state["stdout"]);
  assert.match(printed, /^"tiny \{\}\\n/);
  assert.doesNotMatch(printed, /hidden/);
});

test("another environment has another host", async (t) => {
  const env = { TMPDIR: folder(t) };
  await using one = await Plugin.start(plugin("command"), { ...env, OP_CONNECT_TOKEN: "one" });
  await using two = await Plugin.start(plugin("command"), { ...env, OP_CONNECT_TOKEN: "two" });
  assert.equal(hosts().length, 2);
  for (const [of, token] of [
    [one, "one"],
    [two, "two"],
  ] as const)
    assert.equal((await of.create({ urn }, { create: "echo $OP_CONNECT_TOKEN" })).state["stdout"], token);
});

test("the socket that a killed host left behind is replaced", async (t) => {
  const env = { TMPDIR: folder(t) };
  await using first = await Plugin.start(plugin("command"), env);
  const [host] = hosts();
  assert.ok(host !== undefined);
  const exited = once(first.process, "exit");
  process.kill(host.pid, "SIGKILL");
  assert.deepEqual(await exited, [1, null]);
  await using second = await Plugin.start(plugin("command"), env);
  assert.equal((await second.create({ urn }, { create: "echo served" })).state["stdout"], "served");
});

test("where others could connect, or the path is too long for a socket, a stand-in serves itself", async (t) => {
  const open = folder(t);
  mkdirSync(join(open, `zot-auth-${process.getuid?.() ?? ""}`));
  chmodSync(join(open, `zot-auth-${process.getuid?.() ?? ""}`), 0o755);
  const deep = join(folder(t), "x".repeat(100));
  mkdirSync(deep);
  for (const TMPDIR of [open, deep]) {
    await using alone = await Plugin.start(plugin("command"), { TMPDIR });
    assert.equal((await alone.create({ urn }, { create: "echo served" })).state["stdout"], "served");
    assert.equal(hosts().length, 0);
  }
});

test("nothing is left when the CLI is killed, also before its run has begun", async (t) => {
  for (const executable of [plugin("command"), join(TOOLCHAIN, "language-host/pulumi-language-nodejs")]) {
    const script = `
      const child = require("child_process").spawn(process.argv[1], ["127.0.0.1:1"], { stdio: ["pipe", "pipe", "inherit"] });
      child.stdout.pipe(process.stdout);`;
    const cli = spawn(process.execPath, ["-e", script, executable], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, TMPDIR: folder(t) },
    });
    await once(createInterface(cli.stdout), "line");
    const [host] = hostsOf(cli.pid ?? 0);
    const children = processes().filter(({ parent }) => parent === cli.pid);
    assert.ok(host !== undefined && children.length === 1);
    cli.kill("SIGKILL");
    const left = new Set([host.pid, ...children.map(({ pid }) => pid)]);
    await until("all have ended", () => !processes().some(({ pid }) => left.has(pid)), 2);
  }
});

test("the language host that the CLI asks first leaves the host to the second one, which ends with it once a program has run", async (t) => {
  const env = { ...process.env, TMPDIR: folder(t) };
  const start = async () => {
    const child = spawn(join(TOOLCHAIN, "language-host/pulumi-language-nodejs"), ["127.0.0.1:1"], {
      stdio: ["pipe", "pipe", "inherit"],
      env,
    });
    await once(createInterface(child.stdout), "line");
    return child;
  };
  const first = await start();
  const [host] = hosts();
  first.kill("SIGINT");
  await once(first, "exit");
  const second = await start();
  assert.deepEqual(
    hosts().map(({ pid }) => pid),
    [host?.pid],
  );
  await using command = await Plugin.start(plugin("command"), { TMPDIR: env.TMPDIR });
  assert.equal(hosts().length, 1);
  second.stdin.end();
  await once(second, "exit");
  await command[Symbol.asyncDispose]();
  await until("the host has ended", () => hosts().length === 0, 1);
});

test("a host that nobody needs ends, even if the process that it takes for the CLI never does", async (t) => {
  // The CLI had ended when its stand-in looked for its parent: `pulumi preview` with a settings file that is not YAML.
  const host = spawn(process.execPath, [join(TOOLCHAIN, "shared-host/host.ts"), join(folder(t), "socket"), "1"]);
  t.after(() => host.kill("SIGKILL"));
  await once(host.stdout, "data");
  host.stdin.end();
  await until("the host has ended", () => host.exitCode !== null, 10);
  assert.equal(host.exitCode, 0);
});
