// The model's time: all that runs in this process, program and servers, sees the same clock, which can be put forward; and no pause is long.
import timers from "node:timers/promises";
import { syncBuiltinESMExports } from "node:module";

const RealDate = Date;
let ahead = 0;

class ModelDate extends RealDate {
  constructor(...given: readonly unknown[]) {
    if (given.length === 0) super(RealDate.now() + ahead);
    else super(...(given as [number]));
  }

  static override now(): number {
    return RealDate.now() + ahead;
  }
}

/** Puts the clock forward. */
export function pass(seconds: number): void {
  ahead += seconds * 1000;
}

/** How many times shorter a pause is than the program believes: what it waits for is in this process, or is time itself. */
const HURRY = 50;

/** Call it before what is to be tested is loaded. */
export function takeTheClock(): void {
  globalThis.Date = ModelDate as DateConstructor;
  const wait = timers.setTimeout;
  timers.setTimeout = async (milliseconds = 0, value, options) => {
    const result = await wait(milliseconds / HURRY, value, options);
    pass((milliseconds - milliseconds / HURRY) / 1000);
    return result;
  };
  syncBuiltinESMExports();
}
