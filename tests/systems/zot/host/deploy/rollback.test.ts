import assert from "node:assert/strict";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, test } from "node:test";
import { World } from "../support/world.ts";

// After any failure the previous config is in force, nothing of the attempt remains, and the error says why.

let world: World;
let served: string;
beforeEach(async () => {
  world = await World.make();
  served = world.text(["read"]);
  world.beginWith(world.text([]));
  assert.equal((await world.deploy(served)).code, 0);
});
afterEach(() => world.close());

function asBefore(): void {
  assert.equal(world.config(), served);
  assert.deepEqual(world.zot.inForce, JSON.parse(served));
  assert.match(world.read("config.json.zot-auth") ?? "", /start=digest-1 print 0\nrepairs=0\nstate=settled/);
  assert.ok(
    world.files().every((name) => !/zot-auth-(work|new)/.test(name)),
    world.files().join(" "),
  );
}

test("a config that zot rejects changes nothing, and the error quotes zot", async () => {
  const { code, stderr } = await world.deploy(world.text([], { broken: true }));
  assert.equal(code, 1);
  assert.match(stderr, /nothing was changed\. zot says:\n.*it is broken/);
  assert.doesNotMatch(stderr, /the whole config/);
  asBefore();
  assert.equal(world.zot.restarts, 1);
});

test("if zot does not start, the error quotes zot, and the previous config serves", async () => {
  const { code, stderr } = await world.deploy(world.text([], { start: "refused" }), { startDigest: "digest-2" });
  assert.equal(code, 1);
  assert.match(stderr, /timed out after 2 s \(setting registry\.readyTimeout\): .*\/readyz does not respond/);
  assert.match(stderr, /zot says:\n\{"level":"error","message":"it cannot start"\}\n/);
  assert.match(stderr, /The previous config was restored and serves/);
  assert.doesNotMatch(stderr, /very-secret|HTTP API/);
  asBefore();
  assert.equal(world.zot.restarts, 3, "once with the new config, once with the previous one");
});

for (const [start, lost] of [
  ["only tokens", "sign-ins, API keys"],
  ["no sign-in", "sign-ins"],
  ["no keys", "API keys"],
  ["no tokens", "job tokens"],
] as const) {
  test(`if zot no longer accepts ${lost} once it has a config with job tokens, the previous config serves`, async () => {
    world.zot.signIn = { clientId: "zot", externalUrl: "https://registry.example" };
    const { code, stderr } = await world.deploy(world.text([], { start }), { startDigest: "digest-2", bearer: true });
    assert.equal(code, 1);
    assert.ok(
      stderr.includes(`this zot does not accept: ${lost}. Upgrade zot on the host, or use auth: apiKey`),
      stderr,
    );
    assert.doesNotMatch(stderr, /setting registry\.configFile|timed out/);
    assert.match(stderr, /The previous config was restored and serves/);
    asBefore();
  });
}

test("a config with job tokens serves where everything else is accepted, too", async () => {
  world.zot.signIn = { clientId: "zot", externalUrl: "https://registry.example" };
  const { code, stderr } = await world.deploy(world.text([]), { startDigest: "digest-2", bearer: true });
  assert.equal(code, 0, stderr);
});

test("the error quotes only what zot logged since the restart", async () => {
  writeFileSync(world.at("zot.log"), '{"level":"error","message":"long ago"}\n');
  const { stderr } = await world.deploy(world.text([], { start: "refused" }), { startDigest: "digest-2" });
  assert.match(stderr, /it cannot start/);
  assert.doesNotMatch(stderr, /long ago/);
});

test("a failed restart command is an error that names the setting", async () => {
  const service = { manager: { kind: "command", command: "echo no such service; exit 7" }, logs: [] } as const;
  const { code, stderr } = await world.deploy(world.text([]), { startDigest: "digest-2", service });
  assert.equal(code, 1);
  assert.match(stderr, /setting registry\.restartCommand\): exit code 7\. no such service/);
  assert.equal(world.config(), served);
  assert.match(world.read("config.json.zot-auth") ?? "", /state=pending/, "nobody knows what runs");
  assert.equal((await world.facts()).config.state, "interrupted");
});

