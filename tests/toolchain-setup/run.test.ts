import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, renameSync } from "node:fs";
import { delimiter, join } from "node:path";
import test from "node:test";
import { Machine, until } from "./machine.ts";

const PRINT = "process.stdout.write(JSON.stringify(process.env))";

async function environment(machine: Machine, env: NodeJS.ProcessEnv = {}): Promise<NodeJS.ProcessEnv> {
  const { code, stdout, stderr } = await machine.run(["node", "-e", PRINT], env);
  assert.deepEqual([code, stderr], [0, ""]);
  return JSON.parse(stdout) as NodeJS.ProcessEnv;
}

test("the command gets Node and Pulumi first on PATH, the stand-ins where the CLI looks, and the variables that make Pulumi fast", async (t) => {
  const machine = new Machine(t);
  machine.without("pulumi");
  await machine.setUp();
  const own = join(machine.root, "node_modules/.cache/zot-auth");
  const env = await environment(machine);
  const path = (env["PATH"] ?? "").split(delimiter);
  assert.equal(path.at(-1), machine.bin, "no stand-in is on PATH: the CLI would warn about it in every run");
  assert.ok(path.indexOf(join(machine.cached, "..")) < path.indexOf(machine.bin));
  assert.equal(env["NODE_COMPILE_CACHE"], join(own, "compile-cache"));
  assert.equal(env["PULUMI_SKIP_UPDATE_CHECK"], "true");
  assert.equal(env["PULUMI_HOME"], machine.standInHome);
  assert.equal(env["PULUMI_CREDENTIALS_PATH"], join(machine.home, ".pulumi"), "the user stays logged in");
  assert.equal(env["ZOT_AUTH_LANGUAGE_HOST"], join(machine.root, "toolchain/language-host/pulumi-language-nodejs"));
  assert.equal(env["PULUMI_CONFIG_PASSPHRASE_FILE"], undefined);
  const version = await machine.run(["pulumi", "version"]);
  assert.equal(version.stdout, "v3.274.1\n");

  // The user's own PULUMI_HOME is kept.
  assert.equal((await environment(machine, { PULUMI_HOME: "/elsewhere" }))["PULUMI_HOME"], "/elsewhere");

  // A nested run adds nothing twice, and a nested setup finds the same tools.
  const inside = await environment(machine, env);
  for (const name of ["PATH", "PULUMI_HOME", "PULUMI_CREDENTIALS_PATH"]) assert.equal(inside[name], env[name], name);
  machine.calls();
  assert.match((await machine.setUp([], env)).stdout, /\(set up earlier\)[^]*✓ Plugin command 1\.2\.1 {2}stand-in/);
  assert.deepEqual(machine.calls(), []);
});

test("with official plugins, Pulumi uses the user's PULUMI_HOME, and nothing is written next to the user's CLI", async (t) => {
  const machine = new Machine(t);
  for (const name of ["command-v1.2.1", "kubernetes-v4.34.2", "onepassword-v1.1.3"])
    machine.script(`home/.pulumi/plugins/resource-${name}/pulumi-resource-${name.split("-v")[0] ?? ""}`, "exit 0");
  await machine.setUp();
  const env = await environment(machine);
  assert.deepEqual([env["PULUMI_HOME"], env["PULUMI_CREDENTIALS_PATH"]], [undefined, undefined]);
  assert.ok(!existsSync(join(machine.bin, "pulumi-language-nodejs")));
  // The user's PATH already has node and pulumi, so only the language host's folder is appended.
  const folders = ["project/node_modules/.bin", "bin", "project/toolchain/language-host"];
  assert.equal(env["PATH"], folders.map((folder) => join(machine.folder, folder)).join(delimiter));
});

