import { ZotAuthError, messageOf } from "../errors.ts";

/** Seconds for everything that one row of a preview looks up. */
const SECONDS = 10;

/**
 * Looks something up for a preview, which works without the servers: what cannot be looked up is a warning.
 *
 * @param unknown what is then unknown, as the beginning of a sentence: `What the field holds is unknown`
 * @param look gets a signal that limits its time
 */
export async function unlessUnreadable(
  unknown: string,
  { signal, warn }: { readonly signal: AbortSignal; readonly warn: (message: string) => void },
  look: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const limit = AbortSignal.timeout(SECONDS * 1000);
  try {
    await look(AbortSignal.any([signal, limit]));
  } catch (error) {
    signal.throwIfAborted();
    if (!limit.aborted && !(error instanceof ZotAuthError)) throw error;
    warn(`${unknown}: ${limit.aborted ? `no answer within ${SECONDS} seconds.` : messageOf(error)}`);
  }
}
