import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { deployScript } from "../../../../systems/zot/host/deploy/deploy.ts";
import type { Deployment } from "../../../../systems/zot/host/deploy/deploy.ts";
import { factsScript } from "../../../../systems/zot/host/facts/question.ts";
import { parseFacts } from "../../../../systems/zot/host/facts/answer.ts";
import { askHost, unreachable } from "../../../../systems/zot/host/shell/ask.ts";
import type { HostReply } from "../../../../systems/zot/host/shell/ask.ts";
import { removeScript } from "../../../../systems/zot/host/deploy/remove.ts";
import { secretFileScript } from "../../../../systems/zot/host/files/secretFile.ts";
import { runOnHost, scriptOnHost } from "../../../../systems/zot/host/shell/shell.ts";
import { sh } from "./support/sh.ts";
import type { Ran } from "./support/sh.ts";
import { Sshd, noSshd } from "./support/sshd.ts";
import { World } from "./support/world.ts";

const HOST = "ssh:indri";

let world: World;
beforeEach(async () => {
  world = await World.make();
  world.beginWith(world.text([]));
});
afterEach(() => world.close());

/** Runs a script "on a host" whose login shell is that one: ssh hands its last argument to it. */
async function byLoginShell(shell: string, script: string, input = ""): Promise<Ran> {
  const bin = world.at("bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "ssh"), `#!/bin/sh\nfor last; do :; done\nexec ${shell} -c "$last"\n`);
  chmodSync(join(bin, "ssh"), 0o755);
  return sh(runOnHost(HOST, "S"), input, {
    PATH: `${bin}:${process.env["PATH"] ?? ""}`,
    S: scriptOnHost(HOST, script),
  });
}

// What login shells read differently: quotes, backslashes, history, line breaks, comments, variables, braces, globs.
const AWKWARD = `cat
printf '%s|' "it's \\$HOME" 'a\\b' "!! !x" "\\\\" '{a,b}' '*' "\\\`" # a comment, isn't it?
case x in x) printf 'ü\\n' ;; esac`;

for (const shell of ["/bin/sh", "bash", "zsh", "fish", "csh", "tcsh", "ksh"]) {
  const missing = spawnSync("/bin/sh", ["-c", `command -v ${shell}`]).status !== 0;
  test(
    `a script arrives unchanged where the login shell is ${shell}`,
    { skip: missing && `no ${shell} on PATH` },
    async () => {
      const here = await sh(AWKWARD, "input ");
      const there = await byLoginShell(shell, AWKWARD, "input ");
      assert.deepEqual([there.code, there.stdout], [0, here.stdout]);
      assert.equal((await byLoginShell(shell, "exit 7")).code, 7);
    },
  );
}

test("a login shell that exits with 0 without running the script is an error", async () => {
  const { code, stderr } = await byLoginShell("/bin/true", "echo ran");
  assert.equal(code, 1);
  assert.match(stderr, /^The login shell of indri \(setting registry\.host\) did not run the script\./);
});

const reason = noSshd();

describe("by a real sshd", { ...(reason === undefined ? {} : { skip: reason }) }, () => {
  let sshd: Sshd;
  const own = { ...process.env };
  before(async () => {
    sshd = await Sshd.start();
    Object.assign(process.env, sshd.environment);
  });
  after(() => {
    process.env = own;
    sshd.close();
  });

  async function onHost(script: string, input = ""): Promise<Ran> {
    return sh(runOnHost(HOST, "S"), input, { ...sshd.environment, S: scriptOnHost(HOST, script) });
  }

  const deploy = async (text: string, change: Partial<Deployment> = {}): Promise<Ran> =>
    onHost(deployScript(world.deployment(change)), text);

  const question = () => ({
    ...world.deployment(),
    credentialsFile: world.at("credentials.json"),
    dataDirectory: world.at("data"),
  });

  const ask = async (host: string): Promise<HostReply> => askHost(host, factsScript(question()));

  /** Starts a deployment whose ssh the test can kill, and whose input it can hold back. */
  function startDeploy(text: string, change: Partial<Deployment>, whole: boolean): { cut(): Promise<void> } {
    const child = spawn(
      "ssh",
      ["-o", "BatchMode=yes", "indri", scriptOnHost(HOST, deployScript(world.deployment(change)))],
      {
        env: { ...process.env, ...sshd.environment },
        stdio: ["pipe", "ignore", "ignore"],
      },
    );
    const ended = new Promise((done) => child.once("close", done));
    child.stdin.on("error", () => undefined);
    child.stdin.write(whole ? text : text.slice(0, 50));
    if (whole) child.stdin.end();
    return {
      async cut() {
        child.kill("SIGKILL");
        await ended;
      },
    };
  }

  async function until(what: string, holds: () => boolean): Promise<void> {
    const end = Date.now() + 15_000;
    while (!holds()) {
      assert.ok(Date.now() < end, what);
      await delay(20);
    }
  }

  const working = (): boolean => existsSync(world.at("config.json.zot-auth-work"));

  test("reads the facts, deploys credentials and config, and restores the original", async () => {
    const facts = parseFacts((await ask(HOST)).stdout, HOST);
    assert.equal(facts.version.patch, 20);
    const credentials = '{\n  "clientsecret": "very secret"\n}\n';
    const written = await onHost(secretFileScript(question(), 0), credentials);
    assert.match(written.stdout, /^[0-9a-f]{16} 0$/);
    assert.equal(readFileSync(world.at("credentials.json"), "utf8"), credentials);
    assert.equal(statSync(world.at("credentials.json")).mode & 0o777, 0o600);
    const { code, stderr } = await deploy(world.text(["read"]));
    assert.equal(code, 0, stderr);
    assert.deepEqual(world.zot.inForce, JSON.parse(world.text(["read"])));
    assert.equal((await onHost(removeScript(world.deployment()))).code, 0);
    assert.deepEqual(world.zot.inForce, JSON.parse(world.text([])));
  });

  test("a config that zot does not start with is rolled back, and the reason arrives here", async () => {
    assert.equal((await deploy(world.text(["read"]))).code, 0);
    const { code, stderr } = await deploy(world.text([], { start: "refused" }), { startDigest: "digest-2" });
    assert.equal(code, 1);
    assert.match(stderr, /it cannot start[^]*The previous config was restored and serves/);
    assert.deepEqual(world.zot.inForce, JSON.parse(world.text(["read"])));
  });

  test("each connection failure is one sentence with the setting and ssh's message", async () => {
    for (const [host, said] of [
      ["ssh:unknown", /Host key verification failed/],
      ["ssh:stranger", /Permission denied \(publickey\)/],
      ["ssh:gone", /Connection refused/],
    ] as const) {
      const message = unreachable(await ask(host), host) ?? "";
      assert.match(message, said);
      assert.match(
        message,
        new RegExp(`^${host} \\(setting registry\\.host\\) cannot be reached: .* Check \`ssh \\w+ true\``),
      );
      assert.doesNotMatch(message, /\n/);
    }
    assert.equal(unreachable(await ask(HOST), HOST), undefined);
  });

  test("a script that fails on the host is not mistaken for an unreachable host", async () => {
    const reply = await askHost(HOST, "echo read; echo broken >&2; exit 3");
    assert.deepEqual(reply, { code: 3, stdout: "read\n", stderr: "broken\n", reason: "broken" });
    assert.equal(unreachable(reply, HOST), undefined);
  });

  test("a connection lost in the middle of a deployment: the host finishes it", async () => {
    world.zot.restarting = "lazy";
    const running = startDeploy(world.text(["read"]), {}, true);
    await until("the config is being changed", () => world.config() !== world.text([]));
    await running.cut();
    assert.ok(working(), "it was interrupted in the middle");
    await until("the host has finished", () => !working());
    assert.equal(world.config(), world.text(["read"]));
    assert.deepEqual(world.zot.inForce, JSON.parse(world.text(["read"])));
    assert.equal((await world.facts()).config.state, "as written");
  });

  test("a connection lost in the middle of a failing deployment: the host rolls it back", async () => {
    const running = startDeploy(world.text([], { start: "refused" }), {}, true);
    await until("the config is being changed", () => world.config() !== world.text([]));
    await running.cut();
    await until("the host has finished", () => !working());
    assert.equal(world.config(), world.text([]));
    assert.deepEqual(world.zot.inForce, JSON.parse(world.text([])));
  });

  test("a connection lost while the config is sent: nothing changes", async () => {
    const running = startDeploy(world.text(["read"]), {}, false);
    await until("the script waits for its input", working);
    await running.cut();
    await until("the host has given up", () => !working());
    assert.equal(world.config(), world.text([]));
    assert.equal(world.zot.restarts, 0);
  });

  test("the next deployment waits for one whose connection was lost", async () => {
    world.zot.restarting = "lazy";
    const running = startDeploy(world.text(["read"]), {}, true);
    await until("the script works", working);
    await running.cut();
    const { code, stderr } = await deploy(world.text(["read", "create"]));
    assert.equal(code, 0, stderr);
    assert.deepEqual(world.zot.inForce, JSON.parse(world.text(["read", "create"])));
  });
});
