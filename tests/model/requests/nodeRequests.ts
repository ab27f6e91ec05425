// The stand-in for Kubernetes' plugin sends its requests by node:http: they pass through the gate as all others do.
import { EventEmitter } from "node:events";
import http from "node:http";
import { syncBuiltinESMExports } from "node:module";
import { Readable } from "node:stream";
import type { Ask } from "./inProcess.ts";

/** Call it before the modules are loaded that send requests. */
export function guardNodeRequests(ask: Ask): void {
  http.request = ((url: string, options: http.RequestOptions) =>
    new Guarded(url, options, ask)) as unknown as typeof http.request;
  syncBuiltinESMExports();
}

/** As much of a `ClientRequest` as is used. */
class Guarded extends EventEmitter {
  readonly #url: string;
  readonly #options: http.RequestOptions;
  readonly #ask: Ask;

  constructor(url: string, options: http.RequestOptions, ask: Ask) {
    super();
    this.#url = url;
    this.#options = options;
    this.#ask = ask;
  }

  end(body?: string): void {
    void this.#send(body).then(
      (response) => this.emit("response", response),
      (error: unknown) => this.emit("error", error),
    );
  }

  async #send(body: string | undefined): Promise<Readable> {
    const { method = "GET", headers = {} } = this.#options;
    const answer = await this.#ask({
      method,
      url: new URL(this.#url),
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
      body: body === undefined ? undefined : Buffer.from(body),
    });
    return Object.assign(Readable.from([answer.body]), { statusCode: answer.status, headers: answer.headers });
  }
}
