import { setTimeout as delay } from "node:timers/promises";
import { fromSeconds } from "./duration.ts";
import { endedWaits } from "./endedWait.ts";
import type { EndedWait } from "./endedWait.ts";
import type { ErrorCode } from "../errorCodes.ts";
import { ZotAuthError } from "../errors.ts";
import { isOutage } from "../http/http.ts";

export interface WaitOptions {
  /** Completes "Timed out after 5 minutes waiting for …": `Authentik to apply the blueprint`. */
  readonly what: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  /** Default `TIMED_OUT`. */
  readonly code?: ErrorCode;
  /** What to check after a timeout; appended to the message. */
  readonly remedy: () => string;
}

/** Milliseconds before the second look. */
const FIRST_PAUSE = 30;
const LONGEST_PAUSE = 2000;

/** The pause after that one. They add up so that what is there is seen at most a quarter of the time later that it took, and {@link FIRST_PAUSE}. */
export const nextPause = (pause: number): number => Math.min(pause * 1.25, LONGEST_PAUSE);

/** Seconds for which a server may be down or restarting while something is awaited from it. */
const OUTAGE_SECONDS = 60;

/**
 * Polls until `look` returns something other than `undefined`: often at first, then less often, since most states arrive within a second
 * and waiting for the others should cause little load. A server that does not respond meanwhile is asked again, for up to a minute.
 *
 * @throws ZotAuthError `TIMED_OUT`, or the code of the options
 */
export async function waitFor<T>(look: () => Promise<T | undefined>, options: WaitOptions): Promise<T> {
  const begun = Date.now();
  const end = begun + options.timeoutSeconds * 1000;
  let nothingUntil = begun;
  let outage: { readonly since: number } | undefined;
  for (let pause = FIRST_PAUSE; ; pause = nextPause(pause)) {
    options.signal.throwIfAborted();
    const seenFrom = Date.now();
    try {
      const seen = await look();
      if (seen !== undefined) {
        endedWaits.publish({ begun, nothingUntil, seenFrom } satisfies EndedWait);
        return seen;
      }
      nothingUntil = Date.now();
      outage = undefined;
    } catch (error) {
      outage ??= { since: Date.now() };
      if (!isOutage(error) || Date.now() >= Math.min(end, outage.since + OUTAGE_SECONDS * 1000)) throw error;
    }
    if (Date.now() >= end) {
      throw new ZotAuthError(
        options.code ?? "TIMED_OUT",
        `Timed out after ${fromSeconds(options.timeoutSeconds)} waiting for ${options.what}. ${options.remedy()}`,
      );
    }
    const left = Math.max(1, end - Date.now());
    await delay(Math.min(outage === undefined ? pause : pause * (0.5 + Math.random()), left), undefined, {
      signal: options.signal,
    });
  }
}
