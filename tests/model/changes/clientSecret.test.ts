import "../prepare.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Engine } from "../engine/engine.ts";
import type { Ended } from "../engine/engine.ts";
import { OWNER, program } from "../engine/program.ts";
import { Homelab } from "../homelab/homelab.ts";
import { TOKENS } from "../homelab/servers.ts";

// The OAuth2 client secret changes. The model's zot keeps the first one: deploying it is not part of the model.

const SECOND = "second-client-secret-of-the-model-0123456789";

let lab: Homelab;
let engine: Engine;

beforeEach(async () => {
  lab = await Homelab.start();
  engine = new Engine();
  assertDone(await up());
});
afterEach(async () => lab.stop());

const up = async (secret = TOKENS.MODEL_CLIENT_SECRET): Promise<Ended> =>
  engine.up(() => program(lab.settings(), OWNER, secret));

function assertDone({ how, errors }: Ended): void {
  assert.equal(how, "done", errors.join("\n"));
}

const updated = ({ steps }: Ended): readonly string[] =>
  steps.filter(({ op }) => op === "update").map(({ urn }) => urn.split("::").at(-1) ?? "");

function stateHolds(secret: string): boolean {
  return JSON.stringify([...engine.state.values()]).includes(secret) || engine.said.join("\n").includes(secret);
}

test("after a change on both sides, up tries the sign-in with the new secret", async () => {
  lab.storeClientSecret(SECOND);
  lab.changeWorkersClientSecret(SECOND);
  const ended = await up(SECOND);
  assert.equal(ended.how, "failed", "zot still has the first one, which only a sign-in shows");
  assert.match(ended.errors.join(), /ZOT_LOGIN_FAILED|client secret/i);
  assert.ok(updated(ended).includes("acceptance-sign-in"));
  assert.ok(!stateHolds(SECOND) && !stateHolds(TOKENS.MODEL_CLIENT_SECRET));
  lab.storeClientSecret(TOKENS.MODEL_CLIENT_SECRET);
  lab.changeWorkersClientSecret(TOKENS.MODEL_CLIENT_SECRET);
  assertDone(await up());
});

test("if only 1Password has the new secret, up fails before zot gets it, and names the worker's variable", async () => {
  lab.storeClientSecret(SECOND);
  const key = lab.stored()["zot-ci-api"] ?? "";
  const ended = await up(SECOND);
  assert.equal(ended.how, "failed");
  assert.match(
    ended.errors.join(),
    /client secret is not that of authentik\.clientSecret.*AUTHENTIK_ZOT_CLIENT_SECRET/,
  );
  assert.deepEqual(
    updated(ended).filter((name) => !name.startsWith("authentik")),
    [],
  );
  assert.ok(lab.accepts(key), "CI's key works on");
  lab.changeWorkersClientSecret(SECOND);
  assert.match(
    (await up(SECOND)).errors.join(),
    /ZOT_LOGIN_FAILED|callback/i,
    "then it goes on, as far as the sign-in",
  );
});

test("if only Authentik has another secret, a refresh says so", async () => {
  lab.changeProvider({ client_secret: SECOND });
  assertDone(await engine.refresh());
  const row = [...engine.state.values()].find(({ urn }) => urn.endsWith("::authentik-application"));
  assert.match(row?.outputs["drift"] as string, /client secret is not that of authentik\.clientSecret/);
  assert.ok(!stateHolds(SECOND));
  assertDone(await up());
  assertDone(await engine.refresh());
  assert.deepEqual((await up()).steps, [], "up repaired it");
});
