import { at } from "../json.ts";
import { setTimeout as delay } from "node:timers/promises";
import type { RetryHandler } from "undici";

/** How long a request is retried, and how often. */
export interface RetryLimits {
  /** Seconds from the first try after which a request is not sent again. Default 60. */
  readonly retryFor?: number;
  /** Milliseconds before the first retry; doubled at each, up to 40 times as much. Default 250. */
  readonly pause?: number;
}

/** What decides whether a request is sent again. */
export interface RetryRules extends RetryLimits {
  /** Scheme, host and port of the server. */
  readonly origin: string;
  readonly signal: AbortSignal | undefined;
  /** Whether the request can be sent twice without harm. */
  readonly idempotent: boolean;
  /** Statuses after which an idempotent request is sent again. */
  readonly statuses: readonly number[];
}

/** How a connection ends when the server or a proxy between died or restarted. */
const RESETS: readonly unknown[] = ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"];

/** Seconds for which connections that end are retried: a server that restarts refuses them soon after, and is reported then anyway. */
const RESET_SECONDS = 5;

const TOO_MANY_REQUESTS = 429;

/** By origin, when the server accepts requests again: what it asks of one request goes for all. */
const quietUntil = new Map<string, number>();

/** Waits as long as the server asked for with `Retry-After`. */
export async function waitUntilWelcome(origin: string, signal: AbortSignal | undefined): Promise<void> {
  for (let left; (left = (quietUntil.get(origin) ?? 0) - Date.now()) > 0;) await delay(left, undefined, { signal });
}

/**
 * undici's retry of one request: again where the server asked for it (429), or where it failed or hung up and the request is idempotent. Not
 * undici's own policy, which retries by number and not by time, without chance, and comes back early when the server asks for a long pause.
 *
 * @param gaveUp called when a request that could have been retried is not, because the time is over
 */
export function retryPolicy(rules: RetryRules, gaveUp: (retriedFor: number) => void): RetryHandler.RetryCallback {
  const { origin, signal, idempotent, statuses, retryFor = 60, pause = 250 } = rules;
  const start = Date.now();
  return (error, { state }, done) => {
    const status = at(error, "statusCode");
    const worthIt =
      status === TOO_MANY_REQUESTS ||
      (idempotent && (typeof status === "number" ? statuses.includes(status) : RESETS.includes(at(error, "code"))));
    if (!worthIt) {
      done(error);
      return;
    }
    const asked = status === undefined ? undefined : retryAfter(at(error, "headers", "retry-after"));
    const wait = (asked ?? 0) + jittered(Math.min(pause * 2 ** (state.counter - 1), pause * 40));
    const seconds = status === undefined ? Math.min(retryFor, RESET_SECONDS) : retryFor;
    if (Date.now() + wait > start + seconds * 1000) {
      gaveUp(retryFor);
      done(error);
      return;
    }
    if (asked !== undefined) quietUntil.set(origin, Math.max(quietUntil.get(origin) ?? 0, Date.now() + asked));
    // A cancelled pause needs no answer: undici has failed the request by then.
    void delay(wait, undefined, { signal }).then(
      () => done(null),
      () => undefined,
    );
  };
}

/** What `Retry-After` asks for in milliseconds: it holds seconds or a date. */
function retryAfter(header: unknown): number | undefined {
  if (typeof header !== "string") return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** Half of it for certain and half by chance, so that those who failed together do not come back together. */
function jittered(pause: number): number {
  return pause / 2 + (Math.random() * pause) / 2;
}
