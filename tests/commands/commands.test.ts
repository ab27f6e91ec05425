import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import test from "node:test";
import { THIS_MACHINE, described, holderOf, isUnreadable, locksIn } from "../../commands/recover/locks.ts";
import type { Lock, Machine } from "../../commands/recover/locks.ts";
import { agrees, agreesInAdvance, canAsk } from "../../commands/commandLine/consent.ts";
import { requestOf, settingsFileOf } from "../../commands/commandLine/request.ts";
import { unfinishedIn } from "../../commands/check/unfinished.ts";
import { zotIsDown } from "../../commands/check/zotAnswers.ts";

// The decisions of `npm run recover` and similar commands, without the CLI. engine/commands/recover.ts proves the wording of the CLI's errors.

const ROOT = join(import.meta.dirname, "../..");
const SINCE = "2026-11-25T08:00:01Z";
const LOCK: Lock = { user: "root", host: "nas", pid: 4711, since: SINCE };

test("reads the locks from the CLI's error, for every kind of backend", () => {
  const error = (where: string, who: string): string =>
    "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.\n" +
    `  ${where}/.pulumi/locks/organization/zot-auth/lab/fd182f74.json?metadata=skip&no_tmp_dir=true: created by ${who} at ${SINCE}\n`;
  assert.deepEqual(locksIn(error("file:///home/ann/.state", "root@nas (pid 4711)")), [LOCK]);
  assert.deepEqual(locksIn(error("s3://****:****@bucket", "ann@home.lan@nas (pid 4711)")), [
    { ...LOCK, user: "ann@home.lan" },
  ]);
  assert.equal(locksIn(error("file:///a", "ann@a (pid 1)") + error("file:///a", "ben@b (pid 2)")).length, 2);
  // Errors without a lock, including Pulumi Cloud's.
  for (const other of [
    "error: [409] Conflict: Another update is currently in progress.",
    "error: no stack named 'x' found",
    "",
  ])
    assert.deepEqual(locksIn(other), []);
  // With colours, as on a terminal.
  const coloured = error("file:///a", "root@nas (pid 4711)").replace("error: ", "\u001B[38;5;9merror: \u001B[0m");
  assert.deepEqual(locksIn(`${coloured.trimEnd()}\u001B[0m\n`), [LOCK]);
  assert.equal(described(LOCK), "root@nas, process 4711, since 2026-11-25T08:00:01Z");
});

test("distinguishes an empty lock from a damaged state", () => {
  assert.equal(isUnreadable("error: unexpected end of JSON input\n"), true);
  assert.equal(isUnreadable("\u001B[38;5;9merror: \u001B[0munexpected end of JSON input\u001B[0m\n"), true);
  assert.equal(
    isUnreadable("error: getting snapshot: failed to load checkpoint: place 1: unexpected end of JSON input\n"),
    false,
  );
});

test("a run counts as ended only if nothing suggests that it is still running", () => {
  const holder = (process: ReturnType<Machine["process"]>, host = "nas"): string =>
    holderOf(LOCK, { host, process: (pid) => (pid === LOCK.pid ? process : undefined) });
  const began = (seconds: number): Date => new Date(Date.parse(SINCE) + seconds * 1000);
  assert.equal(holder(undefined), "gone");
  assert.equal(holder({ program: "sshd", began: began(3600) }), "gone", "another program has this pid now");
  assert.equal(holder({ program: "pulumi", began: began(-2) }), "runs");
  assert.equal(holder({ program: "/usr/local/bin/pulumi", began: began(3600) }), "runs", "the clock may have changed");
  assert.equal(holder({ program: "wrapper", began: began(-2) }), "runs", "under another name");
  assert.equal(holder({ program: "wrapper", began: began(5) }), "runs", "within the precision of whole seconds");
  assert.equal(holder("unclear"), "runs");
  assert.equal(holder(undefined, "laptop"), "elsewhere");
});

