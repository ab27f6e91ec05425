import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ModelPlayer, RealPlayer } from "./players.ts";
import type { Command, Outcome } from "./players.ts";
import type { Declared } from "./program.ts";

// tests/model plays the product's life with a model of Pulumi's engine. Here the real CLI and the model play the same program, command by command, each
// with its own state. The calls of the provider and the state afterwards must be the same.
//
// The model has no previews, no plans and no targets, and these of Pulumi's features that the product does not use: `protect`, `retainOnDelete`,
// `replaceOnChanges`, `deletedWith`, `ignoreChanges`, imports, hooks, partially failed creates, `check` of inputs, `--continue-on-error`, and the
// replacement of a provider, which ours never needs. It knows one provider at a time. Steps that may run in parallel do so in the model; here
// they run one after the other.

let real: RealPlayer;
let model: ModelPlayer;

before(async () => {
  real = new RealPlayer();
  model = new ModelPlayer();
  await real.start();
});
after(() => {
  real.stop();
  model.stop();
});

/** `a`, then `b`, which takes its name and has to be replaced with it, `c`, which is updated after it, and `d` in the component. */
function chain(a: Partial<Declared>, c = "1"): readonly Declared[] {
  return [
    { name: "a", ...a },
    { name: "b", fixed: { of: a.name ?? "a" } },
    { name: "c", value: c, needs: ["b"] },
    { name: "d", needs: ["c"], boxed: true },
  ];
}

function beside(z: Partial<Declared>): readonly Declared[] {
  return [{ name: "alone" }, { name: "z", single: "2", ...z }, { name: "c", value: "2", needs: ["z"] }];
}

/** In this order; those in an inner list in any. */
type Order = readonly (string | readonly string[])[];

const LIFE: readonly (readonly [title: string, command: Command, calls: Order, state: Order])[] = [
  [
    "a first up",
    { run: "up", program: chain({ fixed: "1" }) },
    ["create a a1", "create b b1", "create c c1", "create d d1"],
    ["a a1", "b b1 needs a", "c c1 needs b", "d d1 needs c"],
  ],
  [
    "a replacement, with what takes its name, whose last delete fails",
    { run: "up", program: chain({ fixed: "2" }), failing: "delete a" },
    ["create a a2", "create b b2", "delete b b1", "delete a a1"],
    ["a a2", "b b2 needs a", "c c1 needs b", "d d1 needs c", "a a1 replaced"],
  ],
  [
    "the next up deletes what is left",
    { run: "up", program: chain({ fixed: "2" }) },
    ["delete a a1"],
    ["a a2", "b b2 needs a", "c c1 needs b", "d d1 needs c"],
  ],
  [
    "a replacement, and a later update that fails",
    { run: "up", program: chain({ fixed: "3" }, "2"), failing: "update c" },
    ["create a a3", "create b b3", "update c c1"],
    ["a a3", "b b3 needs a", "a a2 replaced", "b b2 replaced needs a", "c c1 needs b", "d d1 needs c"],
  ],
  [
    "replaced once more: both former objects are deleted",
    { run: "up", program: chain({ fixed: "4" }, "2") },
    ["create a a4", "create b b4", "update c c1", ["delete b b2", "delete b b3"], ["delete a a2", "delete a a3"]],
    ["a a4", "b b4 needs a", "c c1 needs b", "d d1 needs c"],
  ],
  [
    "renamed, and deleted before the replacement, which fails: what takes its name is deleted first, what only needs it is not",
    { run: "up", program: chain({ name: "z", formerName: "a", fixed: "4", single: "2" }, "2"), failing: "create z" },
    ["delete b b4", "delete a a4", "create z z1"],
    ["a a4 deleted", "b b4 deleted needs a", "c c1 needs b", "d d1 needs c"],
  ],
  [
    "the next up, in which b is no longer declared: it is deleted already",
    {
      run: "up",
      program: [
        { name: "z", formerName: "a", fixed: "4", single: "2" },
        { name: "c", value: "2", needs: ["z"] },
        { name: "d", needs: ["c"], boxed: true },
      ],
    },
    ["create z z2"],
    ["z z2", "c c1 needs z", "d d1 needs c"],
  ],
  [
    "the option deleteBeforeReplace, and a resource that nothing depends on",
    { run: "up", program: beside({ fixed: "5", deleteBeforeReplace: true }) },
    [["create alone alone1", "create z z3", "delete z z2"], "delete d d1"],
    [["alone alone1", "z z3"], "c c1 needs z"],
  ],
  [
    "a replacement whose last delete fails again",
    { run: "up", program: beside({ fixed: "6" }), failing: "delete z" },
    ["create z z4", "delete z z3"],
    [["alone alone1", "z z4"], "c c1 needs z", "z z3 replaced"],
  ],
  [
    "a destroy that fails: alone waits for what depends on z, although nothing depends on alone",
    { run: "destroy", failing: "delete c" },
    ["delete c c1"],
    [["alone alone1", "z z4"], "c c1 needs z", "z z3 replaced"],
  ],
  [
    "a refresh that does not find z: what it replaced is still to be deleted",
    { run: "refresh", gone: "z4" },
    [],
    ["alone alone1", "c c1", "z z3 replaced"],
  ],
  ["destroy", { run: "destroy" }, [["delete alone alone1", "delete c c1", "delete z z3"]], []],
];

for (const [title, command, calls, state] of LIFE) {
  test(title, async () => {
    const [seen, modelled] = await Promise.all([real.play(command), model.play(command)]);
    const comparable = (outcome: Outcome) => ({
      calls: sortedAs(calls, outcome.calls),
      state: sortedAs(state, outcome.state),
      succeeded: outcome.succeeded,
    });
    const succeeded = command.failing === undefined;
    assert.deepEqual(comparable(seen), { calls: calls.flat(), state: state.flat(), succeeded }, real.printed);
    assert.deepEqual(comparable(modelled), comparable(seen));
  });
}

/** With those sorted whose order is not given. */
function sortedAs(order: Order, seen: readonly string[]): readonly string[] {
  let at = 0;
  const sorted = order.flatMap((group) => {
    const size = [group].flat().length;
    at += size;
    return seen.slice(at - size, at).toSorted();
  });
  return [...sorted, ...seen.slice(at)];
}
