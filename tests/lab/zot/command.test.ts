// The command: its output, its exit codes, and that it runs a real zot if PATH has one.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../../support/freePorts.ts";

const command = fileURLToPath(new URL("../../../lab/bin/zot", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "zot-command-"));
after(() => rmSync(folder, { recursive: true }));

interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Running {
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ending>;
}

// Only the folder of this node and the system's, so that an installed zot is not found.
const path = [dirname(process.execPath), "/usr/bin", "/bin"].join(":");

function start(
  args: readonly string[],
  options: { cwd?: string; program?: string; env?: NodeJS.ProcessEnv } = {},
): Running {
  const env = { PATH: path, ...options.env };
  const child = spawn(options.program ?? command, args, { cwd: options.cwd ?? folder, env });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  const ended = new Promise<Ending>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...output }));
  });
  return { kill: (signal) => child.kill(signal), ended };
}

async function openConfig(name: string): Promise<{ file: string; port: number }> {
  const port = await freePort();
  const file = join(folder, `${name}.json`);
  const storage = { rootDirectory: join(folder, name) };
  writeFileSync(
    file,
    JSON.stringify({ distSpecVersion: "1.1.1", storage, http: { address: "127.0.0.1", port: String(port) } }),
  );
  return { file, port };
}

function messages(output: string): string[] {
  return output
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { message: string }).message);
}

test("prints its version, and emulates another on request", async () => {
  const versions = await Promise.all([
    start(["--version"]).ended,
    start(["--version", "--version-emulated", "v2.1.18"]).ended,
    start(["--version"], { env: { ZOT_LAB_VERSION: "v2.1.13" } }).ended,
  ]);
  const commits = versions.map(({ stdout }) => (JSON.parse(stdout) as { commit: string }).commit);
  assert.deepEqual(commits, ["v2.1.20-0-g3b5796d8", "v2.1.18-0-g7bb211bc", "v2.1.13-0-g4ad3fad3"]);
});

test("verify reports its result as exit code, log and error", async () => {
  const { file } = await openConfig("good");
  writeFileSync(join(folder, "bad.json"), '{"http":{"foo":1}}');
  const [good, bad, none] = await Promise.all([
    start(["verify", file]).ended,
    start(["verify", "bad.json"]).ended,
    start(["verify"]).ended,
  ]);
  assert.deepEqual([good.code, messages(good.stdout), good.stderr], [0, ["config file is valid"], ""]);
  assert.deepEqual([bad.code, messages(bad.stdout).at(-1)], [1, "invalid config file"]);
  assert.equal(bad.stderr, "Error: decoding failed due to the following error(s):\n\n'HTTP' has invalid keys: foo\n");
  assert.deepEqual(none, { code: 0, stdout: "", stderr: "" });
});

test("runs from an absolute path, a relative path, a symlink and PATH", async () => {
  const link = join(folder, "link");
  symlinkSync(command, link);
  const root = dirname(dirname(dirname(command)));
  const outcomes = await Promise.all([
    start(["--version"], { program: "./zot", cwd: dirname(command) }).ended,
    start(["--version"], { program: "lab/bin/zot", cwd: root }).ended,
    start(["--version"], { program: "./link" }).ended,
    start(["--version"], { program: "zot", env: { PATH: `${dirname(command)}:${path}` } }).ended,
  ]);
  for (const outcome of outcomes) assert.match(outcome.stdout, /v2\.1\.20/, outcome.stderr);
});

