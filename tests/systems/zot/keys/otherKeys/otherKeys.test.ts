import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { otherKeys } from "../../../../../systems/zot/keys/otherKeys/otherKeys.ts";
import type { OtherKeysInputs, OtherKeysState } from "../../../../../systems/zot/keys/otherKeys/otherKeys.ts";
import { startRegistry } from "../../../../lab/zot/support/registry.ts";
import type { TestRegistry } from "../../../../lab/zot/support/registry.ts";
import { testContext } from "../../../../support/provider.ts";

const VARIABLE = "ZOT_AUTH_TEST_OTHER_KEYS";
const OWNER = "zot-auth/test";

let registry: TestRegistry;
let context = testContext();
let uuids: Readonly<Record<string, string>>;

before(async () => {
  registry = await startRegistry();
  const header = await registry.mint("zot-ci", { label: `${OWNER}/3` });
  process.env[VARIABLE] = Buffer.from(header.slice("Basic ".length), "base64").toString().split(":")[1];
  await registry.mint("zot-ci", { label: `${OWNER}/2` });
  await registry.mint("zot-ci", { label: "by hand", expirationDate: "2099-01-02T03:04:05Z" });
  uuids = await listed();
});
after(async () => registry.close());
beforeEach(() => (context = testContext()));

/** The account's keys in zot: uuid by label. */
async function listed(): Promise<Readonly<Record<string, string>>> {
  const authorization = `Basic ${Buffer.from(`zot-ci:${process.env[VARIABLE] ?? ""}`).toString("base64")}`;
  const answer = await fetch(`${registry.url}/zot/auth/apikey`, { headers: { authorization } });
  const { apiKeys } = (await answer.json()) as { apiKeys: readonly { uuid: string; label: string }[] };
  return Object.fromEntries(apiKeys.map(({ label, uuid }) => [label, uuid]));
}

function inputs(unmanagedKeys: OtherKeysInputs["unmanagedKeys"], more: Partial<OtherKeysInputs> = {}): OtherKeysInputs {
  return {
    registryUrl: registry.url,
    username: "zot-ci",
    source: `env:${VARIABLE}`,
    owner: OWNER,
    uuid: uuids[`${OWNER}/3`] ?? "",
    superseded: [],
    gracePeriod: 3600,
    unmanagedKeys,
    ...more,
  };
}

const labels = ({ unmanaged }: OtherKeysState): readonly string[] => unmanaged.map(({ label }) => label).sort();

/** One more `up`. */
async function update(state: OtherKeysState, given: OtherKeysInputs): Promise<OtherKeysState> {
  const updated = await otherKeys.update?.(state, given, context);
  assert.ok(updated);
  return updated;
}

function due(state: OtherKeysState, given: OtherKeysInputs, now = new Date()): readonly string[] | undefined {
  return otherKeys.diff?.({ inputs: given, oldInputs: given, state, now }).due;
}

test("an unmanaged key is reported with its label, dates and last use; keys of ours are not", async () => {
  const { state } = await otherKeys.create(inputs("report"), context);
  assert.deepEqual(labels(state), ["by hand"]);
  assert.equal(context.warned.length, 1);
  assert.match(
    context.warned.join(),
    /^zot-ci has an unmanaged key: "by hand" \(.*, created 20.*Z, expires 2099-01-02T03:04:05Z, never used\)\. To revoke unmanaged keys, set ci\.unmanagedKeys: revoke\.$/,
  );
  assert.deepEqual(due(state, inputs("report")), []);
});

test("what this up has already reported is not reported again", async () => {
  const { state } = await otherKeys.create(inputs("report"), testContext());
  const listing = { superseded: [], unmanaged: state.unmanaged };
  const updated = await update(state, inputs("report", { listing }));
  assert.deepEqual(context.warned, []);
  assert.equal(updated.listing, undefined, "a listing is not kept in the state");
});

