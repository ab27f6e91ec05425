import type { Engine } from "./engine.ts";
import type { Context } from "./types.ts";

/** What a call is about. */
export interface CallSubject {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly preview?: boolean;
  readonly secretInputs?: ReadonlySet<string>;
  /** Seconds; 0 for as long as it takes. */
  readonly timeout?: number;
}

/** The calls that are going on, so that a cancellation reaches them all. */
export class Calls {
  readonly #engine: Engine;
  readonly #cancelled = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Runs a handler with its context. Once it was cut off, the error says so, whatever came of it in the handler. */
  async run<Result>(subject: CallSubject, action: (context: Context) => Promise<Result>): Promise<Result> {
    const { timeout = 0 } = subject;
    const signals = [this.#cancelled.signal, ...(timeout > 0 ? [AbortSignal.timeout(timeout * 1000)] : [])];
    const signal = AbortSignal.any(signals);
    signal.throwIfAborted();
    const running = action(this.#context(subject, signal));
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      if (!isAbort(error, signal)) throw error;
      const late = signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
      throw late
        ? new Error(`not done within ${timeout} s; the resource option customTimeouts allows more`, { cause: error })
        : signal.reason;
    } finally {
      this.#running.delete(running);
      await this.#engine.flush();
    }
  }

  /** Cuts off what is going on, and what is asked for from now on. */
  cancel(): void {
    this.#cancelled.abort(new Error("cancelled; run again to finish what is left"));
  }

  /** Ends when no handler runs any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running);
    await this.#engine.flush();
  }

  #context({ urn, type, name, preview = false, secretInputs = new Set() }: CallSubject, signal: AbortSignal): Context {
    return {
      urn,
      type,
      name,
      preview,
      signal,
      secretInputs,
      progress: (message) => this.#engine.log("info", urn, message, true),
      info: (message) => this.#engine.log("info", urn, message),
      warn: (message) => this.#engine.log("warning", urn, message),
    };
  }
}

/** Whether a handler failed because it was cut off. What it says of its own accord, it may have good reason to. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  return error === signal.reason || (error instanceof Error && ["AbortError", "TimeoutError"].includes(error.name));
}
