import "../prepare.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { keysIn, unmanagedKeysIn } from "../../../report/sources/keys.ts";
import { accessProofsIn } from "../../../report/sources/proofs.ts";
import { parseMarker } from "../../../systems/forgejo/secrets/secretMarker.ts";
import { markerName } from "../../../systems/forgejo/target.ts";
import { Engine } from "../engine/engine.ts";
import type { Ended } from "../engine/engine.ts";
import { OWNER, program } from "../engine/program.ts";
import { Homelab } from "../homelab/homelab.ts";
import { REPOSITORIES } from "../homelab/servers.ts";
import type { Change } from "../homelab/servers.ts";
import type { Fault } from "../requests/gate.ts";

// Several accounts, each with its own key for its own images: they appear and leave by the settings alone, with everything that belongs to them.

const [FIRST, SECOND] = REPOSITORIES;
const FIELD = "op://homelab/CI/zot-ci-api";
const NO_SINGLE = { keyStore: undefined, imagePrefix: undefined, user: undefined } as const;

/** The account of the form with one, which goes on. */
const BEFORE = {
  user: "zot-ci",
  group: "artifact-workloads",
  push: ["team"],
  keyStores: [FIELD],
  repositories: [FIRST],
};
const SITE = {
  user: "zot-site",
  push: ["site", "www"],
  keyStores: ["op://homelab/CI/site-key", "op://homelab/CI/site-copy"],
  secretName: "SITE_KEY",
  repositories: [FIRST, SECOND],
};
/** Its key is in 1Password only. */
const QUIET = { user: "zot-quiet", push: ["quiet"], keyStores: ["op://homelab/CI/quiet-key"] };

let lab: Homelab;
let engine: Engine;

beforeEach(async () => {
  lab = await Homelab.start();
  engine = new Engine();
  lab.dropKeys(() => true);
  lab.dropAccount("zot-ci");
});
afterEach(async () => lab.stop());

function of(accounts: Readonly<Record<string, unknown>>, ci: Readonly<Record<string, unknown>> = {}): Change {
  return {
    ci: { ...NO_SINGLE, gracePeriod: "0 seconds", ...ci, accounts },
    forgejo: { repositories: undefined },
    acceptance: { repository: "proof" },
  };
}

async function up(change: Change, fault?: Fault): Promise<Ended> {
  const settings = lab.settings(change);
  await lab.deployZot(settings);
  return engine.up(() => program(settings), fault);
}

async function done(ended: Promise<Ended>): Promise<Ended> {
  const result = await ended;
  assert.equal(result.how, "done", result.errors.join());
  return result;
}

/** The labels of the keys that zot has, by account. */
function keys(): Readonly<Record<string, readonly string[]>> {
  const ours = lab.allKeys().filter(({ label }) => label.startsWith(`${OWNER}/`));
  return Object.fromEntries(
    [...new Set(ours.map(({ user }) => user))]
      .sort()
      .map((user) => [user, ours.filter((key) => key.user === user).map(({ label }) => label)]),
  );
}

/** Which key the variable beside a secret names, and whose key the secret is. */
function given(repository: string, secret: string): readonly [label: string | undefined, owner: string | undefined] {
  const { secrets, variables } = lab.held(repository);
  return [parseMarker(variables[markerName(secret)] ?? "")?.label, lab.keyOwner(secrets[secret] ?? "")];
}

function usersAndGroups(): readonly string[] {
  const { users, groups } = lab.authentik();
  return [...users.filter((name) => name.startsWith("zot-")), ...groups].sort();
}

