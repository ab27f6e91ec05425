import "../prepare.ts";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { signInArgs } from "../../../stack/arguments.ts";
import { fingerprint } from "../../../core/secrets/fingerprint.ts";
import { apiKey } from "../../../systems/zot/keys/resources/apiKey.ts";
import type { ApiKeyInputs, ApiKeyState } from "../../../systems/zot/keys/resources/apiKey.ts";
import { startRegistry } from "../../lab/zot/support/registry.ts";
import type { TestRegistry } from "../../lab/zot/support/registry.ts";
import { testContext } from "../../support/provider.ts";
import { UNANSWERED } from "../../../systems/zot/unanswered.ts";
import { Homelab } from "../homelab/homelab.ts";
import { Run, within } from "../requests/gate.ts";
import { mainAccount } from "../../../settings/accounts/accounts.ts";

// registry.url changes. If another zot is at the new address, the old zot's key is useless, and no later run could revoke it.

const STORE = "op://homelab/CI/zot-ci-api";

let lab: Homelab;
let old: TestRegistry;
let closed = false;

before(async () => {
  lab = await Homelab.start();
  old = await startRegistry();
});
after(async () => {
  await lab.stop();
  if (!closed) await old.close();
});

function inputs(registryUrl: string): ApiKeyInputs {
  return {
    ...signInArgs(lab.settings(), mainAccount(lab.settings())),
    registryUrl,
    owner: "zot-auth/model",
    store: STORE,
    lifetime: 7_776_000,
    rotateAfter: 5_184_000,
    rotationTrigger: "",
    revocationTrigger: "",
    proofRepository: "zot-auth/acceptance",
    onDestroy: "blank",
  };
}

let generation = 3;

/** The state of a stack whose key is at the old registry. */
async function state(): Promise<ApiKeyState> {
  generation += 1;
  const label = `zot-auth/model/${generation}`;
  const header = await old.mint("zot-ci", { label });
  const key = Buffer.from(header.slice("Basic ".length), "base64").toString().split(":")[1] ?? "";
  lab.fillField(key);
  const { apiKeys } = (await (await atOld(key)).json()) as { apiKeys: { uuid: string; label: string }[] };
  return {
    ...inputs(old.url),
    uuid: apiKeys.find((found) => found.label === label)?.uuid ?? "",
    label,
    generation,
    fingerprint: fingerprint(key),
    created: new Date().toISOString(),
    expires: "2099-01-01T00:00:00Z",
    rotates: "2098-01-01T00:00:00Z",
    superseded: [],
    drift: "",
  };
}

async function atOld(key: string): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`zot-ci:${key}`).toString("base64")}`;
  return fetch(`${old.url}/zot/auth/apikey`, { headers: { authorization } });
}

test("preview shows a new registry address as an update", async () => {
  const before = await state();
  const change = { inputs: inputs("https://other.example.test"), oldInputs: inputs(old.url), state: before };
  assert.deepEqual(apiKey.diff?.({ ...change, now: new Date() }), { due: [] });
  assert.equal(apiKey.keeps?.({ ...change, now: new Date() }), false, "it makes a new key");
});

test("if the new address is another zot, up creates a new key and revokes the old one at the old registry", async () => {
  const before = await state();
  const key = lab.stored()["zot-ci-api"] ?? "";
  assert.equal((await atOld(key)).status, 200);
  const context = testContext();
  const moved = await apiKey.update?.(before, inputs(lab.settings().registry.url), context);
  assert.equal(moved?.generation, before.generation + 1);
  assert.ok(lab.accepts(lab.stored()["zot-ci-api"] ?? ""), "1Password has the new key");
  assert.equal((await atOld(key)).status, 401, "the old registry no longer takes the old one");
  assert.deepEqual(context.warned, []);
});

test("keys in their grace period at the old registry are revoked, too", async () => {
  const earlier = await state();
  const held = lab.stored()["zot-ci-api"] ?? "";
  const before = { ...(await state()), superseded: [{ uuid: earlier.uuid, label: earlier.label }] };
  const context = testContext();
  await apiKey.update?.(before, inputs(lab.settings().registry.url), context);
  assert.equal((await atOld(held)).status, 401);
  assert.deepEqual(context.warned, []);
});

test("if 1Password does not take the new key, the old registry keeps the old one", async () => {
  const before = await state();
  const key = lab.stored()["zot-ci-api"] ?? "";
  lab.letWrite(false);
  await assert.rejects(async () => apiKey.update?.(before, inputs(lab.settings().registry.url), testContext()), {
    code: "ONEPASSWORD_READ_ONLY",
  });
  lab.letWrite(true);
  assert.equal((await atOld(key)).status, 200);
  assert.equal(lab.stored()["zot-ci-api"], key);
});

test("a key that is stored stays, although 1Password damaged another field", async () => {
  const context = testContext();
  const run = new Run(undefined, ({ method }) => {
    if (method === "PATCH") lab.damageItem();
  });
  const made = await within(run, async () =>
    apiKey.update?.(await state(), inputs(lab.settings().registry.url), context),
  );
  assert.ok(lab.accepts(lab.stored()["zot-ci-api"] ?? ""), "the key was not revoked");
  assert.equal(made?.fingerprint, fingerprint(lab.stored()["zot-ci-api"] ?? ""));
  assert.match(
    context.warned.join(),
    /The new key is stored in op:\S+, but: The value of .* other parts of its item changed/,
  );
});

test("if 1Password holds another key, a warning says that the old one was not revoked", async () => {
  const before = await state();
  lab.fillField("zak_another");
  const context = testContext();
  await apiKey.update?.(before, inputs(lab.settings().registry.url), context);
  assert.match(
    context.warned.join(),
    /was not revoked and expires on 2099-01-01T00:00:00Z: 1Password no longer holds the key/,
  );
});

test("if the old key cannot be read at all, the move succeeds with a warning that says why", async () => {
  const before = { ...(await state()), store: "op://no-such-vault/CI/zot-ci-api" as const };
  const context = testContext();
  assert.ok(await apiKey.update?.(before, inputs(lab.settings().registry.url), context));
  assert.ok(lab.accepts(lab.stored()["zot-ci-api"] ?? ""));
  assert.match(context.warned.join(), /was not revoked and expires on 2099-01-01T00:00:00Z: .*no-such-vault/);
});

test("if the old registry does not respond, a warning says until when its key is valid", async () => {
  // A refresh could not ask it either. Nobody waits for an answer of an address that the settings no longer have.
  const before = { ...(await state()), drift: UNANSWERED };
  await old.close();
  closed = true;
  const context = testContext();
  const moved = await apiKey.update?.(before, inputs(lab.settings().registry.url), context);
  assert.ok(moved);
  assert.ok(lab.accepts(lab.stored()["zot-ci-api"] ?? ""));
  assert.match(
    context.warned.join(),
    /The key "zot-auth\/model\/\d+" of http:\S+ was not revoked and expires on 2099-01-01T00:00:00Z: zot does not answer/,
  );
});
