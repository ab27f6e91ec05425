import assert from "node:assert/strict";
import test from "node:test";
import { fingerprint } from "../../../../core/secrets/fingerprint.ts";
import { actionsSecret } from "../../../../systems/forgejo/resources/actionsSecret.ts";
import type { ActionsSecretInputs, ActionsSecretState } from "../../../../systems/forgejo/resources/actionsSecret.ts";
import { Bench } from "../support/between.ts";

// The key in Forgejo, against the lab's Forgejo.

const KEYS = { T_KEY_1: "zak_0001-the-first-key", T_KEY_2: "zak_0002-the-second-key" } as const;
Object.assign(process.env, KEYS);

function inputs(bench: Bench, target: string, generation: 1 | 2 = 1, token?: string): ActionsSecretInputs {
  const name = `T_KEY_${generation}` as const;
  return {
    ...bench.connection(token),
    target,
    secretName: "ZOT_CI_API_KEY",
    source: `env:${name}`,
    fingerprint: fingerprint(KEYS[name]),
    label: `zot-auth/test/${generation}`,
    expires: "2026-04-01T00:00:00Z",
  };
}

const create = async (bench: Bench, target: string): Promise<ActionsSecretState> =>
  (await actionsSecret.create(inputs(bench, target), bench.context())).state;
async function refreshed(bench: Bench, state: ActionsSecretState): Promise<ActionsSecretState> {
  const seen = await actionsSecret.read?.(state, bench.context());
  assert.ok(seen);
  return seen;
}
const drift = async (bench: Bench, state: ActionsSecretState): Promise<string> => (await refreshed(bench, state)).drift;
const update = async (bench: Bench, state: ActionsSecretState, generation: 1 | 2 = 1): Promise<ActionsSecretState> => {
  const updated = await actionsSecret.update?.(state, inputs(bench, state.target, generation), bench.context());
  assert.ok(updated);
  return updated;
};
const remove = async (bench: Bench, state: ActionsSecretState): Promise<void> =>
  actionsSecret.delete?.(state, bench.context());
const rejects = async (promise: Promise<unknown>, code: string, message: RegExp): Promise<void> =>
  assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof Error);
    assert.equal("code" in error ? error.code : error.message, code);
    assert.match(error.message, message);
    return true;
  });

for (const [target, where] of [
  ["own/app", "own/app"],
  ["org1", "org1"],
  ["user:own", "own"],
] as const) {
  test(`${target}: created, read, updated and deleted; what others own stays`, async (t) => {
    const bench = await Bench.start(t);
    const others = bench.held(where);
    const state = await create(bench, target);
    assert.deepEqual(bench.held(where).secrets, { ...others.secrets, ZOT_CI_API_KEY: KEYS.T_KEY_1 });
    assert.deepEqual(bench.held(where).variables, {
      ZOT_CI_API_KEY_INFO: `label=zot-auth/test/1 fingerprint=${fingerprint(KEYS.T_KEY_1)} expires=2026-04-01T00:00:00Z target=${target} url=${bench.url}`,
    });
    assert.equal(await drift(bench, state), "");
    const second = await update(bench, state, 2);
    assert.equal(bench.held(where).secrets["ZOT_CI_API_KEY"], KEYS.T_KEY_2);
    assert.equal(await drift(bench, second), "");
    assert.match(await drift(bench, state), /names another secret/, "the earlier state sees a different key");
    await remove(bench, second);
    assert.deepEqual(bench.held(where), others);
    await remove(bench, second);
    assert.ok(!JSON.stringify([state, second, bench.said]).includes("zak_"));
  });
}

test("what a workflow needs beside the key is in the variable; a change of it writes the variable and not the secret", async (t) => {
  const bench = await Bench.start(t);
  const state = await create(bench, "own/app");
  const login = { user: "zot-ci", registry: "https://registry.example.test", prefix: "homelab" };
  let written: string[] = [];
  bench.fate = ({ method, path }) => void (method === "GET" || written.push(`${method} ${path}`));
  const change = async (from: ActionsSecretState, next: typeof login): Promise<ActionsSecretState> => {
    const updated = await actionsSecret.update?.(from, { ...inputs(bench, "own/app"), login: next }, bench.context());
    assert.ok(updated);
    assert.match(
      bench.held("own/app").variables["ZOT_CI_API_KEY_INFO"] ?? "",
      new RegExp(` url=\\S+ user=zot-ci registry=https://registry\\.example\\.test prefix=${next.prefix}$`),
    );
    assert.equal(await drift(bench, updated), "");
    return updated;
  };
  const first = await change(state, login);
  const second = await change(first, { ...login, prefix: "team/apps" });
  const path = "/api/v1/repos/own/app/actions/variables/ZOT_CI_API_KEY_INFO";
  assert.deepEqual(written, [`PUT ${path}`, `PUT ${path}`]);
  written = [];

  // The same in another order is no change of it: whatever asks for this update is about the secret.
  const { user, registry, prefix } = second.login ?? login;
  await change(second, { prefix, registry, user });
  assert.ok(written.some((line) => line.startsWith("PUT") && line.includes("/secrets/")));
  written = [];

  await bench.ask("PUT", "/repos/own/app/actions/variables/ZOT_CI_API_KEY_INFO", {
    value: "label=zot-auth/test/7 changing=true",
  });
  await change(second, login);
  assert.ok(written.some((line) => line.startsWith("PUT") && line.includes("/secrets/")));
});

