import assert from "node:assert/strict";
import test from "node:test";
import { fingerprint } from "../../../../core/secrets/fingerprint.ts";
import { actionsSecret } from "../../../../systems/forgejo/resources/actionsSecret.ts";
import type { ActionsSecretInputs } from "../../../../systems/forgejo/resources/actionsSecret.ts";
import { copiedSecret } from "../../../../systems/forgejo/resources/copiedSecret.ts";
import { formerSecrets } from "../../../../systems/forgejo/resources/formerSecrets.ts";
import { jobTokenVariable } from "../../../../systems/forgejo/resources/jobTokenVariable.ts";
import { secretCleanup } from "../../../../systems/forgejo/resources/secretCleanup.ts";
import type {
  FormerSecret,
  SecretCleanupInputs,
  SecretCleanupState,
} from "../../../../systems/forgejo/resources/secretCleanup.ts";
import { Bench } from "../support/between.ts";

// What leaves the settings is deleted after what is declared now has been written.

const KEY = "zak_0001-the-key";
Object.assign(process.env, { T_KEY: KEY, T_VALUE: "the-value" });
const OWNER = "zot-auth/test";

function declared(bench: Bench, ...names: readonly string[]): SecretCleanupInputs {
  const secrets = names.map((secretName) => ({ target: "own/app", secretName, owner: OWNER }));
  return { ...bench.connection(), secrets };
}

function keyInputs(bench: Bench, secretName = "OLD"): ActionsSecretInputs {
  return {
    ...bench.connection(),
    target: "own/app",
    secretName,
    source: "env:T_KEY",
    fingerprint: fingerprint(KEY),
    label: `${OWNER}/1`,
    expires: "2026-04-01T00:00:00Z",
  };
}

async function changed(bench: Bench, state: SecretCleanupState, inputs: SecretCleanupInputs) {
  const updated = await secretCleanup.update?.(state, inputs, bench.context());
  assert.ok(updated?.former);
  return { ...updated, former: updated.former };
}

const none = (bench: Bench): readonly FormerSecret[] => declared(bench).secrets as readonly FormerSecret[];

test("a renamed secret is deleted under its old name only once the new one is written", async (t) => {
  const bench = await Bench.start(t);
  const before = bench.held("own/app");
  const cleanup = (await secretCleanup.create(declared(bench, "OLD"), bench.context())).state;
  await actionsSecret.create(keyInputs(bench), bench.context());
  const { state } = await formerSecrets.create({ ...bench.connection(), former: none(bench) }, bench.context());

  const { former } = await changed(bench, cleanup, declared(bench, "NEW"));
  assert.equal(bench.held("own/app").secrets["OLD"], KEY, "the new one is not written yet");
  await actionsSecret.create(keyInputs(bench, "NEW"), bench.context());
  const deleted = await formerSecrets.update?.(state, { ...bench.connection(), former }, bench.context());
  assert.deepEqual(bench.held("own/app").secrets, { ...before.secrets, NEW: KEY });
  assert.deepEqual(Object.keys(bench.held("own/app").variables), ["NEW_INFO"]);

  // Somebody creates one of that name later.
  await actionsSecret.create(keyInputs(bench), bench.context());
  await formerSecrets.update?.(deleted ?? state, { ...bench.connection(), former }, bench.context());
  assert.equal(bench.held("own/app").secrets["OLD"], KEY, "each is deleted once");
});

test("what an interrupted run wrote is found by its marker, and a name that is declared again stays", async (t) => {
  const bench = await Bench.start(t);
  const before = bench.held("own/app");
  const cleanup = (await secretCleanup.create(declared(bench, "OLD"), bench.context())).state;
  // Written by a run of which no state knows.
  await actionsSecret.create(keyInputs(bench), bench.context());
  const renamed = await changed(bench, cleanup, declared(bench, "NEW"));
  const back = await changed(bench, renamed, declared(bench, "OLD"));
  assert.deepEqual(
    back.former.map(({ secretName }) => secretName),
    ["NEW"],
  );
  await formerSecrets.create({ ...bench.connection(), former: back.former }, bench.context());
  assert.equal(bench.held("own/app").secrets["OLD"], KEY);
  await formerSecrets.create({ ...bench.connection(), former: renamed.former }, bench.context());
  assert.deepEqual(bench.held("own/app"), before);
});

test("of a variable that left the settings, only the variable goes: a secret of its name is somebody else's", async (t) => {
  const bench = await Bench.start(t);
  const login = { user: "zot-app", registry: "https://r.example", prefix: "app" };
  const variable = { ...bench.connection(), target: "own/app", name: "JOBS", label: OWNER, login };
  const secrets = [{ target: "own/app", secretName: "JOBS", owner: OWNER, isVariable: true }] as const;
  const cleanup = (await secretCleanup.create({ ...bench.connection(), secrets }, bench.context())).state;
  await jobTokenVariable.create(variable, bench.context());
  await bench.ask("PUT", "/repos/own/app/actions/secrets/JOBS", { data: "somebody's" });
  const { former } = await changed(bench, cleanup, declared(bench));
  await formerSecrets.create({ ...bench.connection(), former }, bench.context());
  assert.equal(bench.held("own/app").secrets["JOBS"], "somebody's");
  assert.equal(bench.held("own/app").variables["JOBS_INFO"], undefined);
});

test("destroy deletes a former secret that no run has deleted yet", async (t) => {
  const bench = await Bench.start(t);
  const before = bench.held("own/app");
  const cleanup = (await secretCleanup.create(declared(bench, "OLD"), bench.context())).state;
  await actionsSecret.create(keyInputs(bench), bench.context());
  const renamed = await changed(bench, cleanup, declared(bench, "NEW"));
  await secretCleanup.delete?.(renamed, bench.context());
  assert.deepEqual(bench.held("own/app"), before);
});

