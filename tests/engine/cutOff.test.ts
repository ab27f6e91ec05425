import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { EngineLab } from "./harness.ts";
import { Homelab } from "./homelab.ts";

// The CLI is killed in the middle of an update, with no chance to clean up; a person then does what the README says, and everything is whole.

let lab: EngineLab;
let homelab: Homelab;

before(async () => {
  lab = await EngineLab.start((config) => {
    // So that what is superseded goes within the same run.
    config["zot-auth:ci"] = { ...(config["zot-auth:ci"] as object), gracePeriod: "0 seconds" };
  });
  homelab = new Homelab(lab);
});
after(async () => lab.stop());

/** What the README says to do after a run that was cut off. */
async function recover(): Promise<void> {
  const cancelled = await lab.pulumi("cancel", "--yes");
  assert.equal(cancelled.code, 0, cancelled.output);
  const refreshed = await lab.pulumi(
    "refresh",
    "--yes",
    "--skip-preview",
    "--non-interactive",
    "--clear-pending-creates",
  );
  assert.equal(refreshed.code, 0, refreshed.output);
  const { code, output } = await lab.up();
  assert.equal(code, 0, output);
}

async function assertWhole(): Promise<void> {
  const key = homelab.ciKey("homelab/apps") ?? "";
  assert.equal(homelab.ciKey("homelab/site"), key);
  assert.equal((await homelab.fields("keyStore"))["zot-ci-api"], key);
  const outputs = await lab.outputs();
  assert.deepEqual(
    await homelab.keyLabels(key),
    [outputs["keyLabel"]],
    "zot knows one key of ours, the one that CI has",
  );
  assert.partialDeepStrictEqual(outputs["acceptanceResult"], { access: "13 of 13 checks passed", build: "success" });
  const { code, output } = await lab.pulumi("preview", "--expect-no-changes", "--non-interactive");
  assert.equal(code, 0, output);
}

for (const row of ["zot-config", "ci-key"]) {
  test(`a first up that was cut off at ${row} is finished by the next`, async () => {
    const cut = await lab.upCutOffAt(row);
    assert.notEqual(cut.code, 0);
    await recover();
    await assertWhole();
    const { code, output } = await lab.pulumi("destroy", "--yes", "--skip-preview", "--non-interactive");
    assert.equal(code, 0, output);
  });
}

for (const row of ["ci-key", "forgejo-homelab/site", "acceptance-retired-keys"]) {
  test(`a rotation that was cut off at ${row} never leaves CI without a key, and is finished by the next up`, async () => {
    const first = await lab.up();
    assert.equal(first.code, 0, first.output);
    lab.changeSettings((config) => {
      config["zot-auth:ci"] = { ...(config["zot-auth:ci"] as object), rotationTrigger: `cut off at ${row}` };
    });
    const cut = await lab.upCutOffAt(row);
    assert.notEqual(cut.code, 0);
    for (const repository of ["homelab/apps", "homelab/site"]) {
      assert.equal(
        (await homelab.registry("/v2/", { key: homelab.ciKey(repository) ?? "" })).status,
        200,
        `${repository} can push`,
      );
    }
    await recover();
    await assertWhole();
  });
}
