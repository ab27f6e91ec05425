import { at } from "../json.ts";
import { setTimeout as delay } from "node:timers/promises";
import type { RetryHandler } from "undici";

/** How long a request is retried, and how often. */
export interface RetryLimits {
  /** Seconds after the first attempt when retries end. Default 60. */
  readonly retryFor?: number;
  /** Milliseconds before the first retry; doubled for each one, up to 40 times as much. Default 250. */
  readonly pause?: number;
}

/** What decides whether a request is retried. */
export interface RetryRules extends RetryLimits {
  /** Scheme, host and port of the server. */
  readonly origin: string;
  readonly signal: AbortSignal | undefined;
  /** Whether the request can safely be sent twice. */
  readonly idempotent: boolean;
  /** Statuses after which an idempotent request is retried. */
  readonly statuses: readonly number[];
}

/** How a connection fails when the server, or a proxy in front of it, dies or restarts. */
const RESETS: readonly unknown[] = ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"];

/** Seconds for which broken connections are retried: a restarting server soon refuses them, and is reported then anyway. */
const RESET_SECONDS = 5;

/** Without an answer in time. Tried once more: each attempt takes the whole timeout. */
const TIMEOUTS: readonly unknown[] = ["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT", "UND_ERR_CONNECT_TIMEOUT"];

const TOO_MANY_REQUESTS = 429;

/** By origin, when the server accepts requests again: its `Retry-After` for one request applies to all. */
const quietUntil = new Map<string, number>();

/** Waits as long as the server's `Retry-After` requested. */
export async function waitUntilWelcome(origin: string, signal: AbortSignal | undefined): Promise<void> {
  for (let left; (left = (quietUntil.get(origin) ?? 0) - Date.now()) > 0;) await delay(left, undefined, { signal });
}

/**
 * undici's retry of one request: after a 429, or after a failure or broken connection if the request is idempotent. Not
 * undici's own policy: it limits attempts and not time, has no jitter, and retries too early when the server requests a long pause.
 *
 * @param gaveUp called when a retryable request has run out of time
 */
export function retryPolicy(rules: RetryRules, gaveUp: (retriedFor: number) => void): RetryHandler.RetryCallback {
  const { origin, signal, idempotent, statuses, retryFor = 60, pause = 250 } = rules;
  const start = Date.now();
  return (error, { state }, done) => {
    const status = at(error, "statusCode");
    const late = TIMEOUTS.includes(at(error, "code"));
    const broken = RESETS.includes(at(error, "code")) || (late && state.counter <= 1);
    const worthIt =
      status === TOO_MANY_REQUESTS || (idempotent && (typeof status === "number" ? statuses.includes(status) : broken));
    if (!worthIt) {
      done(error);
      return;
    }
    const asked = status === undefined ? undefined : retryAfter(at(error, "headers", "retry-after"));
    const wait = (asked ?? 0) + jittered(Math.min(pause * 2 ** (state.counter - 1), pause * 40));
    const seconds = status === undefined ? Math.min(retryFor, RESET_SECONDS) : retryFor;
    if (!late && Date.now() + wait > start + seconds * 1000) {
      gaveUp(retryFor);
      done(error);
      return;
    }
    if (asked !== undefined) quietUntil.set(origin, Math.max(quietUntil.get(origin) ?? 0, Date.now() + asked));
    // A cancelled pause can be ignored: undici has failed the request by then.
    void delay(wait, undefined, { signal }).then(
      () => done(null),
      () => undefined,
    );
  };
}

/** `Retry-After`, which holds seconds or a date, in milliseconds. */
function retryAfter(header: unknown): number | undefined {
  if (typeof header !== "string") return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** Adds jitter to half of the pause, so that requests that failed together are not retried together. */
function jittered(pause: number): number {
  return pause / 2 + (Math.random() * pause) / 2;
}
