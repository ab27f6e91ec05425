import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { JsonObject } from "../../../core/json.ts";
import { parseSettings } from "../../../settings/parse.ts";
import { zotConfigArgs } from "../../../settings/zotConfigArgs.ts";
import { assembleZotConfig } from "../../../systems/zot/config/config.ts";
import { configDifferences } from "../../../systems/zot/config/compared/difference.ts";
import { builtInSchema } from "../../../systems/zot/config/schema/schema.ts";
import { NEWEST_KNOWN } from "../../../systems/zot/version.ts";
import { HandMade, REGISTRY, SECRETS, settingsOf } from "./homelab.ts";
import type { Ran } from "./homelab.ts";

// npm run adopt, in this process, on the lab's servers.

function assertNoSecret({ output, text = "" }: Ran): void {
  for (const [name, secret] of Object.entries(SECRETS))
    assert.ok(!`${output}${text}`.includes(secret), `the secret "${name}" was shown`);
}

test("writes a valid file from what is there, without defaults and secrets, and changes nothing else", async (t) => {
  const homelab = await HandMade.start(t);
  const before = [readFileSync(homelab.configFile, "utf8"), readdirSync(join(homelab.folder, "zot"))];
  const ran = await homelab.adopt(homelab.flags());
  assert.equal(ran.code, 0, ran.output);
  assert.deepEqual([readFileSync(homelab.configFile, "utf8"), readdirSync(join(homelab.folder, "zot"))], before);
  assertNoSecret(ran);
  const settings = settingsOf(homelab);
  parseSettings(settings);
  assert.deepEqual(settings, {
    registry: {
      url: REGISTRY,
      binary: join(homelab.folder, "bin", "zot"),
      configFile: homelab.configFile,
      credentialsFile: join(homelab.folder, "zot", "oidc.json"),
      dataDirectory: join(homelab.folder, "zot", "data"),
      address: "127.0.0.1",
      restartCommand: "restart-zot",
    },
    // What zot's config says, although ours would be safer.
    zot: { auth: { secureSession: false } },
    authentik: {
      url: homelab.urls.authentik,
      token: `file:${join(homelab.folder, "authentik")}`,
      applicationName: "Container registry",
      providerName: "Zot Provider",
      clientSecret: "op://homelab/Zot/client-secret",
    },
    ci: { keyStore: "op://homelab/Zot/zot-ci-api", imagePrefix: "own" },
    forgejo: {
      url: homelab.urls.forgejo,
      token: `file:${join(homelab.folder, "forgejo")}`,
      repositories: ["own/app"],
    },
    onePassword: { connectUrl: homelab.urls.connect, connectToken: `file:${join(homelab.folder, "connect")}` },
  });
  assert.match(ran.output, /Authentik has the OAuth2 provider "Zot Provider" of the application "zot"\./);
  assert.match(ran.output, /Forgejo has the Actions secret ZOT_CI_API_KEY/);
  assert.match(ran.output, /ci\.keyStore: op:\/\/homelab\/Zot\/zot-ci-api has a value\./);
  assert.match(
    ran.output,
    /✓ Wrote \S+Pulumi\.nas\.yaml\. Nothing else was changed\. Next:\n {2}npm run pulumi -- stack init nas\n/,
  );
  assert.match(ran.output, / {2}npm run pulumi -- preview --stack nas --config-file \S+\n$/);
  assert.match(
    ran.text ?? "",
    /^# Written by `npm run adopt -- nas` from .*config\.json on this machine \(zot 2\.1\.20\)\./,
  );
});

