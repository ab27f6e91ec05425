// The model's clock: the program and the servers share it, the test can advance it, and pauses are shortened.
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

/** Advances the clock. */
export function pass(seconds: number): void {
  ahead += seconds * 1000;
}

/** Sets the clock to a time, forwards or backwards: nothing that lives longer than a run may remember a time, except in a server's data. */
export function setClock(milliseconds: number): void {
  ahead = milliseconds - RealDate.now();
}

/** By how much pauses are shortened: the program waits only for servers in this process, or for time itself. */
const HURRY = 50;

/** Call it before loading the code under test. */
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
