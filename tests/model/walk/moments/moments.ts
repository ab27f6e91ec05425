// Several settings change in one edit, and the run is killed at a moment. Moments after which the world is the same are one.
import assert from "node:assert/strict";
import type { Fault } from "../../requests/gate.ts";
import { ENDINGS, stagesOf } from "./endings.ts";
import type { Change, Ending } from "./endings.ts";
import { settingsAt } from "../stack/place.ts";
import { declaring } from "../stack/stack.ts";
import type { Declared, Stack } from "../stack/stack.ts";
import type { Pair } from "../table/pairs.ts";
import { likenessOf } from "../../world/likeness.ts";
import { Unlike } from "../../world/unlike.ts";
import { restore, worldOf } from "../../world/world.ts";
import type { World } from "../../world/world.ts";

/** A moment of a run, and how it goes on. */
export interface Cut {
  readonly fault: Fault;
  readonly ending: Ending;
}

/** A run without a fault. */
export interface Whole {
  /** The requests that change something. */
  readonly requests: readonly string[];
  /** How often the state was saved. */
  readonly saves: number;
}

export interface Played {
  readonly moments: number;
  /** The moments after which the world is another one. */
  readonly unlike: number;
  readonly endings: number;
  readonly failures: readonly string[];
}

/** Before and after each request that changes something, and after each time the state was saved. */
export function faultsOf({ requests, saves }: Whole): readonly Fault[] {
  const faults = (count: number, when: Fault["when"]): readonly Fault[] =>
    Array.from({ length: count }, (_each, index) => ({ at: index + 1, when, then: "cli" }));
  return [...faults(requests.length, "before"), ...faults(requests.length, "after"), ...faults(saves, "saved")];
}

/** Settings that were set back are not set back once more. */
function endingsOf({ first, second }: Change): readonly Ending[] {
  return first === second ? ENDINGS.filter((ending) => ending !== "back" && ending !== "backRecover") : ENDINGS;
}

/** Some of them, as far from each other as they can be. */
export function spread<T>(all: readonly T[], count: number): readonly T[] {
  const picked = Array.from({ length: Math.min(count, all.length) }, (_each, index) => {
    const at = Math.floor(((index + 0.5) * all.length) / Math.min(count, all.length));
    return all.slice(at, at + 1);
  });
  return picked.flat();
}

export const RENAMED = "zot-auth/renamed";

/** What one change begins with. */
interface Beginning {
  readonly change: Change;
  /** Makes the world in which the change begins. */
  readonly begin: () => Promise<void>;
  /** Settings whose secrets are watched. */
  readonly watched: readonly Declared[];
}

/** One change of settings, and all that can become of it. */
export class Moments {
  readonly whole: Whole;
  readonly change: Change;
  readonly #stack: Stack;
  readonly #begin: () => Promise<void>;
  readonly #watched: readonly Declared[];
  readonly #unlike: Unlike;

  private constructor(stack: Stack, { change, begin, watched }: Beginning, whole: Whole, unlike = new Unlike()) {
    this.whole = whole;
    this.change = change;
    this.#stack = stack;
    this.#begin = begin;
    this.#watched = watched;
    this.#unlike = unlike;
  }

  /**
   * @param back from the second settings to the first ones
   * @throws AssertionError that says what is not as it should be if the run is not killed
   */
  static async of(stack: Stack, pair: Pair, back: boolean): Promise<Moments> {
    const { place } = stack;
    const one = declaring(settingsAt(place, Object.entries(pair.from?.(place) ?? {})));
    const two = declaring(settingsAt(place, Object.entries(pair.to(place))), pair.renamed ? RENAMED : undefined);
    const [first, second] = back ? [two, one] : [one, two];
    stack.expectNothing();
    if (back) {
      // The homelab begins with the objects of the first settings: they become the stack's, and go.
      await stack.up(one);
      await stack.destroyed();
    }
    await stack.up(first);
    await stack.nothingToDo(first);
    const world = await worldOf(stack);
    const begin = async (): Promise<void> => restore(stack, world);
    const before = await stack.inventory();
    await stack.destroyed();
    await stack.up(second);
    const wanted = await stack.inventory();
    const change = { first, second, before, wanted, mayLackKey: pair.gap !== undefined };
    const beginning = { change, begin, watched: [first, second] };
    return new Moments(stack, beginning, await wholeOf(stack, beginning));
  }

