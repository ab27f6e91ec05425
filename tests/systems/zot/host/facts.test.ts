import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { ZotAuthError } from "../../../../core/errors.ts";
import { formatCredentials } from "../../../../systems/zot/config/config.ts";
import { factsScript } from "../../../../systems/zot/host/facts/question.ts";
import { parseFacts } from "../../../../systems/zot/host/facts/answer.ts";
import { assertPlainPath } from "../../../../systems/zot/host/files/files.ts";
import { removeSecretFileScript, secretFileScript } from "../../../../systems/zot/host/files/secretFile.ts";
import { sessionKeysScript } from "../../../../systems/zot/host/files/sessionKeys.ts";
import { renderUnit } from "../../../../systems/zot/host/service/service.ts";
import { quote } from "../../../../systems/zot/host/shell/shell.ts";
import { sh } from "./support/sh.ts";
import { World } from "./support/world.ts";

let world: World;
beforeEach(async () => {
  world = await World.make();
  world.beginWith(world.text([]));
});
afterEach(() => world.close());

const SECRET = '{\n  "clientsecret": "very secret"\n}\n';
const secretFile = (): string =>
  secretFileScript({ credentialsFile: world.at("credentials.json"), dataDirectory: world.at("data") }, 0);

test("distinguishes a hand edit from our own change, and counts its repair once", async () => {
  assert.deepEqual((await world.facts()).config, { repairs: 0, state: "as written" });
  await world.deploy(world.text(["read"]));
  assert.deepEqual((await world.facts()).config, { repairs: 0, state: "as written" });
  writeFileSync(world.configFile, "edited");
  assert.deepEqual((await world.facts()).config, { repairs: 1, state: "edited" });
  await world.deploy(world.text(["read"]), { repairs: 1 });
  assert.equal(world.config(), world.text(["read"]));
  assert.deepEqual((await world.facts()).config, { repairs: 1, state: "as written" });
  assert.equal(world.zot.restarts, 2, "what somebody edited may be running");
});

test(
  "a zot that does not serve is found, and a deployment of the same config starts it",
  { timeout: 30_000 },
  async () => {
    await world.deploy(world.text(["read"]));
    const restarts = world.zot.restarts;
    world.zot.stop();
    assert.deepEqual((await world.facts()).config, { repairs: 1, state: "unserved" });
    const { code, stderr } = await world.deploy(world.text(["read"]), { repairs: 1 });
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /watches was replaced/, "it is not about the file watch");
    assert.equal(world.zot.restarts, restarts + 1);
    assert.deepEqual((await world.facts()).config, { repairs: 1, state: "as written" });
  },
);

test(
  "a zot that is just restarting serves, and one that never deployed is not asked for",
  { timeout: 30_000 },
  async () => {
    world.zot.stop();
    assert.equal((await world.facts()).config.state, "as written");
    world.zot.restart();
    await world.deploy(world.text(["read"]));
    world.zot.stop();
    const asked = world.facts();
    setTimeout(() => world.zot.restart(), 700);
    assert.equal((await asked).config.state, "as written");
  },
);

test("zot's schema is asked for only if it is needed, and may be missing", async () => {
  assert.equal((await world.facts()).schema, undefined);
  assert.equal((await world.facts(undefined, true)).schema, '{  "properties": {"a=b": true}}');
  const zot = readFileSync(world.at("zot"), "utf8");
  writeFileSync(world.at("zot"), zot.replace("schema)", "other)"));
  const { schema, version } = await world.facts(undefined, true);
  assert.deepEqual([schema, version.patch], [undefined, 20]);
});

test("files made by hand are told from ours, also when the first deployment was killed", async () => {
  const original = world.config();
  const service = "[Service]\nEnvironment=TOKEN=very-secret\nExecStart=/usr/bin/zot\n# Comment=no\n";
  writeFileSync(world.at("zot.service"), service);
  writeFileSync(world.at("credentials.json"), '{ "ClientID" : "old",\n"clientSecret":"very secret" }');
  const print = createHash("sha256").update(formatCredentials("old", "very secret")).digest("hex");
  const found = async () => {
    const facts = await world.facts(world.at("zot.service"));
    return { ...facts.byHand, text: facts.deployed?.configText, print: facts.deployed?.credentialsByHand };
  };
  const byHand = { config: true, credentials: { clientId: "old" }, service: ["Environment", "ExecStart"] };
  assert.deepEqual(await found(), { ...byHand, sessionKeys: false, text: original, print });
  // Killed after the credentials, and then while zot's config is written.
  await sh(secretFile(), SECRET);
  assert.deepEqual(await found(), { ...byHand, sessionKeys: false, credentials: undefined, text: original, print });
  await world.deploy(world.text(["read"]));
  const record = world.read("config.json.zot-auth") ?? "";
  writeFileSync(world.at("config.json.zot-auth"), record.replace(/^written=.*$/m, "written=") + "state=pending\n");
  assert.deepEqual((await found()).text, original, "the original counts until the deployment is complete");
  writeFileSync(world.at("config.json.zot-auth"), record);
  const { config, text } = await found();
  assert.deepEqual([config, text], [false, world.text(["read"])]);
});