test("finds a running process with its name and start time, and no process that has exited", async (t) => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => undefined, 1000)"], { stdio: "ignore" });
  t.after(() => child.kill("SIGKILL"));
  await once(child, "spawn");
  const pid = child.pid ?? 0;
  const found = THIS_MACHINE.process(pid);
  assert.ok(found !== undefined);
  // Without a suitable ps, name and start time are unknown.
  if (spawnSync("ps", ["-o", "etime=", "-p", String(pid)]).status === 0) {
    assert.ok(found !== "unclear");
    assert.match(found.program, /node|MainThread/);
    assert.ok(Math.abs(found.began.getTime() - Date.now()) < 10_000);
  }
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.equal(THIS_MACHINE.process(pid), undefined);
});

test("the first argument is the stack, the other options go to Pulumi, and all Pulumi commands get the settings file", () => {
  assert.deepEqual(requestOf(["prod", "--yes", "--config-file", "a.yaml", "--diff"]), {
    stack: "prod",
    options: ["--yes", "--config-file", "a.yaml", "--diff"],
    configFile: ["--config-file", "a.yaml"],
    others: ["--yes", "--diff"],
  });
  assert.deepEqual(requestOf(["prod", "--config-file=a.yaml", "--yes"])?.configFile, ["--config-file=a.yaml"]);
  assert.deepEqual(requestOf(["prod"]), { stack: "prod", options: [], configFile: [], others: [] });
  for (const args of [[], [""], ["--yes"], ["--stack", "prod"]]) assert.equal(requestOf(args), undefined);
  for (const another of [["--stack", "lab"], ["--stack=lab"], ["-s", "lab"], ["-slab"], ["-ys=lab"]])
    assert.equal(requestOf(["prod", "--yes", ...another]), undefined, another.join(" "));
  assert.notEqual(requestOf(["prod", "--skip-preview", "-y"]), undefined);
});

test("the settings file is the one that Pulumi reads", () => {
  const fileOf = (...args: readonly string[]): string | undefined => {
    const request = requestOf(args);
    return request && settingsFileOf(request);
  };
  assert.equal(fileOf("prod", "--yes"), "Pulumi.prod.yaml");
  assert.equal(fileOf("me/zot-auth/prod"), "Pulumi.prod.yaml");
  assert.equal(fileOf("prod", "--config-file", "conf/a.yaml"), "conf/a.yaml");
  assert.equal(fileOf("prod", "--config-file=conf/a.yaml"), "conf/a.yaml");
});

test("consent is given in advance as for pulumi up, or asked for on a terminal", async () => {
  for (const option of ["--yes", "-y", "--yes=true", "--skip-preview", "-f"])
    assert.equal(agreesInAdvance(["--diff", option], {}), true, option);
  assert.equal(agreesInAdvance([], { PULUMI_SKIP_CONFIRMATIONS: "true" }), true);
  assert.equal(agreesInAdvance(["--yes=false", "--diff", "--non-interactive"], {}), false);
  assert.deepEqual(
    [canAsk([], { isTTY: true }), canAsk([], {}), canAsk(["--non-interactive"], { isTTY: true })],
    [true, false, false],
  );
  const answer = async (text: string): Promise<boolean> =>
    agrees("Really?", Readable.from([text]), new Writable({ write: (_chunk, _encoding, done) => done() }));
  for (const [text, expected] of [
    ["y\n", true],
    ["YES\n", true],
    ["n\n", false],
    ["\n", false],
    ["yesterday\n", false],
    ["", false],
  ] as const)
    assert.equal(await answer(text), expected, JSON.stringify(text));
});

test("names what an interrupted run left in the state", () => {
  const urn = (name: string): string => `urn:pulumi:prod::zot-auth::zot-auth:zot:ApiKey::${name}`;
  const deployment = {
    resources: [{ urn: urn("ci-key") }, { urn: urn("ci-account"), delete: true }],
    pending_operations: [{ resource: { urn: urn("ci-key") }, type: "updating" }],
  };
  assert.deepEqual(unfinishedIn({ version: 3, deployment }), ["updating ci-key", "deleting the former ci-account"]);
  assert.deepEqual(unfinishedIn({ version: 3, deployment: { resources: [{ urn: urn("ci-key") }] } }), []);
});