test("one account goes on as the first of several, and the others come and go by the settings alone", async () => {
  const one: Change = {
    ci: { keyStore: FIELD, imagePrefix: "team", gracePeriod: "0 seconds" },
    forgejo: { repositories: [FIRST] },
    acceptance: { repository: "proof" },
  };
  await done(up(one));
  assert.deepEqual(keys(), { "zot-ci": [`${OWNER}/1`] });

  await done(up(of({ ci: BEFORE, site: SITE, quiet: QUIET })));
  assert.deepEqual(keys(), {
    "zot-ci": [`${OWNER}/1`],
    "zot-quiet": [`${OWNER}/quiet/1`],
    "zot-site": [`${OWNER}/site/1`],
  });
  assert.deepEqual(given(FIRST, "ZOT_CI_API_KEY"), [`${OWNER}/1`, "zot-ci"]);
  // What a workflow of the other repository can read.
  assert.deepEqual(given(SECOND, "ZOT_CI_API_KEY"), [undefined, undefined]);
  for (const repository of [FIRST, SECOND])
    assert.deepEqual(given(repository, "SITE_KEY"), [`${OWNER}/site/1`, "zot-site"]);
  const stored = lab.stored();
  assert.equal(lab.keyOwner(stored["site-key"] ?? ""), "zot-site");
  assert.equal(stored["site-copy"], stored["site-key"]);
  assert.equal(lab.keyOwner(stored["quiet-key"] ?? ""), "zot-quiet");
  const users = ["zot-ci", "zot-quiet", "zot-site"];
  const state = { deployment: { resources: engine.state } };
  assert.deepEqual(
    keysIn(undefined, state).map(({ ciUser }) => ciUser),
    users,
  );
  assert.deepEqual(
    unmanagedKeysIn(state),
    users.map((account) => ({ account, labels: [] })),
  );
  const subjects = new Set(accessProofsIn(state).flatMap(({ rows }) => rows.map(({ subject }) => subject)));
  assert.deepEqual([...subjects].filter((subject) => !subject.startsWith("anonymous")).sort(), [
    ...users.map((user) => `wrong key of ${user}`),
    ...users,
  ]);
  assert.deepEqual((await done(up(of({ ci: BEFORE, site: SITE, quiet: QUIET })))).steps, []);

  // One account's key rotates alone.
  await done(up(of({ ci: BEFORE, site: { ...SITE, rotationTrigger: "now" }, quiet: QUIET })));
  assert.deepEqual(keys()["zot-site"], [`${OWNER}/site/2`]);
  assert.deepEqual(keys()["zot-ci"], [`${OWNER}/1`]);
  assert.equal(lab.stored()["site-copy"], lab.stored()["site-key"]);
  assert.deepEqual(given(SECOND, "SITE_KEY"), [`${OWNER}/site/2`, "zot-site"]);

  // One account's keys are revoked alone, with all of its keys.
  const others = [lab.stored()["zot-ci-api"], lab.stored()["quiet-key"]];
  const leaked = lab.stored()["site-key"] ?? "";
  await done(up(of({ ci: BEFORE, site: { ...SITE, rotationTrigger: "now", revocationTrigger: "now" }, quiet: QUIET })));
  assert.equal(lab.keyOwner(leaked), undefined);
  assert.equal(lab.keyOwner(lab.stored()["site-key"] ?? ""), "zot-site");
  assert.deepEqual([lab.stored()["zot-ci-api"], lab.stored()["quiet-key"]], others);
  assert.deepEqual([keys()["zot-ci"], keys()["zot-quiet"]], [[`${OWNER}/1`], [`${OWNER}/quiet/1`]]);

  await done(up(of({ ci: BEFORE, quiet: QUIET })));
  assert.deepEqual(keys(), { "zot-ci": [`${OWNER}/1`], "zot-quiet": [`${OWNER}/quiet/1`] });
  assert.deepEqual(usersAndGroups(), ["admins", "artifact-workloads", "zot-ci", "zot-quiet", "zot-quiet"]);
  assert.deepEqual(given(SECOND, "SITE_KEY"), [undefined, undefined]);
  assert.equal(lab.stored()["site-key"] ?? "", "");
  assert.equal(lab.stored()["site-copy"] ?? "", "");

  await done(engine.destroy());
  assert.deepEqual(keys(), {});
  assert.deepEqual(usersAndGroups(), []);
  assert.deepEqual(engine.state, []);
});