test("a config without time limits gets ours, and stays as it is with the flags that docs/guides/taking-over.md names", async (t) => {
  const homelab = await HandMade.start(t);
  const gained = (): readonly unknown[] => {
    const settings = parseSettings(settingsOf(homelab));
    const { config } = assembleZotConfig(zotConfigArgs(settings), NEWEST_KNOWN, settings.registry, builtInSchema());
    return configDifferences(JSON.parse(readFileSync(homelab.configFile, "utf8")) as JsonObject, config);
  };
  const ran = await homelab.adopt(homelab.flags());
  assert.match(
    ran.output,
    /Added to zot's config by `up` \(2\):\n {2}http\.readTimeout: so that slow .*\n {2}http\.writeTimeout: so that slow/,
  );
  assert.deepEqual(gained(), [
    { path: "http.readTimeout", kind: "added", after: "1h" },
    { path: "http.writeTimeout", kind: "added", after: "1h" },
  ]);

  const page = readFileSync(new URL("../../../docs/guides/taking-over.md", import.meta.url), "utf8");
  const [, flags = ""] = /To keep the config exactly as it is, .*? add `([^`]+)`/.exec(page) ?? [];
  const kept = await homelab.adopt([...flags.split(" "), "--yes", ...homelab.flags()]);
  assert.equal(kept.code, 0, kept.output);
  assert.doesNotMatch(kept.output, /Added to zot's config|Not kept/);
  assert.deepEqual(gained(), []);
});

test("a flag that differs from zot's config is reported", async (t) => {
  const homelab = await HandMade.start(t);
  const { output } = await homelab.adopt(["--zot.log.level", "warn", ...homelab.flags()]);
  assert.match(output, /Not kept \(1\):\n {2}log\.level: a flag, your answer or the existing file says otherwise\./);
});

test("reads a host behind ssh", async (t) => {
  const homelab = await HandMade.start(t);
  const ran = await homelab.adopt(["--registry.host", "ssh:nas", ...homelab.flags()]);
  assert.equal(ran.code, 0, ran.output);
  assert.equal(settingsOf(homelab)["registry"]?.["host"], "ssh:nas");
  homelab.program("ssh", "echo 'ssh: connect to host nas port 22: Connection refused' >&2; exit 255");
  const gone = await homelab.adopt(["--registry.host", "ssh:nas", "--yes", ...homelab.flags()]);
  assert.equal(gone.code, 1);
  assert.match(
    gone.output,
    /ssh:nas \(setting registry\.host\) cannot be reached: .*Connection refused\. Check `ssh nas true`\./,
  );
});

test("the config and the service of the zot that runs there need no flag", async (t) => {
  const homelab = await HandMade.start(t);
  homelab.program("launchctl", "printf '471\\t0\\tmcquack.zot\\n'");
  homelab.program("ps", `echo "471 ${join(homelab.folder, "bin", "zot")} serve ${homelab.configFile}"`);
  const found = ["registry.configFile", "registry.binary", "registry.restartCommand"];
  const ran = await homelab.adopt(homelab.flags(...found));
  assert.equal(ran.code, 0, ran.output);
  const { binary, configFile, service } = settingsOf(homelab)["registry"] ?? {};
  assert.deepEqual(
    [binary, configFile, service],
    [join(homelab.folder, "bin", "zot"), homelab.configFile, "launchd:mcquack.zot"],
  );
  // A command that somebody chose wins over the service.
  const chosen = await homelab.adopt(["--yes", ...homelab.flags(...found.slice(0, 2))]);
  assert.equal(chosen.code, 0, chosen.output);
  assert.equal(settingsOf(homelab)["registry"]?.["service"], undefined);
});

test("a zot without sign-in needs its addresses as flags, and gets a place for the credentials file", async (t) => {
  const homelab = await HandMade.start(t);
  const config = { storage: { rootDirectory: "/srv/zot" }, http: { address: "0.0.0.0", port: "5000" } };
  writeFileSync(homelab.configFile, JSON.stringify(config));
  const refused = await homelab.adopt(homelab.flags());
  const listed = [...refused.output.matchAll(/^ {2}--(\S+)/gm)].map(([, setting]) => setting);
  assert.deepEqual([refused.code, listed], [2, ["registry.url", "authentik.url"]], refused.output);
  const urls = ["--registry.url", REGISTRY, "--authentik.url", homelab.urls.authentik];
  const ran = await homelab.adopt([...homelab.flags(), ...urls]);
  assert.equal(ran.code, 0, ran.output);
  const { url, credentialsFile, dataDirectory } = settingsOf(homelab)["registry"] ?? {};
  assert.deepEqual(
    [url, credentialsFile, dataDirectory],
    [REGISTRY, join(homelab.folder, "zot", "oidc-credentials.json"), "/srv/zot"],
  );
});

test("secrets in zot's config are neither written nor printed, and are listed by their key", async (t) => {
  const homelab = await HandMade.start(t);
  homelab.changeConfig((config) => {
    config["storage"] = {
      ...config["storage"],
      storageDriver: { name: "s3", region: "eu", bucket: "zot", accesskey: "AKIAHUNTER2", secretkey: "hunter2-s3" },
    };
    const ldap = { address: "ldap.example.net", port: 389, baseDN: "dc=x", bindDN: "cn=zot", bindPassword: "admin" };
    config["http"] = { ...config["http"], auth: { ...(config["http"]?.["auth"] as object), ldap } };
  });
  const ran = await homelab.adopt(homelab.flags());
  assert.doesNotMatch(`${ran.output}${ran.text ?? ""}`, /hunter2|AKIAHUNTER2|: admin$/im);
  assert.equal(ran.code, 0, ran.output);
  assert.match(ran.output, /Not kept \(\d+\):\n(?: {2}.*\n)*? {2}storage\.storageDriver/);
});

test("without a terminal, one error lists every missing setting, and nothing is written", async (t) => {
  const homelab = await HandMade.start(t);
  const left = ["registry.restartCommand", "authentik.token", "onePassword.connectUrl", "onePassword.connectToken"];
  const ran = await homelab.adopt(homelab.flags(...left, "ci.imagePrefix", "forgejo.repositories"));
  assert.deepEqual([ran.code, ran.text], [2, undefined], ran.output);
  const listed = [...ran.output.matchAll(/^ {2}--(\S+)/gm)].map(([, setting]) => setting);
  assert.deepEqual(listed, [
    "registry.restartCommand",
    "authentik.token",
    "onePassword.account",
    "ci.imagePrefix",
    "forgejo.repositories",
  ]);
  const nothing = await homelab.adopt([]);
  assert.equal(nothing.code, 2);
  assert.match(nothing.output, /--registry\.configFile .*\n(?:.*\n)*.*--forgejo\.url/);
});

test("on a terminal it asks for what is missing, suggests what it found, and repeats a question until the answer is valid", async (t) => {
  const homelab = await HandMade.start(t);
  const ran = await homelab.adopt(homelab.flags("registry.restartCommand", "ci.imagePrefix", "authentik.token"), [
    "", // the host: local
    "", // no service
    "restart-zot",
    SECRETS.authentik, // instead of a reference to it
    `file:${join(homelab.folder, "authentik")}`,
    "api",
    "own",
  ]);
  assert.equal(ran.code, 0, ran.output);
  assertNoSecret(ran);
  assert.match(ran.output, /registry\.host: /);
  assert.match(ran.output, /✗ got a value that is not shown because it may be a secret; must be a secret reference/);
  assert.deepEqual(settingsOf(homelab)["authentik"]?.["delivery"], "api");
  assert.deepEqual(settingsOf(homelab)["ci"]?.["imagePrefix"], "own");

  const ended = await homelab.adopt(["--yes", ...homelab.flags("ci.imagePrefix", "forgejo.repositories")], []);
  assert.equal(ended.code, 2, ended.output);
  assert.match(ended.output, /Nothing was written: the questions were not answered\./);
});
