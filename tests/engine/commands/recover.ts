import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { lockFolder, locks } from "./locks.ts";
import { changeCi, homelab, lab } from "./stack.ts";

// The CLI is killed in the middle of an update. `npm run recover` then completes the update, as the README says.

/** Follows the README's instructions for an interrupted run. */
async function recover(): Promise<void> {
  const { code, output } = await lab.command("recover");
  assert.equal(code, 0, output);
  const phases = [...output.matchAll(/^▸ (\w+):/gm)].map(([, phase]) => phase);
  assert.deepEqual(phases, ["refresh", "cancel", "refresh", "up"], "recover removed the lock of the killed run");
  assert.match(output, /the run that holds the lock has ended \(.+, process \d+, since 20\d\d-.+Z\)/);
  assert.deepEqual(lab.pending(), []);
}

/** That the next run changes nothing is tested by the run that follows: a preview, recover on a healthy stack, or check. */
async function assertWhole(): Promise<void> {
  const key = homelab.ciKey("homelab/apps") ?? "";
  assert.equal(homelab.ciKey("homelab/site"), key);
  assert.equal((await homelab.fields("keyStore"))["zot-ci-api"], key);
  const outputs = lab.outputs();
  assert.deepEqual(await homelab.keyLabels(key), [outputs["keyLabel"]], "zot has only one key of ours, CI's");
  assert.partialDeepStrictEqual(outputs["acceptanceResult"], { access: "15 of 15 checks passed", build: "success" });
}

/** `check` fails, and names what the killed run left. A run that is killed early has not yet written what it began. */
async function assertUnfinishedNamed(): Promise<void> {
  const { code, output } = await lab.command("check");
  assert.equal(code, 1);
  assert.match(output, /^✗ lab: an earlier run did not finish: .*npm run recover -- lab /m);
  for (const urn of lab.pending()) {
    assert.match(output, new RegExp(`(creating|updating) ${urn.split("::").at(-1) ?? ""}[,.]`));
  }
}

// tests/model interrupts every request in every order, but with a model of the engine. This test covers what it lacks: Argo CD and the ConfigMap.
test("a first up that is interrupted repeatedly, each time at a later step, can be resumed", async () => {
  const rows = ["authentik-sync", "authentik-blueprint", "authentik-applied", "zot-config"];
  for (const row of rows) {
    if (lab.pending().length > 0) assert.equal((await lab.pulumi("cancel", "--yes")).code, 0);
    const cut = await lab.upCutOffAt(row, true);
    assert.notEqual(cut.code, 0);
    assert.ok(
      lab.pending().some((urn) => urn.endsWith(`::${row}`)),
      `the state has ${row} as pending\n${cut.output}`,
    );
  }
  await assertUnfinishedNamed();
  await recover();
  await assertWhole();
});

test("recover changes nothing on a healthy stack", async () => {
  const key = homelab.ciKey("homelab/apps");
  const outputs = lab.outputs();
  const { code, output } = await lab.command("recover");
  assert.equal(code, 0, output);
  assert.doesNotMatch(output, /▸ cancel:/);
  assert.match(output, /Resources:\n    36 unchanged\n/);
  assert.equal(homelab.ciKey("homelab/apps"), key);
  assert.deepEqual(lab.outputs(), outputs);
});

test("recover keeps the lock of a run that it cannot check, and changes nothing", async () => {
  const before = lab.stateText();
  const since = new Date().toISOString();
  const elsewhere = { pid: process.pid, username: "ann", hostname: `not-${hostname()}`, timestamp: since };
  for (const [content, says] of [
    [JSON.stringify(elsewhere), /✗ lab is locked by ann@not-.+, on another machine, where it may still be running/],
    // As after a power failure.
    ["", /✗ the lock of lab is unreadable/],
  ] as const) {
    writeFileSync(join(lockFolder(), "left.json"), content);
    const { code, output } = await lab.command("recover");
    assert.equal(code, 1, output);
    assert.match(output, says);
    assert.match(output, /remove the lock with `npm run pulumi -- cancel --stack lab`, .* Nothing was changed\.$/m);
    assert.deepEqual(locks(), ["left.json"]);
    assert.equal(lab.stateText(), before);
  }
  rmSync(join(lockFolder(), "left.json"));
});

test("recover asks for a missing stack name, and fails for a stack that does not exist", async () => {
  const none = await lab.command("recover", []);
  assert.deepEqual([none.code, none.output.startsWith("usage: npm run recover -- <stack>")], [2, true]);
  const unknown = await lab.command("recover", ["nowhere", "--config-file", lab.settingsFile, "--yes"]);
  assert.equal(unknown.code, 2, unknown.output);
  assert.doesNotMatch(unknown.output, /▸ up:/);
});

for (const row of ["ci-key", "forgejo-homelab/site"]) {
  test(`a rotation that is interrupted at ${row} leaves CI with a working key, and recover completes it`, async () => {
    changeCi({ rotationTrigger: `interrupted at ${row}` });
    const cut = await lab.upCutOffAt(row);
    assert.notEqual(cut.code, 0);
    for (const repository of ["homelab/apps", "homelab/site"]) {
      assert.equal(
        (await homelab.registry("/v2/", { key: homelab.ciKey(repository) ?? "" })).status,
        200,
        `${repository} can push`,
      );
    }
    if (lab.pending().length > 0) await assertUnfinishedNamed();
    await recover();
    await assertWhole();
    if (row !== "ci-key") return; // check.ts follows
    const { code, output } = await lab.pulumi("preview", "--expect-no-changes", "--non-interactive");
    assert.equal(code, 0, output);
  });
}
