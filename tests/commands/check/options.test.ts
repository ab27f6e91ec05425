import assert from "node:assert/strict";
import test from "node:test";
import { ownOptionsIn } from "../../../commands/check/options.ts";
import { hasProvedSince } from "../../../commands/check/proveAgain.ts";

test("the check's own options are taken out, wherever they are", () => {
  const rest = ["lab", "--config-file", "a.yaml"];
  assert.deepEqual(ownOptionsIn(rest), { textfile: undefined, full: false, rest });
  assert.deepEqual(ownOptionsIn(["lab", "--full", "--config-file", "a.yaml"]), {
    textfile: undefined,
    full: true,
    rest,
  });
  for (const textfile of [["--textfile", "m.prom"], ["--textfile=m.prom"]])
    assert.deepEqual(ownOptionsIn(["lab", ...textfile, "--config-file", "a.yaml", "--full"]), {
      textfile: "m.prom",
      full: true,
      rest,
    });
  assert.equal(ownOptionsIn(["lab", "--textfile"]).textfile, "");
});

test("proofs that did not run are not taken for passed", () => {
  const proof = (type: string, again?: string): object => ({ type: `zot-auth:acceptance:${type}`, inputs: { again } });
  const state = (...resources: readonly object[]): unknown => ({ deployment: { resources } });
  assert.ok(hasProvedSince("now", state(proof("AccessProof", "now"), proof("Preflight"))));
  assert.ok(!hasProvedSince("now", state(proof("AccessProof", "now"), proof("TestBuild", "before"))));
  assert.ok(!hasProvedSince("now", state(proof("AccessProof"))));
  assert.ok(!hasProvedSince("now", state()));
});
