import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, test } from "node:test";
import type { ZotConfig } from "../../../../../systems/zot/config/config.ts";
import { startDigest, startDifferences } from "../../../../../systems/zot/config/config.ts";
import { restartNotice } from "../../../../../systems/zot/host/deploy/restart.ts";
import type { PlannedZot } from "../../../../../systems/zot/host/deploy/restart.ts";
import type { HostFacts } from "../../../../../systems/zot/host/facts.ts";
import { secretFileScript } from "../../../../../systems/zot/host/files/secretFile.ts";
import { sessionKeysScript } from "../../../../../systems/zot/host/files/sessionKeys.ts";
import { factsScript, parseFacts } from "../../../../../systems/zot/host/facts.ts";
import { sh } from "../support/sh.ts";
import { World } from "../support/world.ts";

// What a preview announces is what the deployment then does: each case asks for the notice, runs the real scripts, and counts the restarts.

let world: World;
beforeEach(async () => {
  world = await World.make();
});
afterEach(() => world.close());

const UNIT = { kind: "systemd-user", name: "zot", file: "zot.service" } as const;
const RELOADED = "zot reloads its config without a restart. If it does not notice the change, it is restarted.";

interface Wanted {
  readonly anonymous?: readonly string[];
  /** Keys at the top of the config, which zot reads only when it starts. */
  readonly more?: object;
  readonly secret?: string;
  readonly keys?: boolean;
}

async function factsNow(): Promise<HostFacts> {
  const question = {
    ...world.deployment(),
    credentialsFile: world.at("credentials.json"),
    dataDirectory: world.at("data"),
    sessionKeysFile: world.at("keys.json"),
  };
  return parseFacts((await sh(factsScript(question))).stdout, "local");
}

/** The notice of a preview, and whether the `up` after it restarted zot. */
async function deploy(wanted: Wanted): Promise<{ readonly notice: string; readonly restarted: boolean }> {
  const { anonymous = [], more = {}, secret = "secret", keys = false } = wanted;
  const text = world.text(anonymous, more);
  const config = JSON.parse(text) as ZotConfig;
  const credentials = `{ "clientsecret": "${secret}"\n}\n`;
  const facts = await factsNow();
  const planned: PlannedZot = {
    config,
    credentials,
    sessionKeys: keys,
    service: world.deployment().service,
  };
  const notice = restartNotice(facts, planned);
  const data = world.at("data");
  const files = { credentialsFile: world.at("credentials.json"), dataDirectory: data };
  const prints = [(await sh(secretFileScript(files, facts.credentials.repairs), credentials)).stdout];
  if (keys) prints.push((await sh(sessionKeysScript(world.at("keys.json"), data, facts.sessionKeys.repairs))).stdout);
  world.zot.restarts = 0;
  const { code, stderr } = await world.deploy(text, {
    startDigest: startDigest(config, facts.version),
    credentials: prints.join(" "),
    repairs: facts.config.repairs,
  });
  assert.equal(code, 0, stderr);
  return { notice, restarted: world.zot.restarts > 0 };
}

test("a config made by hand: restarted, since nothing says what zot runs with", async () => {
  world.beginWith(world.text(["read"]));
  const { notice, restarted } = await deploy({});
  assert.equal(notice, "zot restarts (about 2 s): its config is not from an earlier deployment of this program.");
  assert.ok(restarted);
});

test("no config yet", async () => {
  const { notice, restarted } = await deploy({});
  assert.equal(notice, "zot restarts (about 2 s): there is no config yet.");
  assert.ok(restarted);
});

const CASES: readonly (readonly [string, Wanted, string])[] = [
  ["a policy", { anonymous: ["read"] }, RELOADED],
  ["nothing but this program's scripts", {}, RELOADED],
  [
    "keys that zot reads when it starts, and a policy",
    { anonymous: ["read"], more: { log: { level: "debug" }, storage: { rootDirectory: "/x", gc: false } } },
    "zot restarts (about 2 s): it reads log, storage.rootdirectory only when it starts.",
  ],
  [
    "a new client secret",
    { secret: "other" },
    "zot restarts (about 2 s): the OIDC client ID or secret is written again.",
  ],
  ["session keys", { keys: true }, "zot restarts (about 2 s): the session keys change."],
];

for (const [name, wanted, expected] of CASES) {
  test(name, async () => {
    const first = { more: { storage: { gc: true } } };
    world.beginWith(world.text([]));
    await deploy(first);
    const { notice, restarted } = await deploy({ ...first, ...wanted });
    assert.deepEqual([notice, restarted], [expected, expected !== RELOADED]);
    const again = await deploy({ ...first, ...wanted });
    assert.deepEqual([again.notice, again.restarted], [RELOADED, false]);
  });
}

test("an edited config, edited credentials, and a deployment that was interrupted", async () => {
  world.beginWith(world.text([]));
  await deploy({});
  writeFileSync(world.configFile, world.text(["read"]));
  const edited = await deploy({});
  assert.equal(edited.notice, "zot restarts (about 2 s): its config was edited by hand.");
  assert.ok(edited.restarted);

  writeFileSync(world.at("credentials.json"), "{}");
  const credentials = await deploy({});
  assert.match(credentials.notice, /^zot restarts .*: the OIDC client ID or secret is written again\.$/);
  assert.ok(credentials.restarted);

  const record = world.read("config.json.zot-auth") ?? "";
  writeFileSync(world.at("record"), record.replace("state=settled", "state=pending"));
  renameSync(world.at("record"), world.at("config.json.zot-auth"));
  const interrupted = await deploy({});
  assert.equal(interrupted.notice, "zot restarts (about 2 s): a deployment was interrupted.");
  assert.ok(interrupted.restarted);
});

test("a changed service file, another release of zot, and a host that cannot be asked", async () => {
  world.beginWith(world.text([]));
  await deploy({});
  const facts = await factsNow();
  const planned: PlannedZot = {
    config: JSON.parse(world.text([])) as ZotConfig,
    credentials: `{ "clientsecret": "secret"\n}\n`,
    sessionKeys: false,
    service: world.deployment().service,
  };
  assert.equal(restartNotice(facts, planned), RELOADED);
  const unserved = { ...facts, config: { repairs: 1, state: "unserved" as const } };
  assert.equal(restartNotice(unserved, planned), "zot restarts (about 2 s): it does not serve.");
  assert.equal(
    restartNotice(facts, { ...planned, service: { manager: UNIT, logs: [], definition: "a unit" } }),
    "zot restarts (about 2 s): its service file changes.",
  );
  assert.equal(
    restartNotice({ ...facts, version: { ...facts.version, patch: 21 } }, planned),
    "zot restarts (about 2 s): zot or this program was upgraded.",
  );
  assert.ok(facts.deployed);
  const unreadable = { ...facts.deployed, configText: "", start: `other ${facts.deployed.start}` };
  assert.match(
    restartNotice({ ...facts, deployed: unreadable }, planned),
    /^zot restarts \(about 2 s\): it reads what changes only when it starts;/,
  );
  assert.equal(
    restartNotice({ ...facts, deployed: undefined }, planned),
    "zot's host does not answer, so whether zot restarts is unknown.",
  );
});

test("keys are compared as zot reads them: in any case, and without those that it reloads", () => {
  const by = { HTTP: { Port: "5000", accessControl: { a: 1 } }, log: { level: "info" } };
  assert.deepEqual(startDifferences(by, { http: { port: "5000", accessControl: {} }, log: { level: "info" } }), []);
  assert.deepEqual(startDifferences(by, { http: { port: "5001" } }), ["http.port", "log"]);
});
