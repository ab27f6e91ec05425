// zot in a container, set up as docs/background/zot.md says: its mount, its script, its restart. The container is a mount namespace in which nothing but that folder is
// left of the host's; `docker` is a stand-in that knows the page's commands. It takes root and `unshare`.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { parse } from "yaml";
import { supervise } from "../../../../../lab/homelab/supervisor.ts";
import { deployScript } from "../../../../../systems/zot/host/deploy/deploy.ts";
import type { Deployment } from "../../../../../systems/zot/host/deploy/deploy.ts";
import { parseFacts } from "../../../../../systems/zot/host/facts/answer.ts";
import { factsScript } from "../../../../../systems/zot/host/facts/question.ts";
import { quote } from "../../../../../systems/zot/host/shell/shell.ts";
import { client, startIdentityProvider } from "../../../../lab/zot/support/identityProvider.ts";
import { threeTierConfig } from "../../../../lab/zot/support/registry.ts";
import type { TestConfig } from "../../../../lab/zot/support/registry.ts";
import { freePort } from "../../../../support/freePorts.ts";
import { sh } from "../support/sh.ts";

const ROOT = resolve(import.meta.dirname, "../../../../..");
const ZOT = join(ROOT, "lab/bin/zot");
const canContain = process.getuid?.() === 0 && spawnSync("unshare", ["-m", "true"]).status === 0;

interface FirstConfig {
  readonly storage: { readonly rootDirectory: string };
  readonly http: { readonly address: string; readonly port: string };
}

/** What the page has for the settings, with this folder in the place of /srv/zot. */
function onPage(folder: string): {
  readonly command: readonly string[];
  readonly volumes: readonly string[];
  readonly script: string;
  readonly registry: Readonly<Record<string, string>>;
  readonly log: string;
  /** The config of a new container. */
  readonly first: FirstConfig;
} {
  const page = readFileSync(join(ROOT, "docs/background/zot.md"), "utf8");
  const section = page.slice(page.indexOf("### In a container"));
  const [compose = "", script = "", settings = "", first = ""] = [
    ...section.matchAll(/```(?:yaml|sh|json)\n([^]*?)```/g),
  ].map(([, text = ""]) => text.replaceAll("/srv/zot", folder));
  const { services } = parse(compose) as {
    readonly services: { readonly zot: { readonly command: readonly string[]; readonly volumes: readonly string[] } };
  };
  const { "zot-auth:registry": registry, "zot-auth:zot": zot } = parse(settings) as {
    readonly "zot-auth:registry": Readonly<Record<string, string>>;
    readonly "zot-auth:zot": { readonly log: { readonly output: string } };
  };
  return { ...services.zot, script, registry, log: zot.log.output, first: JSON.parse(first) as FirstConfig };
}

/** A docker with one container, zot, which sees the mounted folder and nothing else below `host`. */
function docker(host: string, mounted: string): string {
  return `#!/bin/sh
contained() {
  exec unshare -m -- sh -c 'mkdir -p "$3" && mount --bind "$2" "$3" && mount -t tmpfs none "$1" && mkdir -p "$2" && mount --bind "$3" "$2" && shift 3 && exec "$@"' \\
    sh ${quote(host)} ${quote(mounted)} ${quote(`${host}.mount`)} ${quote(ZOT)} "$@"
}
case "$*" in
  'inspect --format {{.Image}} zot') echo sha256:of-zot ;;
  'run --rm --network none --volumes-from zot sha256:of-zot '*) shift 7; contained "$@" ;;
  'restart zot') sh ${quote(join(ROOT, "lab/bin/restart-zot"))} ${quote(join(host, "pid"))} && echo zot ;;
  'start zot '*) shift 2; contained "$@" ;;
  *) echo "docker: unknown command: $*" >&2; exit 125 ;;
esac
`;
}

