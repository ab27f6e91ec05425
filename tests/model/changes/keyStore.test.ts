import "../prepare.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { adapt } from "../../../provider/adapter.ts";
import type { Values } from "../../../provider/grpc/types.ts";
import { signInArgs } from "../../../stack/arguments.ts";
import { apiKey } from "../../../systems/zot/keys/resources/apiKey.ts";
import type { ApiKeyInputs } from "../../../systems/zot/keys/resources/apiKey.ts";
import { keyCleanup } from "../../../systems/zot/keys/resources/keyCleanup.ts";
import { testContext } from "../../support/provider.ts";
import { pass } from "../homelab/clock.ts";
import { Engine } from "../engine/engine.ts";
import type { Ended } from "../engine/engine.ts";
import { Homelab } from "../homelab/homelab.ts";
import { program } from "../engine/program.ts";
import type { Fault } from "../requests/gate.ts";
import { Run, within } from "../requests/gate.ts";
import { SECRET } from "../stories/invariants.ts";
import { mainAccount } from "../../../settings/accounts/accounts.ts";

// ci.keyStore names another field: the new key is stored there, then the old field is emptied if it still holds the old key.

const OLD = "zot-ci-api";
const NEW = "another";

let lab: Homelab;
let engine: Engine;

beforeEach(async () => {
  lab = await Homelab.start();
  engine = new Engine();
});
afterEach(async () => lab.stop());

async function up(field: string, fault?: Fault): Promise<Ended> {
  return engine.up(() => program(lab.settings({ ci: { keyStore: `op://homelab/CI/${field}` } })), fault);
}
async function done(ended: Promise<Ended>): Promise<Ended> {
  const { how, errors } = await ended;
  assert.equal(how, "done", errors.join());
  return ended;
}

test("the new field has the key, the old one is empty, and after the grace period zot has one key of ours", async () => {
  await done(up(OLD));
  const old = lab.stored()[OLD] ?? "";
  engine.watch = () => assert.ok(lab.accepts(lab.held("own/one").secrets[SECRET] ?? ""));
  await done(up(NEW));
  const { [OLD]: before, [NEW]: key = "" } = lab.stored();
  assert.equal(before, "");
  assert.ok(lab.accepts(key));
  assert.ok(lab.accepts(old), "for jobs that started with it");
  assert.equal(lab.held("own/one").secrets[SECRET], key);
  pass(3600);
  await done(up(NEW));
  assert.equal(lab.accepts(old), false);
  assert.deepEqual((await done(up(NEW))).steps, []);
  engine.watch = () => undefined;
  await done(engine.destroy());
  assert.equal(lab.stored()[NEW], "");
});

test("if the new field cannot be written, the old one keeps its key", async () => {
  await done(up(OLD));
  const old = lab.stored()[OLD] ?? "";
  lab.letWrite(false);
  assert.equal((await up(NEW)).how, "failed");
  assert.equal(lab.stored()[OLD], old);
  assert.ok(lab.accepts(old));
  lab.letWrite(true);
  await done(up(NEW));
  assert.equal(lab.stored()[OLD], "");
});

test("an old field that somebody has changed stays", async () => {
  await done(up(OLD));
  lab.fillField("what somebody needs");
  await done(up(NEW));
  assert.equal(lab.stored()[OLD], "what somebody needs");
});

test("killed at a request, the next up finishes the move", async () => {
  await done(up(OLD));
  let fields: readonly [string, string] = [OLD, NEW];
  // Each second request; stories/everyStep.test.ts kills a rotation at each.
  for (let at = 1; ; at += 2) {
    fields = [fields[1], fields[0]];
    const { run } = await up(fields[0], { at, when: at % 4 === 1 ? "before" : "after", then: "cli" });
    await done(engine.refresh());
    await done(up(fields[0]));
    const { [fields[1]]: old, [fields[0]]: key = "" } = lab.stored();
    assert.equal(old, "", `after request ${at}`);
    assert.equal(lab.held("own/two").secrets[SECRET], key);
    if (run.struck !== undefined) continue;
    assert.ok(at > 25);
    return;
  }
});

function inputs(field: string): ApiKeyInputs {
  return {
    ...signInArgs(lab.settings(), mainAccount(lab.settings())),
    owner: "zot-auth/model",
    store: `op://homelab/CI/${field}`,
    lifetime: 7_776_000,
    rotateAfter: 5_184_000,
    rotationTrigger: "",
    revocationTrigger: "",
    proofRepository: "zot-auth/acceptance",
    onDestroy: "blank",
  };
}

test("if the old vault is gone, or the token may no longer write there, a warning names the field and the key", async () => {
  await done(up(OLD));
  const { state } = await apiKey.create(inputs(OLD), testContext());
  const gone = { ...state, store: "op://no-such-vault/CI/key" } as const;
  const context = testContext();
  assert.ok(await apiKey.update?.(gone, inputs(NEW), context));
  assert.match(
    context.warned.join(),
    /^op:\/\/no-such-vault\/CI\/key was not emptied and may still hold the key "zot-auth\/model\/\d+", which `up` revokes after ci\.gracePeriod: .*no-such-vault/,
  );

  lab.fillField("");
  const { state: second } = await apiKey.create(inputs(OLD), testContext());
  const later = testContext();
  const run = new Run(undefined, ({ method }) => {
    if (method === "PATCH") lab.letWrite(false);
  });
  assert.ok(await within(run, async () => apiKey.update?.(second, inputs("third"), later)));
  assert.match(later.warned.join(), /zot-ci-api was not emptied and may still hold .* permissions to write/);
  assert.notEqual(lab.stored()[OLD], "");
});

test("a destroy does not fail for ever if the vault is gone", async () => {
  await done(up(OLD));
  const { state } = await apiKey.create(inputs(OLD), testContext());
  const gone = { ...state, store: "op://no-such-vault/CI/key" } as const;
  const context = testContext();
  assert.match((await apiKey.read?.(gone, context))?.drift ?? "", /is empty or does not exist/, "nor does a refresh");
  await apiKey.delete?.(gone, context);
  assert.match(context.warned.join(), /was not emptied and may still hold the key/);
  await keyCleanup.delete?.({ ...gone, declaredBefore: [], formerOwners: [] }, testContext());
  assert.equal(lab.accepts(lab.stored()[OLD] ?? ""), false, "the key is revoked");
});

test("a preview reports a value in the field, which the new key overwrites, and of a missing item; nothing of an empty field", async () => {
  const preview = async (reference: string): Promise<string> => {
    const settings = lab.settings({ ci: { keyStore: reference } });
    const context = testContext();
    const inputs = { ...signInArgs(settings, mainAccount(settings)), store: mainAccount(settings).keyStores[0] };
    await adapt(apiKey).preview(inputs as unknown as Values, undefined, context);
    return [...context.warned, ...context.said].join();
  };
  assert.equal(await preview("op://homelab/CI/zot-ci-api"), "");
  await done(up(OLD));
  const held = lab.stored()[OLD] ?? "";
  const warning = await preview("op://homelab/CI/zot-ci-api");
  assert.match(warning, /^op:\/\/homelab\/CI\/zot-ci-api holds a value, which `up` overwrites with the new key\. /);
  assert.ok(!warning.includes(held));
  assert.match(
    await preview("op://homelab/Nothing/key"),
    /^Whether the key can be stored in \S+ is unknown: .*"Nothing"/,
  );
});
