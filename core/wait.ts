import { setTimeout as delay } from "node:timers/promises";
import { fromSeconds } from "./duration.ts";
import type { ErrorCode } from "./errorCodes.ts";
import { ZotAuthError } from "./errors.ts";

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

/**
 * Polls until `look` returns something other than `undefined`: often at first, then less often, since most states arrive within a second
 * and waiting for the others should cause little load.
 *
 * @throws ZotAuthError `TIMED_OUT`, or the code of the options
 */
export async function waitFor<T>(look: () => Promise<T | undefined>, options: WaitOptions): Promise<T> {
  const end = Date.now() + options.timeoutSeconds * 1000;
  for (let pause = 50; ; pause = Math.min(pause * 1.5, 2000)) {
    options.signal.throwIfAborted();
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() >= end) {
      throw new ZotAuthError(
        options.code ?? "TIMED_OUT",
        `Timed out after ${fromSeconds(options.timeoutSeconds)} waiting for ${options.what}. ${options.remedy()}`,
      );
    }
    await delay(Math.min(pause, Math.max(1, end - Date.now())), undefined, { signal: options.signal });
  }
}