test("a restart command that does not restart zot is noticed", async () => {
  world.zot.restarting = "not at all";
  const { code, stderr } = await world.deploy(world.text([]), { startDigest: "digest-2" });
  assert.equal(code, 1);
  assert.match(
    stderr,
    /zot serves at .*, but not with the new config after 2 s .*change that command to: zot serve .*config\.json/,
  );
  asBefore();
});

test("zot is not restarted while its issuer is unavailable, since it would not start", async () => {
  world.zot.issuer = undefined;
  const { code, stderr } = await world.deploy(world.text([]), { startDigest: "digest-2" });
  assert.equal(code, 1);
  assert.match(
    stderr,
    /cannot load the OIDC issuer's document at .*\/issuer\/\.well-known\/openid-configuration, .*503/,
  );
  assert.match(stderr, /Check authentik\.url.*\nNothing was changed\./);
  asBefore();
  assert.equal(world.zot.restarts, 1);
});

test("nor while the issuer differs, even by a slash", async () => {
  world.zot.issuer = `${world.zot.url}/issuer`;
  const { code, stderr } = await world.deploy(world.text([]), { startDigest: "digest-2" });
  assert.equal(code, 1);
  assert.match(
    stderr,
    /The issuer in the document at .* is "http:\S+\/issuer", and in zot's config "http:\S+\/issuer\/"/,
  );
  asBefore();
});

test("a zot with a broken watch keeps running while its issuer is unavailable", async () => {
  writeFileSync(world.at("saved"), served);
  renameSync(world.at("saved"), world.configFile);
  world.zot.issuer = undefined;
  const { code, stderr } = await world.deploy(world.text([]));
  assert.equal(code, 1);
  assert.match(stderr, /cannot load the OIDC issuer's document/);
  assert.match(stderr, /The previous config was restored and serves/);
  asBefore();
  assert.equal(world.zot.restarts, 1);
});

test("a config without access control cannot be proved, and is not written", async () => {
  const { code, stderr } = await world.deploy('{\n  "http": {}\n}\n');
  assert.equal(code, 1);
  assert.match(stderr, /no http\.accessControl\.repositories/);
  asBefore();
});

test("an incomplete config is not written", async () => {
  const { code, stderr } = await world.deploy(world.text([]).slice(0, 60));
  assert.equal(code, 1);
  assert.match(stderr, /arrived incomplete; nothing was changed/);
  asBefore();
});

test("a missing zot and a missing folder are errors that name the settings", async () => {
  const missing = await world.deploy(world.text([]), { binary: world.at("nothing") });
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /zot does not exist at .*nothing \(setting registry\.binary\)/);
  asBefore();
  const nowhere = await world.deploy(world.text([]), { configFile: world.at("no/config.json") });
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.stderr, /folder .*\/no does not exist on zot's host \(setting registry\.configFile\)/);
});

test("a hand edit is restored if the declared config does not come into force", async () => {
  const edited = world.text(["read", "create"], { edited: true });
  writeFileSync(world.at("saved"), edited);
  renameSync(world.at("saved"), world.configFile);
  world.zot.restart();
  const { code } = await world.deploy(world.text([], { start: "refused" }));
  assert.equal(code, 1);
  assert.equal(world.config(), edited);
  assert.deepEqual(world.zot.inForce, JSON.parse(edited));
  assert.equal((await world.facts()).config.state, "edited");
});

test("a failed first deployment leaves everything as it was", async () => {
  const fresh = await World.make();
  try {
    const before = fresh.text(["read"]);
    fresh.beginWith(before);
    const failed = await fresh.deploy(fresh.text([], { start: "refused" }));
    assert.equal(failed.code, 1);
    assert.deepEqual([fresh.config(), fresh.files()], [before, ["config.json", "zot", "zot.log"]]);
  } finally {
    fresh.close();
  }
});

test("if there was no config and zot does not start, the new one is removed", async () => {
  const fresh = await World.make();
  try {
    mkdirSync(fresh.at("data"));
    const { code, stderr } = await fresh.deploy(fresh.text([], { start: "refused" }));
    assert.equal(code, 1);
    assert.match(stderr, /it cannot start/);
    assert.match(stderr, /The new config was removed, since there was none before/);
    assert.deepEqual(fresh.files(), ["data", "zot", "zot.log"]);
  } finally {
    fresh.close();
  }
});
