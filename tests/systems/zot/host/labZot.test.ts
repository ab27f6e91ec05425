import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { deployScript } from "../../../../systems/zot/host/deploy/deploy.ts";
import type { Deployment } from "../../../../systems/zot/host/deploy/deploy.ts";
import { factsScript } from "../../../../systems/zot/host/facts/question.ts";
import { parseFacts } from "../../../../systems/zot/host/facts/answer.ts";
import { removeScript } from "../../../../systems/zot/host/deploy/remove.ts";
import { quote } from "../../../../systems/zot/host/shell/shell.ts";
import { supervise } from "../../../../lab/homelab/supervisor.ts";
import { client, startIdentityProvider } from "../../../lab/zot/support/identityProvider.ts";
import type { IdentityProvider } from "../../../lab/zot/support/identityProvider.ts";
import { freePort } from "../../../support/freePorts.ts";
import { threeTierConfig } from "../../../lab/zot/support/registry.ts";
import type { TestConfig } from "../../../lab/zot/support/registry.ts";
import { sh, startSh } from "./support/sh.ts";
import type { Ran } from "./support/sh.ts";

// The scripts on the real zot if it is on PATH, else the lab's, under the lab's supervisor. HTTP shows what is in force.
// Each test begins with what the previous one left.

const ROOT = resolve(import.meta.dirname, "../../../..");
const ZOT = join(ROOT, "lab/bin/zot");

let folder: string;
let url: string;
let idp: IdentityProvider;
let supervisor: { close(): Promise<void> };
let base: TestConfig;
const config = (): string => readFileSync(join(folder, "config.json"), "utf8");
const pid = (): string => readFileSync(join(folder, "pid"), "utf8");

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "zot-auth-lab-zot-"));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  idp = await startIdentityProvider(`${url}/zot/auth/callback/oidc`);
  base = threeTierConfig(folder, port, idp.issuer);
  mkdirSync(join(folder, "storage"));
  writeFileSync(join(folder, "credentials.json"), JSON.stringify({ clientid: client.id, clientsecret: client.secret }));
  const { auth, accessControl, ...open } = base.http;
  assert.ok(auth !== undefined && accessControl !== undefined);
  writeFileSync(
    join(folder, "config.json"),
    text((config) => (config.http = { ...open, port: String(port) })),
  );
  supervisor = supervise({
    binary: ZOT,
    arguments: ["serve", join(folder, "config.json")],
    pidFile: join(folder, "pid"),
    logFile: join(folder, "log"),
  });
  const end = Date.now() + 20_000;
  while ((await statusOf("/readyz")) !== 200) {
    assert.ok(Date.now() < end, readFileSync(join(folder, "log"), "utf8"));
    await delay(50);
  }
});
after(async () => {
  await supervisor.close();
  await idp.close();
  rmSync(folder, { recursive: true, force: true });
});

async function statusOf(path: string): Promise<number> {
  try {
    return (await fetch(`${url}${path}`, { redirect: "manual" })).status;
  } catch {
    return 0; // it does not listen yet
  }
}

function text(change: (config: TestConfig) => void = () => undefined): string {
  const changed = structuredClone(base);
  change(changed);
  return `${JSON.stringify(changed, null, 2)}\n`;
}

/** Nobody reads without signing in. */
const closed = (config: TestConfig): void => {
  config.http.accessControl = { repositories: { "**": { anonymousPolicy: [], defaultPolicy: ["read"] } } };
};

function deployment(change: Partial<Deployment> = {}): Deployment {
  const restart = `sh ${quote(join(ROOT, "lab/bin/restart-zot"))} ${quote(join(folder, "pid"))}`;
  return {
    binary: ZOT,
    configFile: join(folder, "config.json"),
    service: { manager: { kind: "command", command: restart }, logs: [join(folder, "log")] },
    startDigest: "1",
    credentials: "1",
    repairs: 0,
    serviceRepairs: 0,
    origin: url,
    readySeconds: 15,
    reloadSeconds: 3,
    issuer: idp.issuer,
    ...change,
  };
}

async function deploy(text: string, change: Partial<Deployment> = {}): Promise<Ran> {
  return sh(deployScript(deployment(change)), text);
}

async function deployed(text: string, change: Partial<Deployment> = {}): Promise<string> {
  const { code, stdout, stderr } = await deploy(text, change);
  assert.equal(code, 0, stderr);
  assert.equal(config(), text);
  return stdout + stderr;
}

test("an open registry gets sign-in by a restart", async () => {
  assert.equal(await statusOf("/zot/auth/login?provider=oidc"), 404);
  assert.match(await deployed(text()), /restart: yes/);
  assert.notEqual(await statusOf("/zot/auth/login?provider=oidc"), 404);
  assert.equal(await statusOf("/v2/_catalog"), 200);
});

test("access control changes without a restart, to no anonymous access at all and back", async () => {
  const running = pid();
  assert.match(await deployed(text(closed)), /restart: no/);
  assert.equal(await statusOf("/v2/_catalog"), 401);
  assert.match(await deployed(text()), /restart: no/);
  assert.equal(await statusOf("/v2/_catalog"), 200);
  assert.equal(pid(), running);
});