test("runs a real zot if PATH has one, but never itself", async () => {
  const bin = join(folder, "real bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "zot"), '#!/bin/sh\necho "real zot: $*"\n');
  chmodSync(join(bin, "zot"), 0o755);
  const links = join(folder, "links");
  mkdirSync(links);
  symlinkSync(command, join(links, "zot"));
  const real = await start(["serve", "a b"], { env: { PATH: `${links}:${bin}:${path}` } }).ended;
  assert.equal(real.stdout, "real zot: serve a b\n");
  const itself = await start(["--version"], { env: { PATH: `${links}:${dirname(command)}:${path}` } }).ended;
  assert.match(itself.stdout, /v2\.1\.20/);
});

test("serves until a signal and exits with 0", async () => {
  const signals = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
  const serveUntil = async (signal: NodeJS.Signals): Promise<void> => {
    const { file, port } = await openConfig(signal);
    const running = start(["serve", file]);
    await ready(port, running);
    running.kill(signal);
    const { code, stdout } = await running.ended;
    assert.deepEqual([code, messages(stdout).includes("received signal")], [0, true], signal);
  };
  await Promise.all(signals.map(serveUntil));
});

test("panics if the identity provider is unreachable", async () => {
  const { file } = await openConfig("panic");
  writeFileSync(join(folder, "credentials.json"), '{"clientid":"a","clientsecret":"b"}');
  const oidc = { issuer: "http://127.0.0.1:1/", credentialsFile: join(folder, "credentials.json"), scopes: ["openid"] };
  const config = JSON.parse(readFileSync(file, "utf8")) as { http: { auth?: object } };
  config.http.auth = { openid: { providers: { oidc } } };
  writeFileSync(file, JSON.stringify(config));
  const { code, stdout, stderr } = await start(["serve", file]).ended;
  assert.deepEqual([code, messages(stdout).at(-1)], [2, "failed to initialize new relying party oidc"]);
  assert.match(stderr, /^panic: failed to initialize new relying party oidc/);
});

test("emulates a zot that takes bearer tokens, and panics for an expression that does not compile, which verify does not see", async () => {
  const { file, port } = await openConfig("bearer");
  const emulated = ["--version-emulated", "2.1.23"];
  const withUsername = (username: string): void => {
    const config = JSON.parse(readFileSync(file, "utf8")) as { http: { auth?: object } };
    const oidc = [{ issuer: "http://127.0.0.1:1/api/actions", audiences: ["zot"], claimMapping: { username } }];
    config.http.auth = { apikey: true, bearer: { oidc } };
    writeFileSync(file, JSON.stringify(config));
  };
  withUsername("'jobs/' + claims.");
  const [verified, served] = [
    await start(["verify", file, ...emulated]).ended,
    await start(["serve", file, ...emulated]).ended,
  ];
  assert.deepEqual([verified.code, messages(verified.stdout).at(-1)], [0, "config file is valid"]);
  assert.deepEqual([served.code, messages(served.stdout).at(-1)], [2, "failed to initialize OIDC bearer authorizer"]);
  assert.match(served.stderr, /^panic: failed to initialize OIDC bearer authorizer/);
  withUsername("'jobs/' + claims.repository");
  const running = start(["serve", file, ...emulated]);
  await ready(port, running);
  const anonymous = await fetch(`http://127.0.0.1:${port}/v2/`);
  running.kill("SIGTERM");
  await running.ended;
  assert.deepEqual(
    [anonymous.status, anonymous.headers.get("www-authenticate")],
    [401, 'Basic realm="Authorization Required"'],
  );
});

test("does not start with an invalid configuration or on a port in use", async () => {
  const bad = await start(["serve", "nothing.json"]).ended;
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /^Error: open nothing\.json: no such file or directory\nUsage:/);
  const { file, port } = await openConfig("taken");
  const first = start(["serve", file]);
  await ready(port, first);
  const second = await start(["serve", file]).ended;
  // Stop it before the assertions: if one fails, a running zot would keep this process alive.
  first.kill("SIGTERM");
  await first.ended;
  assert.equal(second.code, 1);
  assert.match(second.stderr, new RegExp(`^Error: Port ${port} on 127\\.0\\.0\\.1, .*is already in use`));
});

async function ready(port: number, running: Running): Promise<void> {
  const deadline = Date.now() + 5000;
  const ended = running.ended.then(({ stderr }) => stderr);
  for (;;) {
    try {
      if ((await fetch(`http://127.0.0.1:${port}/readyz`)).ok) return;
    } catch {
      // Not listening yet.
    }
    if (Date.now() > deadline) throw new Error("zot did not become ready within 5 seconds.");
    const stopped = await Promise.race([ended, delay(20)]);
    if (stopped !== undefined) throw new Error(`zot ended before it was ready: ${stopped}`);
  }
}
