import assert from "node:assert/strict";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, test } from "node:test";
import type { ZotConfig } from "../../../../../systems/zot/config/config.ts";
import {
  formatCredentials,
  startDigest,
  startDifferences,
  startLines,
} from "../../../../../systems/zot/config/config.ts";
import { adoptingFunctions } from "../../../../../systems/zot/host/deploy/functions/adopting.ts";
import { restartNotice } from "../../../../../systems/zot/host/deploy/restart.ts";
import type { PlannedZot } from "../../../../../systems/zot/host/deploy/restart.ts";
import type { HostFacts } from "../../../../../systems/zot/host/facts/facts.ts";
import { secretFileScript } from "../../../../../systems/zot/host/files/secretFile.ts";
import { sessionKeysScript } from "../../../../../systems/zot/host/files/sessionKeys.ts";
import { factsScript } from "../../../../../systems/zot/host/facts/question.ts";
import { parseFacts } from "../../../../../systems/zot/host/facts/answer.ts";
import { quote } from "../../../../../systems/zot/host/shell/shell.ts";
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

const ADOPTED =
  "zot reloads its config without a restart if its answers show that it runs with what the file says, and watches the file. Otherwise, it is restarted.";
const EXTERNAL_URL = "https://registry.example.org";

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
  const credentials = formatCredentials("zot", secret);
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
    adopted: {
      credentialsFile: world.at("credentials.json"),
      ...(keys ? { sessionKeysFile: world.at("keys.json") } : {}),
      clientId: "zot",
      externalUrl: EXTERNAL_URL,
    },
  });
  assert.equal(code, 0, stderr);
  return { notice, restarted: world.zot.restarts > 0 };
}

/** A zot with sign-in, made by hand. @param text in another order and with other keys' case than ours */
function byHand(text: string, secret = "secret", clientId = "zot"): void {
  const { http, ...rest } = JSON.parse(text) as { readonly http: Record<string, unknown> };
  const { port, ...others } = http;
  const spelled = { HTTP: { ...others, Port: Number(port) }, distSpecVersion: "1.0.1", ...rest };
  writeFileSync(world.at("credentials.json"), JSON.stringify({ ClientSecret: secret, clientID: clientId }));
  world.beginWith(JSON.stringify(spelled).replace('"HTTP"', '"http"'));
  world.zot.signIn = { clientId: "zot", externalUrl: EXTERNAL_URL };
}

test("a config made by hand that says the same: zot goes on, if its answers show that it watches the file", async () => {
  byHand(world.text(["read"]));
  const { notice, restarted } = await deploy({});
  assert.deepEqual([notice, restarted], [ADOPTED, false]);
  assert.deepEqual((await deploy({ secret: "other" })).restarted, true, "its record says what it runs with");
});

test("a config made by hand with another policy: zot reloads ours", async () => {
  byHand(world.text([]));
  assert.deepEqual(await deploy({ anonymous: ["read"] }), { notice: ADOPTED, restarted: false });
});

test("a config made by hand that zot no longer watches: restarted", async () => {
  byHand(world.text([]));
  writeFileSync(world.at("saved"), world.config());
  renameSync(world.at("saved"), world.configFile);
  assert.deepEqual(await deploy({}), { notice: ADOPTED, restarted: true });
});

test("a zot that was started with another client ID or address than the file says: restarted", async () => {
  for (const other of [
    { clientId: "zot2", externalUrl: EXTERNAL_URL },
    { clientId: "zot", externalUrl: `${EXTERNAL_URL}/old` },
    undefined,
  ]) {
    byHand(world.text([]));
    world.zot.signIn = other;
    assert.deepEqual(await deploy({}), { notice: ADOPTED, restarted: true });
    for (const file of ["config.json.zot-auth", "credentials.json.zot-auth", "credentials.json.before-zot-auth"])
      rmSync(world.at(file), { force: true });
  }
});

const BY_HAND: readonly (readonly [string, () => void, Wanted, string])[] = [
  ["another secret", () => byHand(world.text([]), "other"), {}, "the OIDC client ID or secret changes"],
  ["another client ID", () => byHand(world.text([]), "secret", "zot2"), {}, "the OIDC client ID or secret changes"],
  ["another key", () => byHand(world.text([], { log: {} })), {}, "it reads log only when it starts"],
  ["session keys that are new", () => byHand(world.text([])), { keys: true }, "the session keys change"],
];

for (const [name, begin, wanted, reason] of BY_HAND) {
  test(`a config made by hand with ${name}: restarted`, async () => {
    begin();
    const { notice, restarted } = await deploy(wanted);
    assert.deepEqual([notice, restarted], [`zot restarts (about 2 s): ${reason}.`, true]);
  });
}

test("the host and this program find the same lines in a config", async () => {
  const config = {
    storage: {
      rootDirectory: '/srv/"z',
      gc: true,
      subPaths: { "/a/b": { GC: true, dedupe: false, rootDirectory: "/x" } },
    },
    HTTP: { port: 5000, list: ["a", { B: [] }], empty: {}, none: null, accessControl: { repositories: { "**": {} } } },
  };
  for (const text of [JSON.stringify(config), JSON.stringify(config, null, "\t")]) {
    writeFileSync(world.configFile, text);
    const script = adoptingFunctions({ credentialsFile: "/c", clientId: "zot", externalUrl: EXTERNAL_URL });
    const { stdout } = await sh(`${script}\nstart_lines ${quote(world.configFile)}`);
    // The host leaves JSON's escapes as they are.
    const lines = stdout.trimEnd().replaceAll('\\"', '"').split("\n");
    assert.deepEqual(lines.toSorted(), startLines(config));
  }
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
    credentials: formatCredentials("zot", "secret"),
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
