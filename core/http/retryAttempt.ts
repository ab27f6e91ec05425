import { setTimeout as delay } from "node:timers/promises";
import { isOutage } from "./http.ts";

const ATTEMPTS = 4;
/** Milliseconds before the second attempt; doubled for each further one. */
const PAUSE = 500;

/**
 * Repeats what ends in an outage of a server and cannot be repeated request by request, such as a POST that makes something. The lost
 * response may have been a success.
 *
 * @param find looks for what the failed attempt may have made, before the next one; default: nothing stays of it
 * @throws the last attempt's error
 */
export async function again<T>(
  attempt: () => Promise<T>,
  signal: AbortSignal,
  find: () => Promise<T | undefined> = async () => Promise.resolve(undefined),
): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isOutage(error) || count === ATTEMPTS) throw error;
    }
    // Half of the pause is by chance, so that what failed together is not repeated together.
    await delay((PAUSE * 2 ** (count - 1) * (1 + Math.random())) / 2, undefined, { signal });
    const found = await find();
    if (found !== undefined) return found;
  }
}
