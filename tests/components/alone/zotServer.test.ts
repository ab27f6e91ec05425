import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { supervise } from "../../../lab/homelab/supervisor.ts";
import { client, startIdentityProvider } from "../../lab/zot/support/identityProvider.ts";
import { threeTierConfig } from "../../lab/zot/support/registry.ts";
import { freePort } from "../../support/freePorts.ts";
import { Program } from "./program.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const ZOT = join(ROOT, "lab/bin/zot");

test("a program of its own uses ZotServer alone, with a config in zot's own words", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-alone-zot-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const issuer = await startIdentityProvider(`${url}/zot/auth/callback/oidc`);
  t.after(async () => issuer.close());
  const config = threeTierConfig(folder, port, issuer.issuer);
  const configFile = join(folder, "config.json");
  // So far everyone may do everything.
  const { auth, accessControl, ...open } = config.http;
  assert.ok(auth !== undefined && accessControl !== undefined);
  const original = JSON.stringify({ ...config, http: open });
  writeFileSync(configFile, original);
  mkdirSync(join(folder, "storage"));
  const supervisor = supervise({
    binary: ZOT,
    arguments: ["serve", configFile],
    pidFile: join(folder, "pid"),
    logFile: join(folder, "log"),
  });
  t.after(async () => supervisor.close());
  const statusOf = async (path: string): Promise<number> => {
    try {
      return (await fetch(url + path, { redirect: "manual" })).status;
    } catch {
      return 0; // it does not listen yet
    }
  };
  const end = Date.now() + 20_000;
  while ((await statusOf("/readyz")) !== 200) {
    assert.ok(Date.now() < end, readFileSync(join(folder, "log"), "utf8"));
    await delay(50);
  }
  const program = await Program.of(t, {
    heading: "ZotServer alone",
    files: { "zot.json": JSON.stringify(config) },
    settings: {
      binary: ZOT,
      configFile,
      restartCommand: `sh '${join(ROOT, "lab/bin/restart-zot")}' '${join(folder, "pid")}'`,
      clientSecret: client.secret,
    },
  });

  // As a user's: the CLI finds the provider in the installed package.
  program.plugins = "processes";
  const first = await program.up();
  program.plugins = "attached";
  assert.equal(first.code, 0, first.output);
  assert.deepEqual(
    Object.entries(program.resources())
      .map(([name, type]) => `${name.replace(/-[0-9a-f]{6}$/, "")} ${type}`)
      .sort(),
    [
      "zot zot-auth:index:ZotServer",
      "zot-config command:local:Command",
      "zot-config zot-auth:zot:FileCleanup",
      "zot-credentials command:local:Command",
      "zot-credentials zot-auth:zot:FileCleanup",
    ],
  );
  const deployed = readFileSync(configFile, "utf8");
  assert.deepEqual(JSON.parse(deployed), JSON.parse(JSON.stringify(config)));
  assert.equal(await statusOf("/zot/auth/login?provider=oidc"), 302, "people can sign in");
  const credentials = join(folder, "credentials.json");
  assert.deepEqual(JSON.parse(readFileSync(credentials, "utf8")), {
    clientid: "zot",
    clientsecret: client.secret,
  });
  assert.equal(statSync(credentials).mode & 0o777, 0o600);
  assert.ok(!program.stateText().includes(client.secret), "the state holds the client secret encrypted only");
  const { output } = await program.pulumi("stack", "output", "--json");
  const outputs = JSON.parse(output) as Record<string, string>;
  assert.equal(outputs["configHash"], createHash("sha256").update(deployed).digest("hex"));
  assert.match(outputs["version"] ?? "", /^\d+\.\d+\.\d+/);

  writeFileSync(configFile, deployed.replace('"realm"', '"Realm"').concat("\n"));
  const seen = await program.preview();
  assert.match(seen.output, /config\.json on local was edited by hand/);

  const destroyed = await program.destroy();
  assert.equal(destroyed.code, 0, destroyed.output);
  assert.equal(readFileSync(configFile, "utf8"), original, "the original config is restored");
});