test("a preview shows what a change omits, and no deletion where it omits nothing", async (t) => {
  const bench = await Bench.start(t);
  const { state } = await secretCleanup.create(declared(bench, "OLD"), bench.context());
  const foreseen = (inputs: SecretCleanupInputs) =>
    secretCleanup.foresees?.({ inputs, state }).former?.map(({ secretName }) => secretName);
  assert.deepEqual(foreseen(declared(bench, "OLD", "NEW")), []);
  assert.deepEqual(foreseen(declared(bench, "NEW")), ["OLD"]);
  // As an earlier version left it.
  const { former: _former, generation: _generation, ...old } = state;
  const { former } = await changed(bench, old, declared(bench, "NEW"));
  assert.deepEqual(
    former.map(({ secretName }) => secretName),
    ["OLD"],
  );
});

test("forgejo.url names another Forgejo: the secrets are written there first, then deleted at the old one", async (t) => {
  const [old, other] = [await Bench.start(t), await Bench.start(t)];
  const before = old.held("own/app");
  const cleanup = (await secretCleanup.create(declared(old, "OLD"), old.context())).state;
  const { state } = await actionsSecret.create(keyInputs(old), old.context());
  const change = { inputs: keyInputs(other), oldInputs: keyInputs(old), state, now: new Date() };
  assert.deepEqual(actionsSecret.diff?.(change), { replace: [] });
  const { former } = await changed(old, cleanup, declared(other, "OLD"));
  // Ids are a Forgejo's own.
  const moved = await actionsSecret.update?.({ ...state, targetId: 999 }, keyInputs(other), other.context());
  assert.equal(old.held("own/app").secrets["OLD"], KEY);
  await formerSecrets.create({ ...other.connection(), former }, other.context());
  assert.deepEqual(old.held("own/app"), before);
  assert.equal(other.held("own/app").secrets["OLD"], KEY);
  assert.ok(moved);
  assert.equal((await actionsSecret.read?.(moved, other.context()))?.drift, "");
});

test("forgejo.url gives the same Forgejo another address: its secrets stay", async (t) => {
  const bench = await Bench.start(t);
  const alias = { forgejoUrl: bench.server.url, forgejoToken: "env:T_OWNER" } as const;
  const cleanup = (await secretCleanup.create(declared(bench, "OLD", "COPIED"), bench.context())).state;
  const key = (await actionsSecret.create(keyInputs(bench), bench.context())).state;
  const copied = { target: "own/app", secretName: "COPIED", source: "env:T_VALUE", label: OWNER } as const;
  const copy = (await copiedSecret.create({ ...bench.connection(), ...copied }, bench.context())).state;
  const { former } = await changed(bench, cleanup, { ...cleanup, ...alias });
  await actionsSecret.update?.(key, { ...keyInputs(bench), ...alias }, bench.context());
  await copiedSecret.update?.(copy, { ...copied, ...alias }, bench.context());
  await formerSecrets.create({ ...alias, former }, bench.context());
  const { secrets } = bench.held("own/app");
  assert.deepEqual([secrets["OLD"], secrets["COPIED"]], [KEY, "the-value"]);
  // A row of the old address that leaves in the same edit.
  await actionsSecret.delete?.(key, bench.context());
  assert.equal(bench.held("own/app").secrets["OLD"], KEY);
});

test("an old Forgejo that is gone or rejects the token is a warning that names what stays; the current one is an error", async (t) => {
  const bench = await Bench.start(t);
  const state = (await actionsSecret.create(keyInputs(bench), bench.context())).state;
  const [secret] = declared(bench, "OLD").secrets;
  assert.ok(secret !== undefined && "target" in secret);
  const gone = { forgejoUrl: "http://127.0.0.1:1", forgejoToken: "env:T_OWNER" } as const;
  const former = [
    { ...secret, ...gone, generation: 2 },
    { ...secret, ...bench.connection("T_WRONG"), generation: 2 },
  ];
  await formerSecrets.create(
    { forgejoUrl: "https://new.example.test", forgejoToken: "env:T_OWNER", former },
    bench.context(),
  );
  const said = bench.said.join("\n");
  assert.match(said, /The secret OLD of own\/app at http:\/\/127\.0\.0\.1:1 was not deleted: .* does not answer/);
  assert.match(said, /was not deleted: Forgejo rejects the token .*npm run rotate/);
  await assert.rejects(formerSecrets.create({ ...gone, former }, bench.context()), { code: "SERVER_UNREACHABLE" });
  // The rows of that Forgejo, which an up or a destroy deletes.
  await actionsSecret.delete?.({ ...state, ...gone }, bench.context());
  await actionsSecret.delete?.({ ...state, forgejoToken: "env:T_WRONG" }, bench.context());
  await actionsSecret.delete?.({ ...state, forgejoToken: "env:T_NO_LONGER_SET" }, bench.context());
  assert.match(bench.said.join("\n"), /was not deleted: The environment variable T_NO_LONGER_SET/);
});

test("a repository that the token may no longer administer can leave the settings: a warning names the secret that stays", async (t) => {
  const bench = await Bench.start(t);
  const connection = bench.connection("T_BOB");
  const former: FormerSecret = { ...connection, target: "own/site", secretName: "OLD", owner: OWNER, generation: 2 };
  await formerSecrets.create({ ...connection, former: [former] }, bench.context());
  assert.match(bench.said.join("\n"), /The secret OLD of own\/site at \S+ was not deleted: .*delete it there/);
});