test("a deleted config or credentials file counts as edited", async () => {
  await world.deploy(world.text(["read"]));
  await sh(secretFile(), SECRET);
  assert.deepEqual((await world.facts()).credentials, { repairs: 0, state: "as written" });
  rmSync(world.at("credentials.json"));
  rmSync(world.configFile);
  const { config, credentials } = await world.facts();
  assert.deepEqual([config.state, credentials.state], ["edited", "edited"]);
});

test(
  "a config that is a symbolic link to itself is reported before anything changes",
  { timeout: 20_000 },
  async () => {
    rmSync(world.configFile);
    symlinkSync(world.configFile, world.configFile);
    await assert.rejects(world.facts(), (error) => {
      assert.ok(error instanceof ZotAuthError && error.code === "HOST_FILES_WRONG");
      return error.message.endsWith(`${world.configFile} is a symbolic link that leads back to itself.`);
    });
  },
);

test("reports where zot is, and who owns its data", async () => {
  mkdirSync(world.at("data"));
  const { binary, home, owner, version } = await world.facts();
  assert.deepEqual(
    { binary, home, owner, version },
    {
      binary: world.at("zot"),
      home: process.env["HOME"] ?? userInfo().homedir,
      owner: userInfo().username,
      version: { major: 2, minor: 1, patch: 20 },
    },
  );
});

test("a file that would take the place of another one of ours is reported before anything changes", async () => {
  await world.deploy(world.text(["read"]));
  await sh(secretFile(), SECRET);
  await sh(sessionKeysScript(world.at("keys.json"), world.at("data"), 0));
  const [config, credentials, keys] = [world.at("config.json"), world.at("credentials.json"), world.at("keys.json")];
  await world.facts(undefined, false, { sessionKeysFile: keys });
  const refused = async (more: Parameters<typeof world.facts>[2], place: string, owner: string): Promise<void> =>
    assert.rejects(world.facts(more?.serviceFile, false, more), (error) => {
      assert.ok(error instanceof ZotAuthError && error.code === "TWO_UPDATES_NEEDED");
      return error.message.includes(
        `${place}, where the file of ${owner} is. Move that one in an update of its own first.`,
      );
    });
  await refused({ configFile: credentials }, `registry.configFile: got "${credentials}"`, "registry.credentialsFile");
  await refused({ credentialsFile: config }, `registry.credentialsFile: got "${config}"`, "registry.configFile");
  await refused({ sessionKeysFile: config }, `zot.auth.sessionKeysFile: got "${config}"`, "registry.configFile");
  await refused({ credentialsFile: keys }, `registry.credentialsFile: got "${keys}"`, "zot.auth.sessionKeysFile");
  await refused({ serviceFile: keys }, `registry.serviceFile: got "${keys}"`, "zot.auth.sessionKeysFile");
  writeFileSync(world.at("zot.service"), renderUnit({ binary: "zot", configFile: "zot.json" }));
  const unit = world.at("zot.service");
  await world.facts(unit);
  await refused({ sessionKeysFile: unit }, `zot.auth.sessionKeysFile: got "${unit}"`, "registry.serviceFile");
});

test("reading facts changes nothing", async () => {
  await world.deploy(world.text(["read"]));
  const before = world.files();
  await world.facts();
  assert.deepEqual(world.files(), before);
});