  /**
   * Another edit, after a run with this one was killed.
   *
   * @param unlike of the same edit after another moment
   * @returns `undefined` if the run came to its end before that moment
   */
  async edit(change: Change, killed: Fault, unlike: Unlike): Promise<Moments | undefined> {
    if ((await this.#kill(killed)) === undefined) return undefined;
    const world = await worldOf(this.#stack);
    const begin = async (): Promise<void> => {
      // If zot cannot start in that world, it is made again.
      if (!(await this.#isBackIn(world))) await this.#kill(killed);
    };
    const beginning = { change, begin, watched: [...this.#watched, change.second] };
    return new Moments(this.#stack, beginning, await wholeOf(this.#stack, beginning), unlike);
  }

  /** @returns what is not as it should be, if anything */
  async play({ fault, ending }: Cut): Promise<string | undefined> {
    const killed = await this.#kill(fault);
    return killed === undefined ? undefined : this.#end(ending, killed);
  }

  /** Every moment, and every ending. */
  async playAll(faults = faultsOf(this.whole)): Promise<Played> {
    const seen = new Set<string>();
    const failures: string[] = [];
    let endings = 0;
    for (const fault of faults) {
      const killed = await this.#kill(fault);
      if (killed === undefined) continue;
      const like = likenessOf(this.#stack, this.#stack.gaps);
      if (seen.has(like)) continue;
      seen.add(like);
      const world = await worldOf(this.#stack);
      for (const [order, ending] of endingsOf(this.change).entries()) {
        endings += 1;
        // If zot cannot start in that world, it is made again.
        if (order > 0 && !(await this.#isBackIn(world))) await this.#kill(fault);
        const why = await this.#end(ending, killed);
        if (why !== undefined) failures.push(`killed ${killed}, ${ending}: ${why}`);
      }
    }
    await this.#begin();
    return { moments: faults.length, unlike: seen.size, endings, failures };
  }

  async #isBackIn(world: World): Promise<boolean> {
    try {
      const gaps = [...this.#stack.gaps];
      await restore(this.#stack, world);
      this.#expectKeys();
      this.#stack.gaps.push(...gaps);
      return true;
    } catch {
      return false;
    }
  }

  #expectKeys(): void {
    this.#stack.expectKeys(...this.#watched);
  }

  /** @returns when it was killed; `undefined` if the run came to its end before */
  async #kill(fault: Fault): Promise<string | undefined> {
    await this.#begin();
    this.#expectKeys();
    const { how, run, errors } = await this.#stack.run(this.change.second, fault);
    await this.#stack.lab.settled();
    assert.notEqual(how, "failed", errors.join("\n"));
    if (how === "done") return undefined;
    const what = run.struck === undefined ? run.saved : `${run.struck.method} ${run.struck.url.pathname}`;
    return `${fault.when} ${fault.at} (${what})`;
  }

  async #end(ending: Ending, killed: string): Promise<string | undefined> {
    const stages = stagesOf(ending, this.#stack, this.change);
    const failed = await this.#unlike.play(this.#stack, stages, () => this.#stack.gaps);
    if (failed === undefined) return undefined;
    const { stage, error } = failed;
    return `${stage}, ${killed}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The change, if nothing is killed. */
async function wholeOf(stack: Stack, { change, begin, watched }: Beginning): Promise<Whole> {
  await begin();
  stack.expectKeys(...watched);
  const { changes, saves } = (await stack.up(change.second)).run;
  if (!change.mayLackKey) assert.deepEqual(stack.gaps, [], "CI has a key that zot takes at every moment");
  return { requests: changes.map(({ method, url }) => `${method} ${url.pathname}`), saves };
}
