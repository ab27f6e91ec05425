import "../prepare.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Engine } from "../engine/engine.ts";
import type { Ended } from "../engine/engine.ts";
import { program } from "../engine/program.ts";
import { Homelab } from "../homelab/homelab.ts";

// zot does not answer during a refresh: the `up` that follows makes it serve again, so the refresh must not fail, and must not take it for a lost key.

let lab: Homelab;
let engine: Engine;

beforeEach(async () => {
  lab = await Homelab.start();
  engine = new Engine();
});
afterEach(async () => lab.stop());

const up = async (): Promise<Ended> => engine.up(() => program(lab.settings()));

/** Every request to zot is refused from now on. */
function stopZot(): void {
  const { origin } = new URL(lab.settings().registry.url);
  engine.refuse = ({ url }) => {
    if (url.origin !== origin) return undefined;
    throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  };
}
const startZot = (): void => {
  engine.refuse = () => undefined;
};

test("a refresh without zot succeeds; the next up checks what it left open, and keeps the key", async () => {
  assert.equal((await up()).how, "done");
  const key = lab.stored()["zot-ci-api"];
  stopZot();
  const refreshed = await engine.refresh();
  assert.equal(refreshed.how, "done", refreshed.errors.join());
  startZot();
  const { how, steps, errors } = await up();
  assert.equal(how, "done", errors.join());
  assert.deepEqual(
    steps.map(({ op, urn }) => `${op} ${urn.split("::").at(-1) ?? ""}`),
    ["update ci-key", "update acceptance-sign-in", "update acceptance-other-keys", "update acceptance-services"],
  );
  assert.equal(lab.stored()["zot-ci-api"], key);
  assert.equal(lab.keys().filter(({ label }) => label.startsWith("zot-auth/")).length, 1);
  assert.deepEqual((await up()).steps, []);
});

test("a key that was lost meanwhile is replaced", async () => {
  await up();
  const key = lab.stored()["zot-ci-api"] ?? "";
  stopZot();
  await engine.refresh();
  startZot();
  lab.dropKeys(({ label }) => label.startsWith("zot-auth/"));
  assert.equal((await up()).how, "done");
  assert.notEqual(lab.stored()["zot-ci-api"], key);
});

test("while zot stays down, up fails with one error and changes nothing; destroy succeeds once it is back", async () => {
  await up();
  const key = lab.stored()["zot-ci-api"] ?? "";
  stopZot();
  await engine.refresh();
  const failed = await up();
  assert.equal(failed.how, "failed");
  assert.equal(failed.errors.length, 1, failed.errors.join("\n"));
  assert.match(failed.errors.join(), /zot does not answer at http/);
  startZot();
  assert.ok(lab.accepts(key));
  const gone = await engine.destroy();
  assert.equal(gone.how, "done", gone.errors.join());
});
