import "../prepare.ts";
import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { Engine } from "../engine/engine.ts";
import type { Ended } from "../engine/engine.ts";
import { OWNER, program } from "../engine/program.ts";
import { Homelab } from "../homelab/homelab.ts";
import { REPOSITORIES, WITH_JOB_TOKENS } from "../homelab/servers.ts";
import type { Change } from "../homelab/servers.ts";
import type { Fault } from "../requests/gate.ts";

// An account moves from a key to the tokens of its jobs, and back: what belongs to the way that it leaves goes, and CI has a way at every moment.

const [FIRST, SECOND] = REPOSITORIES;
const MAIN = { user: "zot-ci", group: "artifact-workloads", push: ["team"], keyStores: ["op://homelab/CI/zot-ci-api"] };
const SITE = { user: "zot-site", push: ["site"], repositories: [FIRST, SECOND] };
const KEY = { ...SITE, keyStores: ["op://homelab/CI/site-key"], secretName: "SITE_KEY" };
const TOKEN = { ...SITE, auth: "jobToken" };
const BOTH = { ...KEY, auth: "both" };
const VARIABLE = "ZOT_CI_JOB_TOKEN_INFO";

let lab: Homelab;
let engine: Engine;

beforeEach(begin);

async function begin(): Promise<void> {
  lab = await Homelab.start(WITH_JOB_TOKENS);
  engine = new Engine();
  lab.dropKeys(() => true);
  lab.dropAccount("zot-ci");
}

afterEach(async () => lab.stop());

function of(site?: object): Change {
  return {
    ci: {
      ...{ keyStore: undefined, imagePrefix: undefined, user: undefined, gracePeriod: "0 seconds" },
      accounts: { ci: MAIN, ...(site === undefined ? {} : { site }) },
    },
    forgejo: { repositories: undefined },
    acceptance: { repository: "proof" },
  };
}

async function up(site?: object, fault?: Fault): Promise<Ended> {
  const settings = lab.settings(of(site));
  await lab.deployZot(settings);
  // zot reads http.auth.bearer when it starts.
  await lab.restartZot(join(lab.folder, "config.json"));
  return engine.up(() => program(settings), fault);
}

async function done(ended: Promise<Ended>): Promise<void> {
  const { how, errors } = await ended;
  assert.equal(how, "done", errors.join());
}

function keysOf(user: string): readonly string[] {
  return lab
    .allKeys()
    .filter((key) => key.user === user)
    .map(({ label }) => label);
}

/** The ways in that a repository's jobs know. */
function waysIn(repository: string): readonly string[] {
  const { secrets, variables } = lab.held(repository);
  return [
    ...(lab.keyOwner(secrets["SITE_KEY"] ?? "") === "zot-site" ? ["key"] : []),
    ...(variables[VARIABLE]?.includes("user=zot-site") === true ? ["token"] : []),
  ];
}

test("an account's way in changes on a live stack, forth and back; what it leaves goes, and what it keeps stays", async () => {
  await done(up(KEY));
  assert.deepEqual(waysIn(FIRST), ["key"]);

  await done(up(BOTH));
  assert.deepEqual(
    [waysIn(FIRST), waysIn(SECOND)],
    [
      ["key", "token"],
      ["key", "token"],
    ],
  );
  assert.deepEqual(keysOf("zot-site"), [`${OWNER}/site/1`], "no new key");
  const { url } = lab.settings(of(BOTH)).registry;
  const told = lab.held(FIRST).variables[VARIABLE] ?? "";
  assert.match(told, new RegExp(`^label=${OWNER}/site/ZOT_CI_JOB_TOKEN fingerprint=[0-9a-f]{16} target=${FIRST} `));
  assert.ok(told.endsWith(` user=zot-site registry=${url} prefix=site audience=${url}/site`), told);

  await done(up(TOKEN));
  assert.deepEqual([waysIn(FIRST), waysIn(SECOND)], [["token"], ["token"]]);
  assert.deepEqual(keysOf("zot-site"), []);
  assert.equal(lab.held(FIRST).secrets["SITE_KEY"], undefined);
  assert.equal(lab.stored()["site-key"], "");
  assert.ok(!lab.authentik().users.includes("zot-site"));
  assert.deepEqual((await up(TOKEN)).steps, []);

  await done(up(BOTH));
  assert.deepEqual(waysIn(FIRST), ["key", "token"]);
  await done(up(KEY));
  assert.deepEqual(waysIn(FIRST), ["key"]);
  assert.equal(lab.held(FIRST).variables[VARIABLE], undefined);

  await done(engine.destroy());
  assert.deepEqual(engine.state, []);
  assert.deepEqual(keysOf("zot-site"), []);
});

test("in one edit from a key to tokens, the key works until jobs have theirs", async () => {
  await done(up(KEY));
  const key = lab.held(FIRST).secrets["SITE_KEY"] ?? "";
  let known = false;
  engine.watch = () => {
    known ||= [FIRST, SECOND].every((repository) => waysIn(repository).includes("token"));
    // A key that is gone is one that nobody needs.
    assert.ok(known || lab.keyOwner(key) === "zot-site");
  };
  await done(up(TOKEN));
  assert.ok(known);
  assert.equal(lab.keyOwner(key), undefined);
});

test("a repository that leaves, and another name: the old variables go after the new ones are there", async () => {
  await done(up(TOKEN));
  await done(up({ ...TOKEN, repositories: [FIRST] }));
  assert.deepEqual([waysIn(FIRST), waysIn(SECOND)], [["token"], []]);
  await done(up({ ...TOKEN, repositories: [FIRST], jobToken: { name: "SITE_JOBS" } }));
  assert.deepEqual(
    Object.keys(lab.held(FIRST).variables).filter((name) => /^(?:SITE|ZOT)_/.test(name)),
    ["SITE_JOBS_INFO"],
  );
});

test("what people do to the variable by hand is seen, and undone", async () => {
  await done(up(TOKEN));
  lab.dropVariable(FIRST, VARIABLE);
  assert.equal((await engine.refresh()).how, "done");
  await done(up(TOKEN));
  assert.deepEqual(waysIn(FIRST), ["token"]);
});

const ENDINGS = ["up again", "back", "destroy"] as const;

test("a move that is killed after every second request ends well: with the same settings, those of before, or a destroy", async () => {
  const endings = new Set<string>();
  for (let at = 2; ; at += 2) {
    await done(up(KEY));
    const { how } = await up(TOKEN, { at, when: "after", then: "cli" });
    const ending = ENDINGS[(at / 2) % ENDINGS.length] ?? "up again";
    const where = `${ending} after request ${at}`;
    endings.add(ending);
    if (ending === "up again") {
      await done(up(TOKEN));
      assert.deepEqual([waysIn(FIRST), keysOf("zot-site")], [["token"], []], where);
    } else if (ending === "back") {
      // As `npm run recover` does: nothing else sees that a killed run has deleted what the state has.
      assert.equal((await engine.refresh()).how, "done");
      await done(up(KEY));
      assert.deepEqual([waysIn(FIRST), keysOf("zot-site").length], [["key"], 1], where);
    } else {
      await done(engine.destroy());
      for (const repository of [FIRST, SECOND]) assert.deepEqual(waysIn(repository), [], where);
      assert.deepEqual(keysOf("zot-site"), [], where);
      // Without Authentik's application, zot does not start again.
      await lab.stop();
      await begin();
    }
    if (how !== "killed") break;
  }
  assert.equal(endings.size, ENDINGS.length);
});
