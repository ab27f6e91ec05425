// A run with an edit is killed; the user edits again, and that run is killed, too.
import { declaring } from "../stack/stack.ts";
import type { Stack } from "../stack/stack.ts";
import { faultsOf, Moments, spread } from "./moments.ts";
import type { Played } from "./moments.ts";
import type { Change } from "./endings.ts";
import { settingsAt } from "../stack/place.ts";
import { Unlike } from "../../world/unlike.ts";
import type { Pair } from "../table/pairs.ts";
import { thirdOf } from "../table/pairs.ts";

/** How many moments of each of the two runs are played. */
export interface Twice {
  readonly first: number;
  readonly second: number;
}

/** What a user edits after the first run was killed: something else, or back to what it was. */
export const AGAIN = ["else", "back"] as const;
export type Again = (typeof AGAIN)[number];

/** @returns what was not as it should be, and how much was played */
export async function playTwice(
  stack: Stack,
  { pair, back, again }: { readonly pair: Pair; readonly back: boolean; readonly again: Again },
  { first, second }: Twice,
): Promise<Played> {
  const moments = await Moments.of(stack, pair, back);
  const change = await editedAgain(stack, { pair, again }, moments.change);
  const unlike = new Unlike();
  const total = { moments: 0, unlike: 0, endings: 0, failures: [] as string[] };
  for (const fault of spread(faultsOf(moments.whole), first)) {
    const killed = `first killed ${fault.when} ${fault.at}`;
    try {
      const next = await moments.edit(change, fault, unlike);
      if (next === undefined) continue;
      const { failures, ...more } = await next.playAll(spread(faultsOf(next.whole), second));
      total.moments += more.moments;
      total.unlike += more.unlike;
      total.endings += more.endings;
      total.failures.push(...failures.map((failure) => `${killed}, then ${failure}`));
    } catch (error) {
      total.failures.push(`${killed}, then the other edit: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return total;
}

/** What the user edits after the first run was killed. */
export async function editedAgain(
  stack: Stack,
  { pair, again }: { readonly pair: Pair; readonly again: Again },
  change: Change,
): Promise<Change> {
  const edited = again === "back" ? setBack(change) : await toThird(stack, pair, change);
  return { ...edited, mayWarn: true };
}

function setBack(change: Change): Change {
  return { ...change, second: change.first, wanted: change.before };
}

/** What a first `up` with the third settings makes is tried out. */
async function toThird(stack: Stack, pair: Pair, change: Change): Promise<Change> {
  const third = declaring(settingsAt(stack.place, Object.entries(thirdOf(pair, stack.place))));
  stack.expectNothing();
  await stack.destroyed();
  await stack.up(third);
  return { ...change, second: third, wanted: await stack.inventory() };
}
