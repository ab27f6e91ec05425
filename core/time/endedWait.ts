import { channel } from "node:diagnostics_channel";

/** A wait that has ended, in milliseconds since 1970. */
export interface EndedWait {
  readonly begun: number;
  /** When the last look ended that did not see it: until then it was the server that took its time. As `begun` if the first look saw it. */
  readonly nothingUntil: number;
  /** When the look began that saw it: since the last look it may have been there without being seen. */
  readonly seenFrom: number;
}

/** Tells of each {@link EndedWait}. Only the benchmark listens. */
export const endedWaits = channel("zot-auth:ended-wait");
