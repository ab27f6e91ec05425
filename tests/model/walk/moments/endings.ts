// What a user does after a run that was killed, and what must then be there.
import assert from "node:assert/strict";
import { differences } from "../stack/inventory.ts";
import type { Inventory } from "../stack/inventory.ts";
import { assertDone } from "../stack/stack.ts";
import type { Stage } from "../../world/unlike.ts";
import type { Declared, Stack } from "../stack/stack.ts";

/**
 * `on`: runs `up` again. `recover`: refreshes first, as `npm run recover` does. `destroy`: destroys. `back`: sets the settings back, and runs `up`. `backRecover`: sets
 * them back, and refreshes first.
 */
export const ENDINGS = ["on", "recover", "destroy", "back", "backRecover"] as const;
export type Ending = (typeof ENDINGS)[number];

/** A change of settings. */
export interface Change {
  readonly first: Declared;
  readonly second: Declared;
  /** What a first `up` with them makes. */
  readonly before: Inventory;
  readonly wanted: Inventory;
  /** Whether CI may be without a key for a moment. */
  readonly mayLackKey: boolean;
  /** Whether a destroy may leave keys, with a warning that says so: after two killed runs, there may be no way in to zot, and no key at hand. */
  readonly mayWarn?: true;
}

export function stagesOf(ending: Ending, stack: Stack, change: Change): readonly Stage[] {
  const { first, second, before, wanted } = change;
  const up = (declared: Declared): Stage => ({
    name: `up with the ${declared === first ? "first" : "second"} settings`,
    play: async () => {
      await stack.up(declared);
      if (!change.mayLackKey) assert.deepEqual(stack.gaps, [], "CI has a key that zot takes at every moment");
    },
  });
  const refresh: Stage = { name: "refresh", play: async () => stack.refresh() };
  const destroy: Stage = { name: "destroy", play: async () => destroyedAfterwards(stack, change.mayWarn) };
  const settled = (declared: Declared, made: Inventory): readonly Stage[] => [
    {
      name: `refresh, and up with the ${declared === first ? "first" : "second"} settings`,
      play: async () => stack.refreshed(declared),
    },
    {
      name: "what is there",
      play: async () => assert.deepEqual(differences(await stack.inventory(), made), [], "as a first up makes it"),
    },
    destroy,
  ];
  switch (ending) {
    case "on":
      return [up(second), refresh, up(second), ...settled(second, wanted)];
    case "recover":
      return [refresh, up(second), ...settled(second, wanted)];
    case "destroy":
      return [destroy];
    case "back":
      // What the killed run made, and no state knows of, a refresh finds.
      return [up(first), nothingIsMissing(stack, before), refresh, up(first), ...settled(first, before)];
    case "backRecover":
      return [refresh, up(first), ...settled(first, before)];
  }
}

function nothingIsMissing(stack: Stack, before: Inventory): Stage {
  return {
    name: "what was there",
    play: async () => {
      const missing = differences(await stack.inventory(), before).filter((thing) => thing.startsWith("-"));
      assert.deepEqual(missing, [], "nothing of what was there before is missing");
    },
  };
}

/** Pulumi keeps creations with an unknown outcome, also after a destroy: a refresh looks for them. */
export async function destroyedAfterwards(stack: Stack, mayWarn?: true): Promise<void> {
  stack.expectNothing();
  stack.engine.said.length = 0;
  assertDone(await stack.engine.destroy());
  const said = stack.engine.said.join("\n");
  const left = (await stack.left()).filter((thing) => mayWarn === undefined || !isWarnedOf(thing, said));
  assert.deepEqual(left, [], "destroy leaves nothing");
  await stack.refresh();
  await stack.destroyed(mayWarn === undefined ? [] : await stack.left());
}

/** Whether a warning says of a key until when it is valid. */
function isWarnedOf(thing: string, said: string): boolean {
  const [, user] = /^zot: key of (.+): ours$/.exec(thing) ?? [];
  if (user === undefined) return false;
  // An error that the warning quotes may have several lines: one for each failed check.
  const warnings = said.matchAll(/ of (.+) are left at \S+ is unknown: [^]*? valid until 20/g);
  return [...warnings].some(([, users = ""]) => users.split(" and ").includes(user));
}
