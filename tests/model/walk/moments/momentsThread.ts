// The thread in which changes of settings that were killed are played, as walkThread.ts plays the others.
import "../../prepare.ts";
import { parentPort } from "node:worker_threads";
import type { Fault } from "../../requests/gate.ts";
import { ENDINGS } from "./endings.ts";
import { Moments, faultsOf } from "./moments.ts";
import type { Cut, Played, Whole } from "./moments.ts";
import { Unlike } from "../../world/unlike.ts";
import { Stack } from "../stack/stack.ts";
import { PAIRS } from "../table/pairs.ts";
import type { At, FoundTwice, Pair } from "../table/pairs.ts";
import { editedAgain, playTwice } from "./twice.ts";
import type { Again, Twice } from "./twice.ts";

/** A change of settings, or the change back; `few`: that many moments, otherwise all of them. */
export interface Job {
  readonly pair: string;
  readonly back: boolean;
  readonly few?: number;
  /** After the run was killed, a second edit, whose run is killed, too. */
  readonly twice?: Twice & { readonly again: Again };
  /** Only that one of `foundTwice`. */
  readonly found?: number;
}

/**
 * Requests that leave nothing of interest: those that prove something, open or end a session, or do in a second repository what was done in the first. Requests of
 * Kubernetes' own provider count as all others; those of kubernetes:PatchCleanup, which has connections of its own, do not: it repeats them all.
 */
const PASSING = /^\S+ \/v2\/|\/logout$|\/executor\/|\/token\/$|\/own\/two\//;

async function play({ pair: name, back, few, twice, found }: Job): Promise<Played> {
  const pair = PAIRS[name];
  if (pair === undefined) throw new Error(`there is no pair ${name}`);
  const stack = await Stack.start(pair.releases);
  try {
    if (twice !== undefined) return await playTwice(stack, { pair, back, again: twice.again }, twice);
    const moments = await Moments.of(stack, pair, back);
    const again = found === undefined ? undefined : pair.foundTwice?.[found];
    if (again !== undefined) return await playFound(stack, { pair, moments }, again);
    return few === undefined
      ? await moments.playAll()
      : await playSome(moments, cutsOf(name, pair, moments.whole, few));
  } catch (error) {
    const failures = [error instanceof Error ? error.message : String(error)];
    return { moments: 0, unlike: 0, endings: 0, failures };
  } finally {
    await stack.stop();
  }
}

async function playSome(moments: Moments, cuts: readonly Cut[]): Promise<Played> {
  const failures: string[] = [];
  for (const cut of cuts) {
    const why = await moments.play(cut);
    if (why !== undefined) failures.push(why);
  }
  return { moments: cuts.length, unlike: cuts.length, endings: cuts.length, failures };
}

async function playFound(
  stack: Stack,
  { pair, moments }: { readonly pair: Pair; readonly moments: Moments },
  { first, again, second, ending }: FoundTwice,
): Promise<Played> {
  const change = await editedAgain(stack, { pair, again }, moments.change);
  const next = await moments.edit(change, { ...faultAt(first, moments.whole), then: "cli" }, new Unlike());
  if (next === undefined) throw new Error("the first run came to its end");
  return playSome(next, [{ fault: { ...faultAt(second, next.whole), then: "cli" }, ending }]);
}

function faultAt({ request, number = 1, when }: At, { requests }: Whole): Pick<Fault, "at" | "when"> {
  const at = requests.flatMap((sent, index) => (request.test(sent) ? [index + 1] : []))[number - 1];
  if (at === undefined) throw new Error(`no request is like ${request.source}:\n${requests.join("\n")}`);
  return { at, when };
}

/** The same each time: far from each other, other endings for other pairs, and those at which a fault was found. */
function cutsOf(name: string, { found = [] }: Pair, whole: Whole, few: number): readonly Cut[] {
  const order = Object.keys(PAIRS).indexOf(name);
  const all = faultsOf(whole).filter(({ at, when }) => when === "saved" || !PASSING.test(whole.requests[at - 1] ?? ""));
  const some = Array.from({ length: Math.min(few, all.length) }, (_each, index): readonly Cut[] => {
    const fault = all[Math.floor(((index + (order % 4) / 4) * all.length) / few)];
    const ending = ENDINGS[(order + index) % ENDINGS.length];
    return fault === undefined || ending === undefined ? [] : [{ fault, ending }];
  });
  const known = found.map(({ ending, ...at }): Cut => ({ fault: { ...faultAt(at, whole), then: "provider" }, ending }));
  return [...some.flat(), ...known];
}

parentPort?.on("message", (job: Job) => {
  void play(job).then((played) => parentPort?.postMessage(played));
});
