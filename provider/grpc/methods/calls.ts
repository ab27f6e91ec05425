import type { Engine } from "../engine.ts";
import type { Context, Values } from "../types.ts";

/** The resource or function that a call concerns. */
export interface CallSubject {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly preview?: boolean;
  readonly secretInputs?: ReadonlySet<string>;
  /** Seconds; 0 for no limit. */
  readonly timeout?: number;
}

/** The running calls, so that a cancellation reaches them all. */
export class Calls {
  readonly #engine: Engine;
  #cancelled = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  /** What the program has registered in this run, by URN. */
  readonly #declared = new Map<string, { readonly type: string; readonly inputs: Values }>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** A run begins: what an earlier one registered, and its cancellation, no longer count. A provider that a debugger or a test started serves several runs. */
  begin(): void {
    this.#declared.clear();
    if (this.#cancelled.signal.aborted) this.#cancelled = new AbortController();
  }

  /** The program has registered a resource. */
  declare({ urn, type }: CallSubject, inputs: Values): void {
    this.#declared.set(urn, { type, inputs });
  }

  /** Runs a handler with its context. After a cancellation or timeout, the error says so, whatever the handler threw. */
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
        ? new Error(`timed out after ${timeout} s; set the resource option customTimeouts for more time`, {
            cause: error,
          })
        : signal.reason;
    } finally {
      this.#running.delete(running);
      await this.#engine.flush();
    }
  }

  /** Cancels running and future calls. */
  cancel(): void {
    this.#cancelled.abort(new Error("cancelled; run again to finish"));
  }

  /** Resolves when no handler runs. */
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
      declared: (of) =>
        [...this.#declared.values()].filter((resource) => resource.type === of).map(({ inputs }) => inputs),
      progress: (message) => this.#engine.log("info", urn, message, true),
      info: (message) => this.#engine.log("info", urn, message),
      warn: (message) => this.#engine.log("warning", urn, message),
    };
  }
}

/** Whether a handler failed because its signal was aborted. Any other error is its own. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  return error === signal.reason || (error instanceof Error && ["AbortError", "TimeoutError"].includes(error.name));
}