test("an unchanged config is proved too", async () => {
  assert.match(await deployed(text()), /restart: no/);
});

test("the deployment notices that zot no longer watches a file that an editor replaced", async () => {
  writeFileSync(join(folder, "saved"), config());
  renameSync(join(folder, "saved"), join(folder, "config.json"));
  assert.match(
    await deployed(text(closed)),
    /it watches was replaced[^]*restart: fallback|restart: fallback[^]*it watches was replaced/,
  );
  assert.equal(await statusOf("/v2/_catalog"), 401);
  assert.match(await deployed(text()), /restart: no/, "the new one watches the file that is there");
});

test("a config that zot rejects changes nothing", async () => {
  const { code, stderr } = await deploy(text((config) => (config.http["unknownKey"] = true)));
  assert.equal(code, 1);
  assert.match(stderr, /nothing was changed\. zot says:\n.*unknownkey/i);
  assert.equal(config(), text());
});

test("a config that zot accepts but does not start with is rolled back, and the error quotes zot", async () => {
  const { code, stderr } = await deploy(
    text((config) => {
      closed(config);
      // The issuer of the check answers; this one does not, and zot finds out when it starts.
      config.http.auth = JSON.parse(
        JSON.stringify(config.http.auth).replace(idp.issuer, "http://127.0.0.1:1"),
      ) as Record<string, unknown>;
    }),
    { startDigest: "2", readySeconds: 5 },
  );
  assert.equal(code, 1);
  assert.match(stderr, /timed out after 5 s .*readyz does not respond/);
  assert.match(stderr, /zot says:\n.*failed to initialize new relying party oidc/);
  assert.match(stderr, /The previous config was restored and serves/);
  assert.equal(config(), text());
  assert.equal(await statusOf("/v2/_catalog"), 200);
});

test("a deployment killed anywhere leaves a zot that starts, and the next one finishes it", async () => {
  for (const [index, wait] of [150, 500, 900, 1500].entries()) {
    const next = text((config) => {
      if (index % 2 === 0) closed(config);
    });
    const change = { startDigest: index % 2 === 0 ? "3" : "1" };
    const { child, ended } = startSh(deployScript(deployment(change)), next);
    await delay(wait);
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    await ended;
    const { status, stderr } = await verify();
    assert.equal(status, 0, stderr);
    await deployed(next, change);
    assert.equal(await statusOf("/v2/_catalog"), index % 2 === 0 ? 401 : 200);
  }
});

async function verify(): Promise<{ readonly status: number | null; readonly stderr: string }> {
  const { code, stderr } = await sh(`${quote(ZOT)} verify ${quote(join(folder, "config.json"))}`);
  return { status: code, stderr };
}

test("the version comes from the binary, or from the running zot if the binary has none", async () => {
  const question = {
    binary: ZOT,
    configFile: join(folder, "config.json"),
    credentialsFile: join(folder, "credentials.json"),
    dataDirectory: join(folder, "storage"),
    origin: url,
  };
  const told = parseFacts((await sh(factsScript(question))).stdout, "local");
  const untagged = join(folder, "untagged");
  writeFileSync(untagged, '#!/bin/sh\necho \'{"commit":""}\'\n', { mode: 0o755 });
  const asked = parseFacts((await sh(factsScript({ ...question, binary: untagged }))).stdout, "local");
  assert.deepEqual(asked.version, told.version);
});

test("restores the original config", async () => {
  const { code, stderr } = await sh(removeScript(deployment()));
  assert.equal(code, 0, stderr);
  assert.equal(await statusOf("/zot/auth/login?provider=oidc"), 404);
});

test("a zot that was started by hand is adopted without a restart, unless it says that it runs with something else", async () => {
  const adopted = { credentialsFile: join(folder, "credentials.json"), clientId: client.id, externalUrl: url };
  await deployed(text());
  const running = pid();
  // zot reads them only when it starts.
  const withTimeLimits = (config: TestConfig): void => {
    closed(config);
    Object.assign(config.http, { readTimeout: "1h", writeTimeout: "1h" });
  };
  for (const [change, restart, declared] of [
    [{ adopted }, "no", closed],
    [{ adopted: { ...adopted, clientId: "another" } }, "yes", closed],
    [{ adopted }, "yes", withTimeLimits],
    [{}, "yes", closed],
  ] as const) {
    for (const companion of [".zot-auth", ".previous", ".before-zot-auth"])
      rmSync(join(folder, `config.json${companion}`), { force: true });
    // In other words, and in the same file, which zot watches.
    writeFileSync(join(folder, "config.json"), JSON.stringify(base));
    assert.match(await deployed(text(declared), change), new RegExp(`restart: ${restart}\\)`));
    assert.equal(pid() === running, restart === "no");
    assert.equal(await statusOf("/v2/_catalog"), 401);
  }
});
