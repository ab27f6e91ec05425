import type { Dispatcher } from "undici";

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

/**
 * An interceptor that passes on only complete responses. Without it, undici resumes a truncated response with a `Range`
 * request, which no API here understands; with it, the request counts as failed and is retried as a whole.
 */
export function completeResponses(dispatch: Dispatcher.Dispatch): Dispatcher.Dispatch {
  return (options, handler) => dispatch(options, new CompleteResponse(handler));
}

class CompleteResponse implements Handler {
  readonly #handler: Handler;
  readonly #chunks: Buffer[] = [];
  #start: () => void = () => undefined;

  constructor(handler: Handler) {
    this.#handler = handler;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context);
  }

  onResponseStart(...response: Parameters<NonNullable<Handler["onResponseStart"]>>): void {
    this.#start = () => this.#handler.onResponseStart?.(...response);
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(...end: Parameters<NonNullable<Handler["onResponseEnd"]>>): void {
    this.#start();
    for (const chunk of this.#chunks) this.#handler.onResponseData?.(end[0], chunk);
    this.#handler.onResponseEnd?.(...end);
  }

  onResponseError(controller: Controller, error: Error): void {
    this.#handler.onResponseError?.(controller, error);
  }
}
