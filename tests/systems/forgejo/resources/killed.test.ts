import assert from "node:assert/strict";
import test from "node:test";
import { copiedSecret } from "../../../../systems/forgejo/resources/copiedSecret.ts";
import type { CopiedSecretInputs, CopiedSecretState } from "../../../../systems/forgejo/resources/copiedSecret.ts";
import { Bench } from "../support/between.ts";

// The provider dies before or after each of its requests, for each kind of target and each operation; the state stays the old one.
// Detected: a refresh reports drift, or nothing was changed. Repaired: repeating the operation gives the intended result.

const VALUES = { T_OLD: "the-old-value", T_NEW: "the-new-value" };
Object.assign(process.env, VALUES);

const inputs = (bench: Bench, target: string, source: "T_OLD" | "T_NEW"): CopiedSecretInputs => ({
  ...bench.connection(),
  target,
  secretName: "FORGE_TOKEN",
  source: `env:${source}`,
  label: "zot-auth/test/FORGE_TOKEN",
});

async function driftOf(bench: Bench, state: CopiedSecretState): Promise<string> {
  const seen = await copiedSecret.read?.(state, bench.context());
  assert.ok(seen);
  return seen.drift;
}

/** Runs an action with a kill at one request; returns whether the kill happened. */
async function killedAt(
  bench: Bench,
  number: number,
  when: "before" | "after",
  action: () => Promise<unknown>,
): Promise<boolean> {
  bench.requests = 0;
  bench.fate = (request) => (request.number === number ? { when, then: "cut" } : undefined);
  const cut = await action().then(
    () => false,
    (error: unknown) => {
      assert.match(String(error), /killed|aborted/);
      return true;
    },
  );
  bench.fate = () => undefined;
  return cut;
}

for (const [target, where] of [
  ["own/app", "own/app"],
  ["org1", "org1"],
  ["user:own", "own"],
] as const) {
  for (const when of ["before", "after"] as const) {
    test(`${target}: killed ${when} any request of a create, an update or a delete`, async (t) => {
      const bench = await Bench.start(t);
      const others = bench.held(where);
      let cuts = 0;
      for (let number = 1; ; number += 1) {
        const creating = await killedAt(bench, number, when, async () =>
          copiedSecret.create(inputs(bench, target, "T_OLD"), bench.context()),
        );
        const { state } = await copiedSecret.create(inputs(bench, target, "T_OLD"), bench.context());
        assert.equal(await driftOf(bench, state), "");
        const before = bench.held(where);

        const updating = await killedAt(bench, number, when, async () =>
          copiedSecret.update?.(state, inputs(bench, target, "T_NEW"), bench.context()),
        );
        const unchanged = JSON.stringify(bench.held(where)) === JSON.stringify(before);
        // The user may have reverted the settings: then only a refresh finds it.
        assert.equal((await driftOf(bench, state)) === "", unchanged, `update, request ${number}`);
        const updated = await copiedSecret.update?.(state, inputs(bench, target, "T_NEW"), bench.context());
        assert.ok(updated);
        assert.equal(await driftOf(bench, updated), "");
        assert.equal(bench.held(where).secrets["FORGE_TOKEN"], VALUES.T_NEW);

        const there = bench.held(where);
        const deleting = await killedAt(bench, number, when, async () =>
          copiedSecret.delete?.(updated, bench.context()),
        );
        const kept = JSON.stringify(bench.held(where)) === JSON.stringify(there);
        assert.equal((await driftOf(bench, updated)) === "", kept, `delete, request ${number}`);
        await copiedSecret.delete?.(updated, bench.context());
        assert.deepEqual(bench.held(where), others, `delete, request ${number}`);
        cuts += [creating, updating, deleting].filter(Boolean).length;
        if (!creating && !updating && !deleting) break;
      }
      assert.ok(cuts >= 14, `${cuts} kills`);
    });
  }
}
