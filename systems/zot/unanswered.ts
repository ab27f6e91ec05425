import { isOutage } from "../../core/http/http.ts";

/** A state may hold this text, so it never changes. The drift of what a refresh could not check, as zot does not answer. An update checks it, after it has made zot serve again, or fails. */
export const UNANSWERED = "zot does not answer, so this was not checked";

/**
 * Asks zot in a refresh. A zot that is down must not stop the refresh: the `up` that follows it restarts zot.
 *
 * @returns {@link UNANSWERED} if zot, or the proxy in front of it, does not answer
 */
export async function askedIn<T>(ask: () => Promise<T>): Promise<T | typeof UNANSWERED> {
  try {
    return await ask();
  } catch (error) {
    if (isOutage(error)) return UNANSWERED;
    throw error;
  }
}
