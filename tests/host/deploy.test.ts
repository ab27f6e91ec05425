import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { deployScript, factsScript, parseFacts, removeScript, secretFileScript } from "../../domain/hostScripts.ts";
import type { Deployment, HostFacts } from "../../domain/hostScripts.ts";
import { quote, runOnHost, scriptOnHost } from "../../domain/shell.ts";

// The scripts run for real, by /bin/sh; zot, its service manager and the issuer are small fakes that record what is asked of them.

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function sh(script: string, input = ""): Promise<Ran> {
  const child = spawn("/bin/sh", ["-c", script], { stdio: ["pipe", "pipe", "pipe"] });
  const output: Buffer[][] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => output[0]?.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => output[1]?.push(chunk));
  child.stdin.on("error", () => undefined); // a script that does not read
  child.stdin.end(input);
  const code = await new Promise<number | null>((done) => child.once("close", done));
  const [stdout = "", stderr = ""] = output.map((chunks) => Buffer.concat(chunks).toString("utf8"));
  return { code, stdout, stderr };
}

let server: Server;
let url: string;
/** Paths that the fake zot and issuer answer. */
let answering: Set<string>;
let folder: string;

before(async () => {
  server = createServer((request, response) => {
    response.statusCode = answering.has(request.url ?? "") ? 200 : 503;
    response.end();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => server.close());

beforeEach((context) => {
  // A folder that shells stumble over.
  folder = join(mkdtempSync(join(tmpdir(), "zot-auth-host-")), 'it\'s "a" $(folder)');
  mkdirSync(folder);
  const made = folder;
  if ("after" in context) context.after(() => rmSync(made, { recursive: true, force: true }));
  answering = new Set(["/readyz", "/discovery"]);
  const zot = join(folder, "zot");
  writeFileSync(
    zot,
    `#!/bin/sh
case $1 in
  --version) echo '{"commit":"v2.1.20-0-g3b5796d8"}' ;;
  verify) if grep -q broken "$2"; then echo '{"level":"error","message":"it is broken"}'; exit 1; fi ;;
esac
`,
  );
  chmodSync(zot, 0o755);
});

const at = (name: string): string => join(folder, name);
const restarts = (): number =>
  existsSync(at("restarts")) ? readFileSync(at("restarts"), "utf8").split("\n").length - 1 : 0;
const config = (): string => readFileSync(at("config.json"), "utf8");

function deployment(change: Partial<Deployment> = {}): Deployment {
  return {
    binary: at("zot"),
    configFile: at("config.json"),
    credentialsFile: at("credentials.json"),
    startDigest: "digest-1",
    credentials: "print 0",
    repairs: 0,
    restartCommand: `echo restart >> ${quote(at("restarts"))}`,
    readyUrl: `${url}/readyz`,
    readySeconds: 1,
    discoveryUrl: `${url}/discovery`,
    ...change,
  };
}

async function facts(): Promise<HostFacts> {
  return parseFacts((await sh(factsScript(deployment()))).stdout, "local");
}

test("the first deployment keeps the config of before and restarts zot", async () => {
  writeFileSync(at("config.json"), "before");
  const { code, stderr } = await sh(deployScript(deployment()), "first");
  assert.equal(code, 0, stderr);
  assert.equal(config(), "first");
  assert.equal(readFileSync(at("config.json.before-zot-auth"), "utf8"), "before");
  assert.equal(restarts(), 1);
});

test("a change that zot takes over by itself is written in place, without a restart", async () => {
  await sh(deployScript(deployment()), "first");
  const { ino } = statSync(at("config.json"));
  const { code } = await sh(deployScript(deployment()), "second");
  assert.equal(code, 0);
  assert.equal(config(), "second");
  assert.equal(statSync(at("config.json")).ino, ino);
  assert.equal(restarts(), 1);
});

test("a change that zot reads at its start only, or other credentials, restart it", async () => {
  await sh(deployScript(deployment()), "first");
  await sh(deployScript(deployment({ startDigest: "digest-2" })), "second");
  assert.equal(restarts(), 2);
  await sh(deployScript(deployment({ startDigest: "digest-2", credentials: "other 0" })), "second");
  assert.equal(restarts(), 3);
});

test("a config that zot does not accept changes nothing, and zot's words are shown", async () => {
  await sh(deployScript(deployment()), "first");
  const { code, stderr } = await sh(deployScript(deployment()), "broken");
  assert.equal(code, 1);
  assert.match(stderr, /it is broken/);
  assert.equal(config(), "first");
  assert.equal(restarts(), 1);
});

test("where zot does not come up, the previous config is back", async () => {
  await sh(deployScript(deployment()), "first");
  answering.delete("/readyz");
  const { code, stderr } = await sh(deployScript(deployment({ startDigest: "digest-2" })), "second");
  assert.equal(code, 1);
  assert.match(stderr, /did not answer at .*\/readyz within 1 s/);
  assert.equal(config(), "first");
  assert.equal(restarts(), 3, "once with the new config, once with the previous one");
  assert.match(readFileSync(at("config.json.zot-auth"), "utf8"), /start=digest-1 print 0/);
});

test("a restart command that fails is told by its setting, and the previous config is back", async () => {
  await sh(deployScript(deployment()), "first");
  const { code, stderr } = await sh(
    deployScript(deployment({ startDigest: "digest-2", restartCommand: "exit 7" })),
    "second",
  );
  assert.equal(code, 1);
  assert.match(stderr, /registry\.restartCommand\) ended with exit code 7/);
  assert.equal(config(), "first");
});

test("zot is not restarted while the issuer does not answer, since it would not start", async () => {
  writeFileSync(at("config.json"), "before");
  answering.delete("/discovery");
  const { code, stderr } = await sh(deployScript(deployment()), "first");
  assert.equal(code, 1);
  assert.match(stderr, /issuer does not answer at .*\/discovery/);
  assert.equal(config(), "before");
  assert.equal(restarts(), 0);
});

test("a hand edit is told from a change of ours, and its repair is counted once", async () => {
  writeFileSync(at("config.json"), "before");
  assert.deepEqual([(await facts()).configEdited, (await facts()).configRepairs], [false, 0]);
  await sh(deployScript(deployment()), "first");
  assert.deepEqual([(await facts()).configEdited, (await facts()).configRepairs], [false, 0]);
  writeFileSync(at("config.json"), "edited");
  const { configEdited, configRepairs } = await facts();
  assert.deepEqual([configEdited, configRepairs], [true, 1]);
  await sh(deployScript(deployment({ repairs: configRepairs })), "first");
  assert.equal(config(), "first");
  assert.deepEqual([(await facts()).configEdited, (await facts()).configRepairs], [false, 1]);
  assert.equal(restarts(), 2, "what somebody edited may be running");
});

test("the config of before comes back, and nothing of ours stays", async () => {
  writeFileSync(at("config.json"), "before");
  await sh(deployScript(deployment()), "first");
  await sh(deployScript(deployment()), "second");
  const { code } = await sh(removeScript(deployment()));
  assert.equal(code, 0);
  assert.equal(config(), "before");
  assert.deepEqual(
    ["config.json.before-zot-auth", "config.json.previous", "config.json.zot-auth"].filter((name) =>
      existsSync(at(name)),
    ),
    [],
  );
});

test("a secret file is readable by its owner only, and only its fingerprint is printed", async () => {
  const { stdout } = await sh(secretFileScript(at("credentials.json"), 0), "very secret");
  assert.equal(readFileSync(at("credentials.json"), "utf8"), "very secret");
  assert.equal(statSync(at("credentials.json")).mode & 0o777, 0o600);
  assert.match(stdout, /^[0-9a-f]{16} 0$/);
});

test("a missing zot and one that tells no version are told by their setting", async () => {
  const printed = (await sh(factsScript({ ...deployment(), binary: at("nothing") }))).stdout;
  assert.throws(() => parseFacts(printed, "local"), { code: "ZOT_BINARY_MISSING", message: /registry\.binary/ });
  assert.throws(() => parseFacts("version=hello\n", "local"), {
    code: "ZOT_VERSION_UNREADABLE",
    message: /registry\.binary/,
  });
});

test("a script arrives on an ssh host as it was, whatever it holds", async () => {
  // ssh hands its last argument to the login shell of the host; this stands for both.
  const bin = at("bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "ssh"), '#!/bin/sh\nfor last; do :; done\nexec /bin/sh -c "$last"\n');
  chmodSync(join(bin, "ssh"), 0o755);
  const script = `cat; printf '%s' "it's \\$HOME"`;
  const { stdout } = await sh(
    `PATH=${quote(bin)}:$PATH; S=${quote(scriptOnHost("ssh:indri", script))}; ${runOnHost("ssh:indri", "S")}`,
    "input ",
  );
  assert.equal(stdout, "input it's $HOME");
});