test("accounts exchange their user names, and an account gets another id: no account that is still declared goes", async () => {
  await done(up(of({ ci: BEFORE, site: SITE })));
  const exchanged = { ci: { ...BEFORE, user: SITE.user, group: "robots" }, site: { ...SITE, user: BEFORE.user } };
  await done(up(of(exchanged)));
  await done(up(of(exchanged)));
  const accounts = usersAndGroups().filter((name) => name.startsWith("zot-"));
  assert.ok(accounts.includes("zot-ci") && accounts.includes("zot-site"), accounts.join());
  assert.equal(given(FIRST, "ZOT_CI_API_KEY")[1], "zot-site");
  assert.equal(given(FIRST, "SITE_KEY")[1], "zot-ci");

  await done(up(of({ ci: exchanged.ci, web: exchanged.site })));
  assert.equal(given(SECOND, "SITE_KEY")[1], "zot-ci");
  assert.equal(lab.keyOwner(lab.stored()["site-key"] ?? ""), "zot-ci");
  // It sees the former id's key go, and is done with it.
  await done(up(of({ ci: exchanged.ci, web: exchanged.site })));
  assert.deepEqual((await done(up(of({ ci: exchanged.ci, web: exchanged.site })))).steps, []);
  await done(engine.destroy());
  assert.deepEqual(keys(), {});
  assert.deepEqual(usersAndGroups(), []);
});

test("accounts that exchange their user names take no key of each other's for an unmanaged one, and revoke none", async () => {
  const common = { unmanagedKeys: "revoke" };
  const exchanged = { ci: { ...BEFORE, user: SITE.user, group: "robots" }, site: { ...SITE, user: BEFORE.user } };
  await done(up(of({ ci: BEFORE, site: SITE }, common)));
  const current = { "zot-ci": [`${OWNER}/site/2`], "zot-site": [`${OWNER}/2`] };
  for (let run = 1; run <= 3; run += 1) {
    await done(up(of(exchanged, common)));
    for (const [user, labels] of Object.entries(current))
      assert.ok(keys()[user]?.includes(labels[0] ?? ""), `run ${run}: ${user}`);
  }
  assert.deepEqual(keys(), current);

  const revoked = { ...exchanged.ci, revocationTrigger: "now" };
  await done(up(of({ ci: revoked, site: exchanged.site }, common)));
  assert.deepEqual(keys(), { "zot-ci": [`${OWNER}/site/2`], "zot-site": [`${OWNER}/3`] });
  assert.ok(engine.said.some((text) => text.includes("zot-ci is now another account's user name")));

  await done(up(of({ ci: revoked, web: exchanged.site }, common)));
  await done(up(of({ ci: revoked, web: exchanged.site }, common)));
  assert.deepEqual(keys(), { "zot-ci": [`${OWNER}/web/1`], "zot-site": [`${OWNER}/3`] });
  await done(engine.destroy());
  assert.deepEqual(keys(), {});
  assert.deepEqual(
    engine.said.filter((text) => text.includes("unmanaged key")),
    [],
  );
});

test("a stack without the id `ci` gives the other secrets, too; a secret goes from one account to another", async () => {
  const other = { name: "OTHER", source: "env:HOME", repositories: [FIRST] };
  await done(up(of({ ci: BEFORE, site: SITE })));
  const taking = { ...SITE, secretName: undefined };
  const after = { ...of({ site: taking }), forgejo: { repositories: undefined, secrets: [] } };
  await done(up(after));
  assert.deepEqual(given(FIRST, "ZOT_CI_API_KEY"), [`${OWNER}/site/1`, "zot-site"]);
  await done(up({ ...after, forgejo: { repositories: undefined, secrets: [other] } }));
  assert.equal(lab.held(FIRST).secrets["OTHER"], process.env["HOME"]);
  await done(engine.destroy());
  assert.equal(lab.held(FIRST).secrets["OTHER"], undefined);
});

test("an account that is added by a run that is killed, and then given up, leaves nothing", async () => {
  await done(up(of({ ci: BEFORE })));
  const { changes } = (await done(up(of({ ci: BEFORE, site: SITE })))).run;
  await done(up(of({ ci: BEFORE })));
  for (let at = 1; at <= changes.length; at += 11) {
    const killed = await up(of({ ci: BEFORE, site: SITE }), { at, when: "after", then: "cli" });
    if (killed.how === "done") break;
    await lab.settled();
    await done(engine.refresh());
    await done(up(of({ ci: BEFORE })));
    assert.deepEqual(Object.keys(keys()), ["zot-ci"], `killed at request ${at}`);
    assert.deepEqual(usersAndGroups(), ["admins", "artifact-workloads", "zot-ci"], `killed at request ${at}`);
    assert.equal(lab.stored()["site-key"] ?? "", "");
    assert.deepEqual(given(SECOND, "SITE_KEY"), [undefined, undefined]);
  }
});
