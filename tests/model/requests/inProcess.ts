// Lets undici talk to servers in this process.
import { Dispatcher } from "undici";

/** A request to a server. */
export interface Request {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

export interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

export type Ask = (request: Request) => Promise<Response>;

/** Passes every request to a function instead of a connection. */
export class InProcessServers extends Dispatcher {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    super();
    this.#ask = ask;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    void this.#answer(options, handler);
    return true;
  }

  async #answer(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): Promise<void> {
    const control = new Control();
    handler.onRequestStart?.(control, {});
    try {
      const { status, headers, body } = await this.#ask({
        method: options.method,
        url: new URL(options.path, options.origin),
        headers: options.headers as Record<string, string>,
        body: bytesOf(options.body),
      });
      control.throwIfAborted();
      handler.onResponseStart?.(control, status, headers);
      if (body.length > 0) handler.onResponseData?.(control, body);
      handler.onResponseEnd?.(control, {});
    } catch (error) {
      handler.onResponseError?.(control, error as Error);
    }
  }
}

/** The request's side; a cancelled request gets no response. */
class Control implements Dispatcher.DispatchController {
  reason: Error | null = null;
  readonly paused = false;

  get aborted(): boolean {
    return this.reason !== null;
  }

  abort(reason: Error): void {
    this.reason ??= reason;
  }

  throwIfAborted(): void {
    if (this.reason !== null) throw this.reason;
  }

  pause(): void {
    // Passes a response on as a whole.
  }

  resume(): void {
    // See pause.
  }
}

function bytesOf(body: Dispatcher.DispatchOptions["body"]): Buffer | undefined {
  if (body === null || body === undefined) return undefined;
  if (typeof body === "string" || body instanceof Uint8Array) return Buffer.from(body);
  throw new TypeError("the program sends texts and bytes");
}