test("uses the lab's passphrase file only for the lab's stack, and only if the user has set no passphrase", async (t) => {
  const machine = new Machine(t);
  machine.script(
    "bin/pulumi",
    'if [ "$1" = version ]; then echo v3.274.1; else echo "file=$PULUMI_CONFIG_PASSPHRASE_FILE"; fi',
  );
  await machine.setUp();
  machine.write("project/.lab/passphrase", "lab");
  const name = "PULUMI_CONFIG_PASSPHRASE_FILE";
  const lab = join(machine.root, ".lab", "passphrase");
  const passphrase = async (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> =>
    (await machine.run(["pulumi", ...args], env)).stdout.trim().slice("file=".length);
  assert.equal(await passphrase(["up", "--stack", "lab"]), lab);
  assert.equal(await passphrase(["up", "--stack=organization/zot-auth/lab"]), lab);
  for (const named of [["-s", "lab"], ["-s=lab"], ["-slab"], ["-ys", "lab"], ["-yslab"], ["-s", "prod", "--stack=lab"]])
    assert.equal(await passphrase(["up", ...named]), lab, named.join(" "));
  assert.equal(await passphrase(["stack", "init", "--no-select", "lab"]), lab);
  assert.equal(await passphrase(["up"], { PULUMI_STACK: "lab" }), lab);
  assert.equal(await passphrase(["up", "-s", "lab"], { [name]: "/mine" }), "/mine");
  assert.equal(await passphrase(["up", "-s", "lab"], { PULUMI_CONFIG_PASSPHRASE: "" }), "");
  for (const named of [["-s=prod"], ["-sprod"], ["-ys=prod"], ["--stack", "lab", "-sprod"]])
    assert.equal(await passphrase(["up", ...named], { PULUMI_STACK: "lab" }), "", named.join(" "));
  for (const args of [
    ["up"],
    ["up", "--stacks=lab"],
    ["up", "--stack", "prod"],
    ["stack", "init", "prod"],
    ["stack", "select", "prod"],
  ]) {
    assert.equal(await passphrase(args), "", args.join(" "));
  }

  const project = createHash("sha1").update(join(machine.root, "Pulumi.yaml")).digest("hex");
  machine.write("project/Pulumi.yaml", "backend:\n  url: file://./.state\n");
  const select = (stack: string): void =>
    machine.write(
      `${join(machine.standInHome, "workspaces").slice(machine.folder.length + 1)}/zot-auth-${project}-workspace.json`,
      JSON.stringify({ stacks: { "file://./.state": `organization/zot-auth/${stack}` } }),
    );
  select("lab");
  assert.equal(await passphrase(["preview"]), lab);
  select("prod");
  assert.equal(await passphrase(["preview"]), "");
});

test("after `pulumi up` the report of the run is written; it does not change how the update ended", async (t) => {
  const machine = new Machine(t);
  const write = `while [ $# -gt 0 ]; do case "$1" in --event-log) shift; log=$1 ;; --event-log=*) log=\${1#*=} ;; esac; shift; done
    echo "debug=$PULUMI_DEBUG_COMMANDS" > "$log"; exit 3`;
  machine.script(
    "bin/pulumi",
    `if [ "$1" = version ]; then echo v3.274.1; exit; fi
    if [ "$1 $2 $3" = "stack export --stack" ]; then echo "state of $4, by $PULUMI_CONFIG_PASSPHRASE"; exit $STATE; fi\n${write}`,
  );
  await machine.setUp();
  machine.write(
    "project/commands/report/main.ts",
    `import { readFileSync } from "node:fs";
    const [stack, , log, , code] = process.argv.slice(2);
    const known = ["PATH", "NODE_COMPILE_CACHE", "ZOT_AUTH_REPORTS", "ZOT_AUTH_STAND_INS"];
    const more = Object.keys(process.env).filter((name) => !known.includes(name));
    console.log(stack, readFileSync(log, "utf8").trim(), code, process.env.ZOT_AUTH_STAND_INS, readFileSync(0, "utf8").trim(), more);
    process.exit(1);`,
  );
  machine.write("project/.lab/stand-ins", "Forgejo");
  const plugins = ["command 1.2.1", "kubernetes 4.34.2", "onepassword 1.1.3"].map((name) => `plugin ${name}`);
  const run = async (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<readonly unknown[]> => {
    const { code, stdout } = await machine.run(["pulumi", ...args], {
      PULUMI_CONFIG_PASSPHRASE: "p",
      OP_SERVICE_ACCOUNT_TOKEN: "t",
      ...env,
    });
    return [code, stdout];
  };
  const standIns = ["language host", ...plugins].join(",");
  const end = (stack: string): string => `state of ${stack}, by p []\n`;
  assert.deepEqual(await run(["up", "--stack", "prod"]), [3, `prod debug=true 3 ${standIns} ${end("prod")}`]);
  assert.deepEqual(await run(["--color=never", "up", "--stack=me/z/lab"]), [
    3,
    `me/z/lab debug=true 3 ${standIns},Forgejo ${end("me/z/lab")}`,
  ]);
  assert.deepEqual(await run(["-s", "prod", "up"]), [3, `prod debug=true 3 ${standIns} ${end("prod")}`]);
  // A log that the caller asked for is read, and stays.
  for (const [name, log] of [
    ["a.json", ["--event-log", join(machine.folder, "a.json")]],
    ["b.json", [`--event-log=${join(machine.folder, "b.json")}`]],
  ] as const) {
    assert.deepEqual(await run(["up", ...log, "--stack", "prod"]), [3, `prod debug= 3 ${standIns} ${end("prod")}`]);
    assert.ok(existsSync(join(machine.folder, name)));
  }
  const others = [["preview"], ["up", "--help"], ["up", "--preview-only"], ["destroy"]];
  const log = ["--event-log", join(machine.folder, "c.json")];
  for (const args of others) assert.deepEqual(await run([...args, ...log, "--stack", "prod"]), [3, ""], args.join(" "));
  assert.deepEqual(await run(["up", ...log]), [3, ""], "which stack is unknown");
  assert.deepEqual(await run(["up", ...log, "--stack", "prod"], { ZOT_AUTH_REPORTS: "" }), [3, ""], "switched off");
  const unreadable = await machine.run(["pulumi", "up", "--stack", "prod"], { STATE: "1" });
  assert.deepEqual([unreadable.code, unreadable.stdout], [3, ""]);
  assert.match(unreadable.stderr, /✗ prod: no report was written, because its state could not be read/);
});

test("passes arguments and the exit code through unchanged", async (t) => {
  const machine = new Machine(t);
  await machine.setUp();
  const code = "console.log(JSON.stringify(process.argv.slice(1))); process.exit(7)";
  const ended = await machine.run(["node", "-e", code, "--", "--quiet", "two words", ""]);
  assert.deepEqual([ended.code, ended.stdout], [7, '["--quiet","two words",""]\n']);
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`${signal} reaches the command, which decides how to handle it`, async (t) => {
    const machine = new Machine(t);
    await machine.setUp();
    const code = `process.on("${signal}", () => { console.log("told"); process.exit(9); }); setInterval(() => {}, 1000); console.log("up")`;
    const { child, output, ended } = machine.start(["run", "node", "-e", code]);
    await until(() => output.stdout.includes("up"), "the command is up");
    child.kill(signal);
    const { code: exit, stdout } = await ended;
    assert.deepEqual([exit, stdout], [9, "up\ntold\n"]);
  });
}

test("a command killed by a signal has the same exit code as in a shell", async (t) => {
  const machine = new Machine(t);
  await machine.setUp();
  assert.equal((await machine.run(["node", "-e", 'process.kill(process.pid, "SIGKILL")'])).code, 137);
});

test("reports a missing setup, a moved folder and an unknown command in one sentence", async (t) => {
  const machine = new Machine(t);
  const sentence = "This folder is not set up. Run `node toolchain/main.js setup` first.\n";
  const without = await machine.run(["pulumi", "version"]);
  assert.deepEqual([without.code, without.stdout, without.stderr], [1, "", sentence]);

  await machine.setUp();
  const unknown = await machine.run(["no-such-command"]);
  assert.deepEqual(
    [unknown.code, unknown.stderr],
    [
      127,
      "no-such-command could not be started: it is not on PATH. Run `node toolchain/main.js setup` and try again.\n",
    ],
  );

  const copy = new Machine(t);
  renameSync(join(machine.root, "node_modules"), join(copy.root, "node_modules"));
  assert.equal((await copy.run(["pulumi", "version"])).stderr, sentence);
});

test("invalid arguments print the usage", async (t) => {
  const machine = new Machine(t);
  for (const args of [[], ["run"], ["setup", "--loud"], ["help"]]) {
    const { code, stderr } = await machine.start(args).ended;
    assert.equal(code, 2);
    assert.match(stderr, /^usage: node toolchain\/main\.js setup/);
  }
});
