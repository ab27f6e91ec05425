import assert from "node:assert/strict";
import test from "node:test";
import { proofsOf } from "../../report/sources/proofs.ts";

test("the report distinguishes a build with the key from a proof with a job's token", () => {
  const row = (name: string, more: object) => ({
    urn: `urn:pulumi:prod::zot-auth::zot-auth:acceptance:TestBuild::${name}`,
    type: "zot-auth:acceptance:TestBuild",
    outputs: { repository: "own/app", workflow: "build.yaml", result: "success", ...more },
  });
  const resources = [row("acceptance-build", {}), row("job-tokens-site-proof", { isJobTokenProof: true })];
  assert.deepEqual(
    proofsOf({ deployment: { resources } }).map(({ name, result }) => [name, result]),
    [
      ["build.yaml in own/app", "passed"],
      ["build.yaml in own/app, with a job's token", "passed"],
    ],
  );
});
