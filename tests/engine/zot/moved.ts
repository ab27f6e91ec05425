import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { after, test } from "node:test";
import { valueAt } from "../../../systems/zot/config/syntax/anyCase.ts";
import { Sshd, noSshd } from "../../systems/zot/host/support/sshd.ts";
import { change, config, homelab, installZot, lab } from "./stack.ts";

// Settings that move files on zot's host, with the real CLI: its engine deletes the old places' resources last.

const BY_HAND = '{ "clientid": "by hand" }';

const skip = noSshd() ?? false;
let sshd: Sshd | undefined;
const { PATH } = process.env;
after(() => {
  sshd?.close();
  process.env["PATH"] = PATH;
});

const at = (name: string): string => join(lab.directory, name);

/** The files at a place, with their companions. */
function found(name: string): readonly string[] {
  return readdirSync(lab.directory).filter((file) => file.startsWith(name));
}

function move(credentialsFile: string, sessionKeysFile: string): void {
  change("registry", { credentialsFile });
  change("zot", { auth: { sessionKeysFile }, extra: {} });
}

/** What is beside a file, by its name. */
function companions(file: string): readonly string[] {
  return readdirSync(dirname(file)).filter((name) => name.startsWith(`${basename(file)}.`));
}

async function checks(): Promise<void> {
  const { code, output } = await lab.command("check");
  assert.equal(code, 0, output);
}

async function up(): Promise<string> {
  const { code, output } = await lab.up();
  assert.equal(code, 0, output);
  return output;
}

const servedCredentials = (): unknown =>
  valueAt(config(), "http", "auth", "openid", "providers", "oidc", "credentialsFile");

test("an interrupted move of the credentials and session keys is taken back without a trace", async () => {
  const { credentialsFile } = lab.layout.settings.registry;
  move(credentialsFile, at("session-keys.json"));
  await up();
  const before = readFileSync(credentialsFile, "utf8");
  writeFileSync(at("moved-credentials.json"), BY_HAND);

  move(at("moved-credentials.json"), at("moved-keys.json"));
  const cut = await lab.upCutOffAt("zot-config");
  assert.notEqual(cut.code, 0);
  assert.equal(readFileSync(at("moved-credentials.json"), "utf8"), before, "the run was interrupted halfway");

  move(credentialsFile, at("session-keys.json"));
  const { code, output } = await lab.command("recover");
  assert.equal(code, 0, output);
  assert.deepEqual([found("moved-credentials"), found("moved-keys")], [["moved-credentials.json"], []]);
  assert.equal(readFileSync(at("moved-credentials.json"), "utf8"), BY_HAND);
  assert.equal(servedCredentials(), credentialsFile);
  assert.equal(readFileSync(credentialsFile, "utf8"), before);
  assert.equal((await homelab.registry("/v2/")).status, 200);
});

test("a move removes the old files once zot serves with the new ones, and up then has nothing to do", async () => {
  const { credentialsFile } = lab.layout.settings.registry;
  move(at("moved-credentials.json"), at("moved-keys.json"));
  const { output } = await lab.pulumi("preview", "--non-interactive");
  assert.match(
    output,
    /zot restarts \(about 2 s\): it reads http\.auth\.openid\.providers\.oidc\.credentialsfile, http\.auth\.sessionkeysfile only when it starts/,
  );
  assert.match(output, /- +.*zot:FileCleanup +zot-credentials-[0-9a-f]{6} +delete/);
  await up();
  assert.equal(servedCredentials(), at("moved-credentials.json"));
  assert.deepEqual([existsSync(credentialsFile), existsSync(`${credentialsFile}.zot-auth`)], [false, false]);
  assert.deepEqual(found("session-keys"), []);
  assert.equal((await homelab.registry("/v2/")).status, 200);
  const { code, output: after } = await lab.pulumi("preview", "--non-interactive", "--expect-no-changes");
  assert.equal(code, 0, after);
  assert.doesNotMatch(after, /zot re(starts|loads)/);
});

