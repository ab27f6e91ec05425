// Every request from the program to a server passes through here, is counted, and can be interrupted.
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { connectThrough } from "../../../core/http/connections.ts";
import { InProcessServers } from "./inProcess.ts";
import type { Ask, Request, Response } from "./inProcess.ts";
import { guardNodeRequests } from "./nodeRequests.ts";

/** A fault at a request. */
export interface Fault {
  /** The number of the request, counting those that change something from 1; or of the step that was recorded. */
  readonly at: number;
  /** `before`: the request never reaches the server. `after`: the server processes it, but the response is lost. `saved`: the state was saved after a step; only with `cli`. */
  readonly when: "before" | "after" | "saved";
  /**
   * `cli`: the CLI dies, and the provider with it. `provider`: only the provider dies. `reset`: the connection is reset, and the run continues. `busy`:
   * the server or a proxy responds with 503. `slow`: the request takes ten seconds.
   */
  readonly then: "cli" | "provider" | "reset" | "busy" | "slow";
}

export interface Sent {
  readonly method: string;
  readonly url: URL;
}

/**
 * Called before and after each request that changes something. What it returns is called when the servers have processed every request that was sent; until that is
 * done, the run sends none.
 */
export type Look = (sent: Sent, at: number, when: "before" | "after") => () => Promise<void>;

/** One run of the CLI, as the servers see it. */
export class Run {
  /** The requests sent that change something, including the one that the fault hit. */
  readonly changes: Sent[] = [];
  /** The request that the fault hit. */
  struck: Sent | undefined;
  readonly died: Promise<undefined>;
  readonly #fault: Fault | undefined;
  readonly #done: (sent: Sent) => void;
  /** How many steps that change something were recorded. */
  saves = 0;
  /** The step after which the run was killed, if it was killed after one. */
  saved = "";
  readonly #refuse: (sent: Sent) => Response | undefined;
  readonly #abort = new AbortController();
  readonly #sent = new Set<Promise<unknown>>();
  readonly #look: Look | undefined;
  /** Until then, no request is sent. */
  #held: Promise<void> = Promise.resolve();
  readonly #die: () => void;

  /**
   * @param done called after each request that changes something
   * @param refuse what is answered in the server's place, if anything; it may throw what a broken connection does
   */
  constructor(
    fault?: Fault,
    done: (sent: Sent) => void = () => undefined,
    refuse: (sent: Sent) => Response | undefined = () => undefined,
    look?: Look,
  ) {
    this.#look = look;
    this.#fault = fault;
    this.#done = done;
    this.#refuse = refuse;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.died = promise;
    this.#die = () => resolve(undefined);
  }

  /** Call it when the outcome of a step is in the state. */
  save(what: string): void {
    if (this.dead) return;
    this.saves += 1;
    if (this.#fault?.when !== "saved" || this.#fault.at !== this.saves) return;
    this.saved = what;
    this.#abort.abort(new Error("killed"));
    this.#die();
  }

  get dead(): boolean {
    return this.#abort.signal.aborted;
  }

  /** The signal that cancels handlers. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  async send(request: Request, ask: Ask): Promise<Response> {
    this.#abort.signal.throwIfAborted();
    if (this.#look !== undefined) await this.#released();
    const sent = { method: request.method, url: request.url };
    const refused = this.#refuse(sent);
    if (refused !== undefined) return refused;
    const changes = !["GET", "HEAD"].includes(sent.method);
    if (changes) this.changes.push(sent);
    const at = this.changes.length;
    if (changes) await this.#lookAt(sent, at, "before");
    const struck = changes && this.#fault?.when !== "saved" && this.#fault?.at === at ? this.#fault : undefined;
    if (struck?.then === "slow") {
      this.struck = sent;
      await delay(10_000);
    } else if (struck?.when === "before") {
      return this.#strike(struck, sent);
    }
    // A server finishes a request even if its client dies.
    const answering = ask(request);
    this.#sent.add(answering);
    const answer = await answering.finally(() => this.#sent.delete(answering));
    if (changes) this.#done(sent);
    if (struck !== undefined && struck.then !== "slow") return this.#strike(struck, sent);
    if (changes) await this.#lookAt(sent, at, "after");
    this.#abort.signal.throwIfAborted();
    return answer;
  }

  async #lookAt(sent: Sent, at: number, when: "before" | "after"): Promise<void> {
    const look = this.#look?.(sent, at, when);
    if (look === undefined) return;
    const before = this.#held;
    const looked = before.then(async () => {
      await this.settled();
      await look();
    });
    this.#held = looked;
    await looked;
  }

  async #released(): Promise<void> {
    for (let held; held !== this.#held;) {
      held = this.#held;
      await held;
    }
  }

  /** Resolves when the servers have processed every request. */
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

/** A change that no request makes, such as a command's on zot's host: it counts as one, and can be interrupted. */
export async function changing(method: "PUT" | "DELETE", url: URL, work: () => Promise<void>): Promise<void> {
  const done = async (): Promise<Response> => {
    await work();
    return { status: 200, headers: {}, body: Buffer.alloc(0) };
  };
  await (runs.getStore()?.send({ method, url, headers: {}, body: undefined }, done) ?? done());
}

/** Requests sent from within count as part of that run. */
export async function within<T>(run: Run, work: () => Promise<T>): Promise<T> {
  return runs.run(run, work);
}

/** Call it once, before the first request. */
export function guardRequests(ask: Ask): void {
  const guarded: Ask = async (request) => runs.getStore()?.send(request, ask) ?? ask(request);
  connectThrough(new InProcessServers(guarded));
  guardNodeRequests(guarded);
}