test("asks the running zot for its version only if the binary has none", async () => {
  const server = createServer((request, response) => {
    response.statusCode = request.url === "/v2/_zot/ext/mgmt" ? 200 : 404;
    response.end('{"distSpecVersion":"1.1.1","commit":"abc","releaseTag":"v2.1.19"}');
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const question = {
    ...world.deployment(),
    credentialsFile: world.at("credentials.json"),
    dataDirectory: world.at("data"),
    origin,
  };
  try {
    assert.equal(parseFacts((await sh(factsScript(question))).stdout, "local").version.patch, 20);
    writeFileSync(world.at("zot"), '#!/bin/sh\necho \'{"commit":"","go version":"go1.24.4"}\'\n');
    assert.equal(parseFacts((await sh(factsScript(question))).stdout, "local").version.patch, 19);
  } finally {
    server.close();
  }
});

test("a missing zot, and one without a version, are errors that name the setting", async () => {
  const question = {
    ...world.deployment({ binary: world.at("nothing") }),
    credentialsFile: world.at("credentials.json"),
    dataDirectory: world.at("data"),
  };
  const printed = (await sh(factsScript(question))).stdout;
  assert.throws(() => parseFacts(printed, "local"), { code: "ZOT_BINARY_MISSING", message: /registry\.binary/ });
  assert.throws(() => parseFacts("version=hello\nrunning=\n", "ssh:indri"), {
    code: "ZOT_VERSION_UNREADABLE",
    message:
      /ssh:indri .*\(setting registry\.binary\) prints "hello", and no running zot reports it at \/v2\/_zot\/ext\/mgmt/,
  });
});

test("a path with a newline is an error that names the setting", () => {
  assert.throws(() => assertPlainPath("registry.configFile", "/a\nb.json"), {
    code: "PATH_UNSUPPORTED",
    message: /registry\.configFile is "\/a\\nb\.json"/,
  });
  assertPlainPath("registry.configFile", `/it's "a" $HOME 100%.json`);
});

test("only its owner can read a secret file, and only its fingerprint is printed", async () => {
  const { code, stdout, stderr } = await sh(secretFile(), SECRET);
  assert.equal(code, 0, stderr);
  assert.equal(readFileSync(world.at("credentials.json"), "utf8"), SECRET);
  assert.equal(statSync(world.at("credentials.json")).mode & 0o777, 0o600);
  assert.match(stdout, /^[0-9a-f]{16} 0$/);
  await sh(removeSecretFileScript(world.at("credentials.json")));
  assert.deepEqual(world.files(), ["config.json", "zot", "zot.log"]);
});

test("others cannot read a secret file at any moment, even if the earlier file was readable", async () => {
  writeFileSync(world.at("credentials.json"), "{}", { mode: 0o644 });
  await sh(secretFile(), SECRET);
  assert.equal(statSync(world.at("credentials.json")).mode & 0o777, 0o600);
});

test("incomplete credentials are not written", async () => {
  await sh(secretFile(), SECRET);
  const { code, stderr } = await sh(secretFile(), '{\n  "clientsecret": "ve');
  assert.equal(code, 1);
  assert.match(stderr, /arrived incomplete; nothing was changed/);
  assert.equal(readFileSync(world.at("credentials.json"), "utf8"), SECRET);
});

test("credentials behind a symbolic link are written to its target", async () => {
  writeFileSync(world.at("real.json"), "{}");
  symlinkSync("real.json", world.at("credentials.json"));
  await sh(secretFile(), SECRET);
  assert.equal(readFileSync(world.at("real.json"), "utf8"), SECRET);
});

test("files that zot needs and folders that it cannot write are reported before anything changes", async () => {
  writeFileSync(world.at("tls.crt"), "");
  writeFileSync(world.at("data"), "a file");
  const question = {
    ...world.deployment(),
    credentialsFile: world.at("credentials.json"),
    dataDirectory: world.at("data"),
    origin: "http://127.0.0.1:1",
    needed: [
      { setting: "zot.http.tls.cert", path: world.at("tls.crt") },
      { setting: "zot.http.tls.key", path: world.at("tls.key") },
    ],
  };
  const { stdout } = await sh(factsScript(question));
  assert.throws(
    () => parseFacts(stdout, "local"),
    (error) =>
      error instanceof ZotAuthError &&
      error.code === "HOST_FILES_WRONG" &&
      error.message.includes(`${world.at("tls.key")} does not exist (setting zot.http.tls.key)`) &&
      error.message.includes("is not a folder (setting registry.dataDirectory)") &&
      !error.message.includes("zot.http.tls.cert"),
  );
});

test("a data folder that its owner cannot write is reported before anything changes", async () => {
  const data = world.at("data");
  mkdirSync(data);
  chmodSync(data, 0o500);
  const question = {
    ...world.deployment(),
    credentialsFile: world.at("credentials.json"),
    dataDirectory: data,
    origin: "http://127.0.0.1:1",
  };
  let script = factsScript(question);
  if (process.getuid?.() === 0) {
    // root may write everywhere, so somebody else looks.
    const nobody = 65534;
    chownSync(data, nobody, nobody);
    chmodSync(join(world.folder, ".."), 0o755);
    chmodSync(world.folder, 0o755);
    script = `setpriv --reuid=${nobody} --regid=${nobody} --clear-groups /bin/sh -c ${quote(script)}`;
  }
  const { stdout, stderr } = await sh(script);
  assert.throws(() => parseFacts(stdout, "local"), { code: "HOST_FILES_WRONG", message: /is not writable/ }, stderr);
});