test(
  "the host by ssh instead of locally is the same machine: its files stay, and check has nothing to say",
  { skip },
  async () => {
    const { configFile } = lab.layout.settings.registry;
    const original = readFileSync(`${configFile}.before-zot-auth`, "utf8");
    sshd = await Sshd.start();
    Object.assign(lab.environment, sshd.environment);
    process.env["PATH"] = sshd.environment["PATH"];
    const restartCommand = `sh '${resolve("lab/bin/restart-zot")}' '${lab.layout.directory}/zot/pid'`;
    change("registry", { host: "ssh:indri", restartCommand });
    assert.doesNotMatch(await up(), /stays on local|before zot-auth/);
    assert.equal(servedCredentials(), at("moved-credentials.json"));
    assert.equal(readFileSync(`${configFile}.before-zot-auth`, "utf8"), original);
    assert.equal(readFileSync(at("moved-credentials.json.before-zot-auth"), "utf8"), BY_HAND);
    await checks();
  },
);

test("and the host locally again: the files stay, and check has nothing to say", { skip }, async () => {
  const { configFile } = lab.layout.settings.registry;
  const original = readFileSync(`${configFile}.before-zot-auth`, "utf8");
  change("registry", { host: "local" });
  assert.doesNotMatch(await up(), /stays on ssh|before zot-auth/);
  assert.equal(servedCredentials(), at("moved-credentials.json"));
  assert.equal(readFileSync(`${configFile}.before-zot-auth`, "utf8"), original);
  await checks();
});

test("a moved config: the old file has its original again, and check has nothing to say", async () => {
  const { configFile } = lab.layout.settings.registry;
  const original = readFileSync(`${configFile}.before-zot-auth`, "utf8");
  installZot(lab.directory, "v2.1.20", at("moved-config.json"));
  change("registry", { configFile: at("moved-config.json") });
  // At the new place is one that somebody made by hand, with an account.
  writeFileSync(at("htpasswd"), "jan:$2y$05$9xgXYhDGhTGxB3RVCRMuoOyXtYHuwnWl4Nkj7EbI1a5kzpgVl9tyS\n");
  const { http, ...rest } = config() as { readonly http: object };
  const auth = { htpasswd: { path: at("htpasswd") } };
  writeFileSync(at("moved-config.json"), JSON.stringify({ ...rest, http: { ...http, auth } }));
  const refused = await lab.pulumi("up", "--yes", "--non-interactive");
  assert.notEqual(refused.code, 0, refused.output);
  assert.match(
    refused.output,
    /moved-config\.json on \S+ was made by hand\..* The update\n +removes http\.auth\.htpasswd: \{"path":"\S+\/htpasswd"\}\n/,
  );
  const lines = /zot-auth:registry:\n +acceptRemoved:\n +- http\.auth\.htpasswd\n/g;
  assert.equal([...refused.output.matchAll(lines)].length, 2, `the preview and the update say it:\n${refused.output}`);
  assert.match(refused.output, /Nothing was changed\./);
  assert.deepEqual(companions(at("moved-config.json")), []);
  change("registry", { acceptRemoved: ["http.auth.htpasswd"] });
  await up();
  assert.equal(readFileSync(configFile, "utf8"), original);
  assert.deepEqual(companions(configFile), []);
  assert.ok(existsSync(at("moved-config.json.zot-auth")));
  assert.equal((await homelab.registry("/v2/")).status, 200);
  await checks();
});

test("destroy restores the file that was at the new place, and leaves nothing else", async () => {
  const { code, output } = await lab.pulumi("destroy", "--yes", "--skip-preview", "--non-interactive");
  assert.equal(code, 0, output);
  assert.deepEqual([found("moved-credentials"), found("moved-keys")], [["moved-credentials.json"], []]);
  assert.equal(readFileSync(at("moved-credentials.json"), "utf8"), BY_HAND);
  assert.deepEqual(found("moved-config"), ["moved-config.json"]);
  assert.match(readFileSync(at("moved-config.json"), "utf8"), /htpasswd/);
  assert.deepEqual([companions(lab.layout.settings.registry.configFile)], [[]]);
});