test("a key of ours that an up lists is pending from then on; a preview, which lists nothing, sees nothing due", async () => {
  const { state } = await otherKeys.create(inputs("report"), context);
  assert.deepEqual(state.pending, []);
  const left = { uuid: uuids[`${OWNER}/2`] ?? "", label: `${OWNER}/2` };
  const given = inputs("report", { listing: { superseded: [left], unmanaged: state.unmanaged } });
  assert.deepEqual(due(state, given), ["pending"]);
  const updated = await update(state, given);
  assert.deepEqual(
    updated.pending.map(({ uuid }) => uuid),
    [left.uuid],
  );
  assert.deepEqual(due(updated, given), []);
  assert.deepEqual(due(updated, inputs("report")), []);
  const until = `${left.label} stays valid until ${updated.due} (ci.gracePeriod). The first \`up\` from then on revokes it.`;
  assert.deepEqual(context.said, [until]);
  await update(updated, given);
  assert.deepEqual(context.said, [until], "it is said once");
});

test("refresh finds superseded and unmanaged keys; where zot refuses the stored key it leaves that to ApiKey", async () => {
  const { state } = await otherKeys.create(inputs("report"), testContext());
  await registry.mint("zot-ci", { label: "again by hand" });
  const seen = await otherKeys.read?.(state, context);
  assert.ok(seen);
  assert.deepEqual(labels(seen), ["again by hand", "by hand"]);
  assert.equal(context.warned.length, 2);
  assert.deepEqual(
    seen.pending.map(({ label }) => label),
    [`${OWNER}/2`],
  );
  assert.notEqual(seen.due, "");
  const key = process.env[VARIABLE];
  process.env[VARIABLE] = "zak_00000000000000000000000000000000";
  assert.deepEqual(await otherKeys.read?.(state, context), state);
  process.env[VARIABLE] = key;
});

test("a thief's key with a label like ours is revoked like a superseded one, though nobody reports it", async () => {
  const label = `${OWNER}/9`;
  await registry.mint("zot-ci", { label });
  const { state } = await otherKeys.create(inputs("report"), testContext());
  assert.ok(!labels(state).includes(label));
  const found = { uuid: (await listed())[label] ?? "", label };
  const given = inputs("report", { listing: { superseded: [found], unmanaged: state.unmanaged }, gracePeriod: 0 });
  const updated = await update(state, given);
  assert.ok(!(label in (await listed())));
  assert.deepEqual(updated.pending, []);
});

test("with revoke, an unmanaged key is reported by one up and revoked by the next; a new one is reported first", async () => {
  const { state } = await otherKeys.create(inputs("revoke"), context);
  assert.deepEqual(labels(state), ["again by hand", "by hand"]);
  assert.match(
    context.warned.join(),
    /The `pulumi up` after the one that first reports it revokes it\. To keep it, set ci\.unmanagedKeys: report\./,
  );
  assert.deepEqual(due(state, inputs("revoke")), ["unmanaged"], "a preview shows it");

  await registry.mint("zot-ci", { label: `${OWNER}/3 of a thief` });
  const second = await update(state, inputs("revoke"));
  assert.deepEqual(labels(second), [`${OWNER}/3 of a thief`]);
  assert.match(context.said.join(), /revoking "by hand"/);
  const third = await update(second, inputs("revoke"));
  assert.deepEqual(labels(third), []);
  assert.deepEqual(due(third, inputs("revoke")), []);
  assert.deepEqual(Object.keys(await listed()).sort(), [`${OWNER}/2`, `${OWNER}/3`]);
});

test("the state of zot:RetiredKeys, from an earlier version, keeps its pending keys and their dates; due ones are revoked", async () => {
  const since = new Date(Date.now() - 60_000).toISOString();
  const old = { uuid: uuids[`${OWNER}/2`] ?? "", label: `${OWNER}/2` };
  const { state } = await otherKeys.create(inputs("report"), context);
  const { unmanaged, ...rest } = state;
  assert.deepEqual(unmanaged, []);
  const former = { ...rest, superseded: [old], pending: [{ ...old, since }] } as unknown as OtherKeysState;
  const given = inputs("report", { superseded: [old] });
  const taken = await update(former, given);
  assert.deepEqual(taken.pending, [{ ...old, since }]);
  assert.deepEqual(due(taken, given, new Date(Date.now() + 3_600_000)), ["due"]);

  const ended = await update(taken, { ...given, gracePeriod: 30 });
  assert.deepEqual([ended.pending, ended.due], [[], ""]);
  assert.match(context.said.join(), /revoking zot-auth\/test\/2, replaced on 20/);
  assert.deepEqual(Object.keys(await listed()), [`${OWNER}/3`]);
  assert.deepEqual((await update(ended, given)).pending, [], "a revoked key does not return");
});
