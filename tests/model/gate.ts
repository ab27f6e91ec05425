// Everything that the program asks a server goes through here, is counted, and can be interrupted.
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { connectThrough } from "../../core/http/connections.ts";
import { PlayedServers } from "./played.ts";
import type { Ask, Request, Response } from "./played.ts";

/** What goes wrong at a request. */
export interface Fault {
  /** Which of the run's requests: the first that changes something is 1. */
  readonly at: number;
  /** `before`: the server never hears of it. `after`: the server has done it, and nobody hears the answer. */
  readonly when: "before" | "after";
  /**
   * `cli`: the CLI dies, and the provider with it. `provider`: the provider alone. `reset`: the connection ends, and the run goes on. `busy`:
   * the server or a proxy answers 503. `slow`: it takes ten seconds.
   */
  readonly then: "cli" | "provider" | "reset" | "busy" | "slow";
}

export interface Sent {
  readonly method: string;
  readonly url: URL;
}

/** One run of the CLI, as the servers see it. */
export class Run {
  /** The requests that change something and were sent, and what the fault was done to. */
  readonly changes: Sent[] = [];
  /** What the fault hit. */
  struck: Sent | undefined;
  readonly died: Promise<undefined>;
  readonly #fault: Fault | undefined;
  readonly #done: (sent: Sent) => void;
  readonly #abort = new AbortController();
  readonly #sent = new Set<Promise<unknown>>();
  readonly #die: () => void;

  /** @param done called after each request that changes something */
  constructor(fault?: Fault, done: (sent: Sent) => void = () => undefined) {
    this.#fault = fault;
    this.#done = done;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.died = promise;
    this.#die = () => resolve(undefined);
  }

  get dead(): boolean {
    return this.#abort.signal.aborted;
  }

  /** What handlers heed. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  async send(request: Request, ask: Ask): Promise<Response> {
    this.#abort.signal.throwIfAborted();
    const sent = { method: request.method, url: request.url };
    const changes = !["GET", "HEAD"].includes(sent.method);
    if (changes) this.changes.push(sent);
    const struck = changes && this.#fault?.at === this.changes.length ? this.#fault : undefined;
    if (struck?.then === "slow") {
      this.struck = sent;
      await delay(10_000);
    } else if (struck?.when === "before") return this.#strike(struck, sent);
    // A server goes on with what it has begun when its client dies.
    const answering = ask(request);
    this.#sent.add(answering);
    try {
      const answer = await answering;
      if (changes) this.#done(sent);
      if (struck !== undefined && struck.then !== "slow") return this.#strike(struck, sent);
      this.#abort.signal.throwIfAborted();
      return answer;
    } finally {
      this.#sent.delete(answering);
    }
  }

  /** Ends when the servers have done all that they were asked. */
  async settled(): Promise<void> {
    while (this.#sent.size > 0) await Promise.allSettled(this.#sent);
  }

  #strike({ then }: Fault, sent: Sent): Response {
    this.struck = sent;
    if (then === "busy") return { status: 503, headers: {}, body: Buffer.from("busy") };
    if (then === "reset") throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
    this.#abort.abort(new Error("killed"));
    this.#die();
    throw this.#abort.signal.reason;
  }
}

const runs = new AsyncLocalStorage<Run>();

/** What is done in here asks as a part of that run. */
export async function within<T>(run: Run, work: () => Promise<T>): Promise<T> {
  return runs.run(run, work);
}

/** Call it once, before anything is asked. */
export function guardRequests(ask: Ask): void {
  const guarded: Ask = async (request) => runs.getStore()?.send(request, ask) ?? ask(request);
  connectThrough(new PlayedServers(guarded));
}
