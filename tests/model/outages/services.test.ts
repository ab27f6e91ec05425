import "../prepare.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Engine } from "../engine/engine.ts";
import type { Ended } from "../engine/engine.ts";
import { program } from "../engine/program.ts";
import { Homelab } from "../homelab/homelab.ts";

// A service that does not work never holds up a stack: a refresh reports it, and `up` and `destroy` succeed unless nobody can push.

let lab: Homelab;
let engine: Engine;

beforeEach(async () => {
  lab = await Homelab.start();
  engine = new Engine();
});
afterEach(async () => lab.stop());

const up = async (): Promise<Ended> => engine.up(() => program(lab.settings()));
const steps = ({ steps: all }: Ended): readonly string[] =>
  all.map(({ op, urn }) => `${op} ${urn.split("::").at(-1) ?? ""}`);

/** What is answered at a path from now on. */
function answer(path: string, status: number, body: string): void {
  engine.refuse = ({ url }) =>
    url.pathname === path
      ? { status, headers: { "content-type": "application/json" }, body: Buffer.from(body) }
      : undefined;
}

test("runners that are offline: each up after a refresh looks again and warns, and nothing else runs", async () => {
  answer("/api/v1/repos/own/one/actions/runners", 200, '[{"name":"one","status":"offline"}]');
  assert.equal((await up()).how, "done");
  assert.deepEqual((await up()).steps, [], "what was warned of does not come again by itself");
  for (const _again of [1, 2]) {
    assert.equal((await engine.refresh()).how, "done");
    const { how, errors, ...ended } = await up();
    assert.equal(how, "done", errors.join());
    assert.deepEqual(steps({ how, errors, ...ended }), ["update acceptance-services"]);
  }
  engine.refuse = () => undefined;
  await engine.refresh();
  assert.deepEqual((await up()).steps, []);
});

test("a Forgejo that says it fails: up ends in one error, the key stays, and destroy succeeds", async () => {
  await up();
  const key = lab.stored()["zot-ci-api"];
  answer("/api/healthz", 500, '{"status":"fail"}');
  assert.equal((await engine.refresh()).how, "done");
  const { how, errors } = await up();
  assert.equal(how, "failed");
  assert.equal(errors.length, 1, errors.join("\n"));
  assert.match(errors.join(), /CI cannot push: Forgejo: expected .*, got 500 at \/api\/healthz/);
  assert.equal(lab.stored()["zot-ci-api"], key);
  const gone = await engine.destroy();
  assert.equal(gone.how, "done", gone.errors.join());
});

test("a Forgejo that says it fails ends the first up only once everything else is done, other keys too", async () => {
  answer("/api/healthz", 500, '{"status":"fail"}');
  const ended = await up();
  assert.equal(ended.how, "failed");
  const done = steps(ended);
  assert.equal(done.at(-1), "create acceptance-services");
  for (const step of ["create acceptance-access", "create acceptance-other-keys"])
    assert.ok(done.includes(step), done.join("\n"));
  engine.refuse = () => undefined;
  const next = await up();
  assert.deepEqual([next.how, steps(next)], ["done", ["create acceptance-services"]], next.errors.join());
});

test("proofs that are asked for run again, and nothing else; that nobody asks the next time is no difference", async () => {
  await up();
  const asked = async (): Promise<Ended> =>
    engine.up(() => {
      program(lab.settings(), undefined, undefined, undefined, new Date().toISOString());
    });
  const again = await asked();
  assert.equal(again.how, "done", again.errors.join());
  assert.deepEqual(steps(again), [
    "update acceptance-sign-in",
    "update acceptance-access",
    "update acceptance-services",
  ]);
  assert.deepEqual((await up()).steps, []);
  lab.dropKeys(() => true);
  const failed = await asked();
  assert.equal(failed.how, "failed");
  assert.deepEqual((await up()).steps, [], "a proof that failed leaves the state as it was");
});