async function start(t: TestContext) {
  const host = mkdtempSync(join(tmpdir(), "zot-auth-container-"));
  const folder = join(host, "srv");
  const page = onPage(folder);
  const binary = join(host, "bin", "zot-in-container");
  for (const name of [join(folder, "data"), dirname(binary)]) mkdirSync(name, { recursive: true });
  writeFileSync(join(host, "bin", "docker"), docker(host, folder), { mode: 0o755 });
  writeFileSync(binary, page.script, { mode: 0o755 });
  writeFileSync(page.log, "");
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const idp = await startIdentityProvider(`${url}/zot/auth/callback/oidc`);
  const { registry } = page;
  const { configFile = "", credentialsFile = "", dataDirectory = "", restartCommand = "" } = registry;
  const credentials = JSON.stringify({ clientid: client.id, clientsecret: client.secret });
  writeFileSync(credentialsFile, credentials);
  const base = threeTierConfig(folder, port, idp.issuer);
  const text = (change: (config: TestConfig) => void = () => undefined): string => {
    const config = structuredClone(base);
    config.storage["rootDirectory"] = dataDirectory;
    Object.assign(config, { log: { level: "info", output: page.log } });
    const changed = JSON.stringify(config).replaceAll(join(folder, "credentials.json"), credentialsFile);
    const whole = JSON.parse(changed) as TestConfig;
    change(whole);
    return `${JSON.stringify(whole, null, 2)}\n`;
  };
  const { first } = page;
  assert.deepEqual([first.storage.rootDirectory, first.http.port], [dataDirectory, "5000"]);
  writeFileSync(configFile, JSON.stringify({ ...first, http: { ...first.http, port: String(port) } }));
  // The restart command and the script find this docker first.
  const environment = { PATH: `${join(host, "bin")}:${process.env["PATH"] ?? ""}` };
  const supervisor = supervise({
    binary: join(host, "bin", "docker"),
    arguments: ["start", "zot", ...page.command],
    pidFile: join(host, "pid"),
    logFile: join(host, "log"),
  });
  t.after(async () => {
    await supervisor.close();
    await idp.close();
    for (const name of [host, `${host}.mount`]) rmSync(name, { recursive: true, force: true });
  });
  const status = async (path: string): Promise<number> =>
    fetch(`${url}${path}`, { redirect: "manual" }).then(
      (answer) => answer.status,
      () => 0,
    );
  const end = Date.now() + 20_000;
  while ((await status("/readyz")) !== 200) {
    assert.ok(Date.now() < end, `${readFileSync(join(host, "log"), "utf8")}${readFileSync(page.log, "utf8")}`);
    await delay(50);
  }
  const deployment: Deployment = {
    binary,
    configFile,
    service: { manager: { kind: "command", command: restartCommand }, logs: [page.log] },
    startDigest: "1",
    credentials: "1",
    repairs: 0,
    serviceRepairs: 0,
    origin: url,
    readySeconds: 15,
    reloadSeconds: 3,
    issuer: idp.issuer,
  };
  return { host, folder, page, configFile, credentialsFile, dataDirectory, text, status, environment, deployment };
}

test(
  "zot in a container is deployed to as the page says",
  { skip: !canContain && "no mount namespaces here" },
  async (t) => {
    const zot = await start(t);
    const { page, deployment, environment, text, status } = zot;
    assert.deepEqual(
      page.volumes,
      [`${zot.folder}:${zot.folder}`],
      "the container sees the folder under the host's path",
    );
    assert.equal(basename(deployment.binary), basename(page.registry["binary"] ?? ""));

    const question = {
      ...deployment,
      credentialsFile: zot.credentialsFile,
      dataDirectory: zot.dataDirectory,
      schema: true,
    };
    const { version, schema } = parseFacts((await sh(factsScript(question), "", environment)).stdout, "local");
    assert.equal(version.minor, 1);
    assert.ok(schema !== undefined);

    // A new container lets anyone push.
    assert.equal(await status("/zot/auth/login?provider=oidc"), 404);
    const upload = await fetch(`${deployment.origin}/v2/team/app/blobs/uploads/`, { method: "POST" });
    assert.equal(upload.status, 202);

    const signIn = await sh(deployScript(deployment), text(), environment);
    assert.match(`${signIn.stdout}${signIn.stderr}`, /restart: yes/);
    assert.notEqual(await status("/zot/auth/login?provider=oidc"), 404);
    assert.equal(await status("/v2/_catalog"), 200);

    const closed = text(({ http }) => {
      http.accessControl = { repositories: { "**": { anonymousPolicy: [], defaultPolicy: ["read"] } } };
    });
    const reloaded = await sh(deployScript(deployment), closed, environment);
    assert.match(`${reloaded.stdout}${reloaded.stderr}`, /restart: no/, "the container sees the change of the file");
    assert.equal(await status("/v2/_catalog"), 401);

    const wrong = text(({ http }) => {
      http["unknownKey"] = true;
    });
    const rejected = await sh(deployScript(deployment), wrong, environment);
    assert.match(rejected.stderr, /nothing was changed\. zot says:\n.*unknownkey/i);
    const refused = text((config) => {
      config.http.auth = JSON.parse(
        JSON.stringify(config.http.auth).replace(deployment.issuer, "http://127.0.0.1:1"),
      ) as Record<string, unknown>;
    });
    const rolledBack = await sh(
      deployScript({ ...deployment, startDigest: "2", readySeconds: 5 }),
      refused,
      environment,
    );
    assert.match(rolledBack.stderr, /zot says:\n.*failed to initialize new relying party oidc/);
    assert.match(rolledBack.stderr, /The previous config was restored and serves/);
    assert.equal(await status("/v2/_catalog"), 401);
  },
);
