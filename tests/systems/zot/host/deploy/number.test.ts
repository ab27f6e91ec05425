import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, test } from "node:test";
import { deploymentNumber, startDiffers } from "../../../../../systems/zot/host/deploy/number.ts";
import { deployScript, startOf } from "../../../../../systems/zot/host/deploy/deploy.ts";
import { secretFileScript } from "../../../../../systems/zot/host/files/secretFile.ts";
import { removeSessionKeysScript, sessionKeysScript } from "../../../../../systems/zot/host/files/sessionKeys.ts";
import { scriptOnHost } from "../../../../../systems/zot/host/shell/shell.ts";
import { sh } from "../support/sh.ts";
import { World } from "../support/world.ts";

// A deployment that no state knows of: the run was killed when the host had it. The engine would see no change if the settings were then taken back.

let world: World;
beforeEach(async () => {
  world = await World.make();
  world.beginWith(world.text([]));
});
afterEach(() => world.close());

const hash = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The number that the program gives the config's deployment. */
async function numberFor(text: string, change = {}): Promise<number> {
  const facts = await world.facts();
  const place = `local:${world.configFile}`;
  const start = startOf(world.deployment(change));
  return deploymentNumber(
    facts,
    "config",
    { hash: hash(text), place },
    startDiffers(facts, { start, service: undefined }),
  );
}

async function deployAs(host: "local" | "ssh", text: string, number: number, change = {}): Promise<void> {
  const { code, stderr } = await sh(`as_host=${host}\n${deployScript(world.deployment({ number, ...change }))}`, text);
  assert.equal(code, 0, stderr);
}

test("the config's number changes with what is declared, and stays once it is deployed", async () => {
  const [first, second] = [world.text(["read"]), world.text(["read", "create"])];
  assert.ok((await numberFor(first)) > 1_700_000_000, "there is no record yet: one that no deployment had before");
  await deployAs("local", first, 0);
  assert.equal(await numberFor(first), 0);
  const number = await numberFor(second);
  assert.equal(number, 1);
  await deployAs("local", second, number);
  assert.equal(await numberFor(second), 1);
  assert.equal(await numberFor(first), 2, "taken back: another number than the one that the engine may have recorded");
});

test("a killed run removed the file with its record: the number is not the one that the engine has recorded", async () => {
  const [keys, data] = [world.at("keys.json"), world.at("data")];
  const numberOf = async (): Promise<number> =>
    deploymentNumber(await world.facts(undefined, false, { sessionKeysFile: keys }), "sessionKeys", {
      place: `local:${keys}`,
    });
  await sh(scriptOnHost("local", sessionKeysScript(keys, data, 0, 0)));
  assert.equal(await numberOf(), 0);
  await sh(scriptOnHost("local", removeSessionKeysScript(keys)));
  assert.notEqual(await numberOf(), 0);
});

test("a deployment that only restarted zot, or by another name of the host, counts too", async () => {
  const text = world.text(["read"]);
  await deployAs("local", text, 0);
  const started = { credentials: "another 0" };
  assert.equal(await numberFor(text, started), 1);
  await deployAs("local", text, 1, started);
  assert.equal(await numberFor(text, started), 1);
  assert.equal(await numberFor(text), 2);
  await deployAs("ssh", text, 2);
  assert.equal(await numberFor(text), 3, "its clean-up by the other name would take the file away");
});

test("the record of an earlier version has no place and no number", async () => {
  const text = world.text(["read"]);
  await world.deploy(text);
  const { recorded } = (await world.facts()).deployed ?? {};
  assert.deepEqual(recorded?.config, { hash: hash(text), place: "", number: 0 });
  assert.equal(await numberFor(text), 0);
});

test("the credentials and the session keys have numbers, too", async () => {
  const [file, data] = [world.at("credentials.json"), world.at("data")];
  const keys = world.at("keys.json");
  const secret = '{\n  "clientsecret": "very secret"\n}\n';
  const files = { credentialsFile: file, dataDirectory: data };
  await sh(scriptOnHost("local", secretFileScript(files, 0, 4)), secret);
  await sh(scriptOnHost("local", sessionKeysScript(keys, data, 0, 5)));
  const facts = await world.facts();
  const place = `local:${file}`;
  assert.equal(deploymentNumber(facts, "credentials", { hash: hash(secret), place }), 4);
  assert.equal(deploymentNumber(facts, "credentials", { hash: hash("another"), place }), 5);
  assert.equal(deploymentNumber(facts, "credentials", { hash: hash(secret), place: `ssh:zot:${file}` }), 5);
  assert.match(world.read("keys.json.zot-auth") ?? "", /^number=5$/m);
});

test("another service file is a difference, and one that nobody manages is not", () => {
  const recorded = { config: { hash: "", place: "", number: 0 }, service: { hash: "ours", place: "", number: 0 } };
  const facts = {
    deployed: {
      configText: "",
      credentialsByHand: "",
      start: "digest",
      hashes: { config: "", service: "ours", sessionKeys: "none" },
      recorded,
    },
  };
  const differing = (service: string | undefined): boolean => startDiffers(facts, { start: "digest", service });
  assert.deepEqual([differing("ours"), differing("another"), differing(undefined)], [false, true, false]);
});
