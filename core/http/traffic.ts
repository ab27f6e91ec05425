import { setTimeout as delay } from "node:timers/promises";
import { fromSeconds } from "../duration.ts";
import { ZotAuthError } from "../errors.ts";
import { Unreachable } from "./http.ts";
import type { Answer } from "./http.ts";

export interface TrafficLimits {
  /** Requests at one time. Default 8: a Forgejo on sqlite does no more work a second with more of them. */
  readonly inFlight?: number;
  /** Seconds from the first try after which a request is not tried again. Default 60. */
  readonly retryFor?: number;
  /** Milliseconds before the first of these tries; doubled at each, up to 40 times as much. Default 250. */
  readonly pause?: number;
}

export interface Trip {
  /** The server as its errors name it. */
  readonly server: string;
  /** Completes "Forgejo was asked to …". */
  readonly what: string;
  /** Whether the request can be sent twice without harm. */
  readonly idempotent: boolean;
  readonly signal: AbortSignal;
}

/** How a connection ends that was there: the server or a proxy between died, or restarted. */
const RESETS: readonly (string | undefined)[] = ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"];

/**
 * The requests of this process to one server: so many at a time, and again where the server asked for it (429), or where it failed (5xx) or
 * hung up and the request is one that can be sent twice. A server that asks to wait is left alone by all of them. Everything else is the
 * caller's to judge, at once.
 */
export class Traffic {
  readonly #retryFor: number;
  readonly #pause: number;
  #free: number;
  readonly #queue: (() => void)[] = [];
  /** When the server may be asked again. */
  #quietUntil = 0;

  constructor(limits: TrafficLimits = {}) {
    this.#free = limits.inFlight ?? 8;
    this.#retryFor = limits.retryFor ?? 60;
    this.#pause = limits.pause ?? 250;
  }

  /** @throws ZotAuthError `SERVER_BUSY` and `SERVER_FAILING` when it stays so, and what `send` throws */
  async send(trip: Trip, send: () => Promise<Answer>): Promise<Answer> {
    const end = Date.now() + this.#retryFor * 1000;
    for (let tries = 0; ; tries += 1) {
      const result = await this.#once(trip.signal, send);
      const again = result instanceof Unreachable ? trip.idempotent : isWorthAnotherTry(result, trip.idempotent);
      if (!again) {
        if (result instanceof Unreachable) throw result;
        return result;
      }
      const asked = result instanceof Unreachable ? undefined : retryAfter(result);
      const pause = jittered(Math.min(this.#pause * 2 ** tries, this.#pause * 40));
      const wait = asked === undefined ? pause : asked + pause;
      if (Date.now() + wait > end) throw result instanceof Unreachable ? result : givenUp(trip, result, this.#retryFor);
      if (asked !== undefined) this.#quietUntil = Math.max(this.#quietUntil, Date.now() + asked);
      await delay(wait, undefined, { signal: trip.signal });
    }
  }

  /** One try, when there is room for it. A connection that was reset is a result; every other failure is thrown. */
  async #once(signal: AbortSignal, send: () => Promise<Answer>): Promise<Answer | Unreachable> {
    await this.#enter(signal);
    try {
      await this.#quiet(signal);
      return await send();
    } catch (error) {
      if (error instanceof Unreachable && RESETS.includes(error.network)) return error;
      throw error;
    } finally {
      this.#leave();
    }
  }

  async #quiet(signal: AbortSignal): Promise<void> {
    for (let left; (left = this.#quietUntil - Date.now()) > 0;) await delay(left, undefined, { signal });
  }

  async #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const enter = (): void => resolve(undefined);
    const giveUp = (): void => {
      const place = this.#queue.indexOf(enter);
      // Without a place it has been let in already.
      if (place >= 0) this.#queue.splice(place, 1);
      reject(signal.reason as Error);
    };
    this.#queue.push(enter);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  /** Hands the place on to whoever waits longest. */
  #leave(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

const servers = new Map<string, Traffic>();

/** The traffic to a server, shared by all resources: the provider is one process. */
export function trafficTo(url: string): Traffic {
  const known = servers.get(url);
  if (known !== undefined) return known;
  const traffic = new Traffic();
  servers.set(url, traffic);
  return traffic;
}

function isWorthAnotherTry({ status }: Answer, idempotent: boolean): boolean {
  return status === 429 || (status >= 500 && idempotent);
}

/** What `Retry-After` asks for in milliseconds: it holds seconds or a date. */
function retryAfter(answer: Answer): number | undefined {
  const text = answer.headers.get("retry-after")?.trim();
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** Half of it for certain and half by chance, so that those who failed together do not come back together. */
function jittered(pause: number): number {
  return pause / 2 + (Math.random() * pause) / 2;
}

function givenUp({ server, what }: Trip, { status, headers }: Answer, retryFor: number): ZotAuthError {
  const after = headers.get("retry-after");
  const asked =
    after === null
      ? ` It was tried again for ${fromSeconds(retryFor)}.`
      : ` It asks to come back later (Retry-After: ${after.slice(0, 40)}).`;
  return status === 429
    ? new ZotAuthError(
        "SERVER_BUSY",
        `${server} takes no more requests for now (429), when asked to ${what}.${asked} Run again later, or raise the limit of ${server} or the proxy before it.`,
      )
    : new ZotAuthError(
        "SERVER_FAILING",
        `${server} fails (${status}) when asked to ${what}.${asked} See its log and the proxy's before it, then run again.`,
      );
}