test("manual changes of secret or marker show as drift, and are repaired", async (t) => {
  const bench = await Bench.start(t);
  const state = await create(bench, "own/app");
  const base = "/repos/own/app/actions";
  for (const [method, path, body, expected] of [
    ["DELETE", `${base}/secrets/ZOT_CI_API_KEY`, undefined, /^own\/app has no secret ZOT_CI_API_KEY$/],
    ["DELETE", `${base}/variables/ZOT_CI_API_KEY_INFO`, undefined, /ZOT_CI_API_KEY_INFO of own\/app is missing/],
    [
      "PUT",
      `${base}/variables/ZOT_CI_API_KEY_INFO`,
      { value: "label=zot-auth/other/1 fingerprint=0123456789abcdef" },
      /another secret/,
    ],
  ] as const) {
    await bench.ask(method, path, body);
    const seen = await refreshed(bench, state);
    assert.match(seen.drift, expected);
    assert.equal(await drift(bench, await update(bench, seen)), "");
  }
  assert.ok(bench.said.some((message) => /belonged to zot-auth\/other\/1/.test(message)));
});

test("someone else's variable is not overwritten, and no secret is written next to it", async (t) => {
  const bench = await Bench.start(t);
  await bench.ask("POST", "/repos/own/app/actions/variables/ZOT_CI_API_KEY_INFO", { value: "who to ask: Ann" });
  const before = bench.held("own/app");
  await rejects(create(bench, "own/app"), "FORGEJO_VARIABLE_TAKEN", /ZOT_CI_API_KEY_INFO/);
  assert.deepEqual(bench.held("own/app"), before);
});

test("searches more than one page of secrets", async (t) => {
  const bench = await Bench.start(t);
  for (let i = 0; i < 60; i += 1) await bench.ask("PUT", `/repos/own/app/actions/secrets/A${i}`, { data: "x" });
  const state = await create(bench, "own/app");
  assert.equal(await drift(bench, state), "");
});

test("a key in the source other than the one in force is not written", async (t) => {
  const bench = await Bench.start(t);
  const before = bench.held("own/app");
  const wrong = { ...inputs(bench, "own/app"), fingerprint: "0123456789abcdef" };
  await rejects(actionsSecret.create(wrong, bench.context()), "KEY_STORE_CHANGED", /pulumi refresh/);
  assert.deepEqual(bench.held("own/app"), before);
});

for (const [name, change, code, message] of [
  ["archived", { archived: true }, "FORGEJO_REPOSITORY_ARCHIVED", /^own\/app is archived/],
  ["without Actions", { has_actions: false }, "FORGEJO_ACTIONS_DISABLED", /^Actions are disabled in own\/app/],
] as const) {
  test(`a repository ${name} is drift, an error to write to, and still cleaned up`, async (t) => {
    const bench = await Bench.start(t);
    const others = bench.held("own/app");
    const state = await create(bench, "own/app");
    await bench.ask("PATCH", "/repos/own/app", change);
    assert.match(await drift(bench, state), message);
    await rejects(update(bench, state, 2), code, message);
    assert.equal(bench.held("own/app").secrets["ZOT_CI_API_KEY"], KEYS.T_KEY_1);
    await remove(bench, state);
    assert.deepEqual(bench.held("own/app"), others);
  });
}

test("a deleted repository is drift, an error to write to, and nothing to delete from", async (t) => {
  const bench = await Bench.start(t);
  const state = await create(bench, "own/app");
  await bench.ask("DELETE", "/repos/own/app");
  assert.match(await drift(bench, state), /^The repository "own\/app" does not exist in Forgejo/);
  await rejects(update(bench, state, 2), "FORGEJO_REPOSITORY_UNKNOWN", /forgejo\.repositories/);
  await remove(bench, state);
  assert.match(bench.said.join("\n"), /was deleted with its repository/);
});

for (const [name, target, token, code, message] of [
  ["a wrong token", "own/app", "T_WRONG", "FORGEJO_TOKEN_REFUSED", /env:T_WRONG/],
  ["a token that may only read", "own/app", "T_READ", "FORGEJO_SCOPE_MISSING", /write:repository/],
  [
    "an admin among the collaborators",
    "own/site",
    "T_BOB",
    "FORGEJO_RIGHT_MISSING",
    /should be the owner.*must be an owner/,
  ],
  ["a stranger", "own/app", "T_BOB", "FORGEJO_REPOSITORY_UNKNOWN", /has no access to it/],
  ["no owner of the organisation", "org1", "T_BOB", "FORGEJO_RIGHT_MISSING", /Must be an organization owner/],
  ["no scope for organisations", "org1", "T_REPOSITORY", "FORGEJO_SCOPE_MISSING", /scope write:organization/],
  ["no scope for the user", "user:own", "T_REPOSITORY", "FORGEJO_SCOPE_MISSING", /scope write:user/],
  ["another user's token", "user:own", "T_BOB", "FORGEJO_USER_OTHER", /user:bob/],
  ["a user named as an organisation", "own", "T_OWNER", "FORGEJO_REPOSITORY_UNKNOWN", /use user:own/],
] as const) {
  test(`${name}: ${code}, and nothing is written`, async (t) => {
    const bench = await Bench.start(t);
    const before = ["own/app", "own/site", "org1", "own"].map((where) => bench.held(where));
    await rejects(actionsSecret.create(inputs(bench, target, 1, token), bench.context()), code, message);
    assert.deepEqual(
      ["own/app", "own/site", "org1", "own"].map((where) => bench.held(where)),
      before,
    );
  });
}