test("a registry that does not answer is reported once, with the service to restart", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-down-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const settings = (registry: object): string => {
    const file = join(folder, "Pulumi.nas.yaml");
    writeFileSync(file, JSON.stringify({ config: { "zot-auth:registry": registry } }));
    return file;
  };
  const closed = "http://127.0.0.1:1";
  const cases = [
    [{ host: "ssh:me@nas", service: "systemd:zot" }, /Restart the service systemd:zot on me@nas\./],
    [{ host: "local", restartCommand: "make restart" }, /Restart it on this machine: `make restart`\./],
    [{}, /Restart zot on this machine\./],
  ] as const;
  for (const [registry, remedy] of cases) {
    const said = (await zotIsDown(closed, settings(registry))) ?? "";
    assert.match(said, /^zot does not answer at http:\/\/127\.0\.0\.1:1 \(connect ECONNREFUSED/);
    assert.match(said, remedy);
  }
  assert.match((await zotIsDown(closed, join(folder, "none.yaml"))) ?? "", /Restart zot on this machine/);

  let status = 401;
  const server = createServer((_, response) => response.writeHead(status).end());
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  assert.equal(await zotIsDown(url, settings({})), undefined, "it asks for credentials, so it runs");
  status = 502;
  assert.match((await zotIsDown(url, settings({}))) ?? "", /the proxy in front of zot returns 502/);
});

for (const command of ["check", "rotate", "revoke", "recover", "report", "adopt", "preview"] as const) {
  test(`${command} --help says what it does and its exit codes, and nothing runs`, () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const [, , node = "", file = "", ...first] = (scripts[command] ?? "").replace("run ", "").split(" ");
    assert.equal(node, "node");
    const run = (...args: readonly string[]) =>
      spawnSync(process.execPath, [file, ...first, ...args], { cwd: ROOT, encoding: "utf8", env: {} });
    for (const args of [["--help"], ["lab", "-h"]]) {
      const { status, stdout, stderr } = run(...args);
      assert.deepEqual([status, stderr], [0, ""]);
      assert.match(
        stdout,
        new RegExp(`^usage: npm run ${command} -- <stack> \\[.*\\n\\n[^]*Exit code 0: .* 1: .* 2: `),
      );
    }
    const wrong = run();
    assert.deepEqual([wrong.status, wrong.stdout], [2, ""]);
    assert.match(wrong.stderr, new RegExp(`usage: npm run ${command} -- <stack> \\[[^\\n]*\\n$`));
  });
}

test("rotate and revoke of one account: one that the stack's file does not have is refused before anything runs", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-account-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "Pulumi.prod.yaml");
  const run = (command: string, account: string) =>
    spawnSync(
      process.execPath,
      [join(ROOT, "commands/key/main.ts"), command, "prod", "--account", account, "--yes", "--config-file", file],
      { cwd: folder, encoding: "utf8", env: {} },
    );
  const said = (command: string, account: string): string => {
    const { status, stdout, stderr } = run(command, account);
    assert.deepEqual([status, stdout], [2, ""]);
    return stderr;
  };
  assert.match(said("rotate", "site"), /^Nothing was changed: the settings file .* does not exist/);
  writeFileSync(file, "config:\n  zot-auth:ci:\n    keyStore: op://v/i/f\n");
  assert.match(said("rotate", "site"), /has no ci\.accounts\. Omit --account/);
  writeFileSync(file, "config:\n  zot-auth:ci:\n    accounts: {app: {user: a}, web: {user: b}}\n");
  assert.match(said("revoke", "site"), /has no account "site" in ci\.accounts; it has app, web\.\n$/);
  assert.match(said("revoke", ""), /^usage: npm run revoke/m);
});
