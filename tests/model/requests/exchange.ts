// A request to a server's listener and its response, without a socket and without rendering either.
import { IncomingMessage, ServerResponse } from "node:http";
import type { RequestListener } from "node:http";
import { Socket } from "node:net";
import type { Request, Response } from "./inProcess.ts";

/** The listener's response. */
export async function exchange(listener: RequestListener, { method, url, headers, body }: Request): Promise<Response> {
  return new Promise((done, fail) => {
    const request = new IncomingMessage(new Socket());
    request.method = method;
    request.url = url.pathname + url.search;
    request.httpVersion = "1.1";
    const length = body === undefined ? {} : { "content-length": String(body.length) };
    const lines = Object.entries({ host: url.host, ...length, ...headers });
    request.rawHeaders = lines.flat();
    request.headers = Object.fromEntries(lines.map(([name, value]) => [name.toLowerCase(), value]));
    request.headersDistinct = Object.fromEntries(lines.map(([name, value]) => [name.toLowerCase(), [value]]));
    if (body !== undefined) request.push(body);
    request.push(null);
    // Its whole body is there.
    request.complete = true;
    listener(request, new Captured(request, done, fail));
  });
}

class Captured extends ServerResponse {
  readonly #chunks: Buffer[] = [];
  readonly #done: (response: Response) => void;
  readonly #fail: (error: Error) => void;

  constructor(request: IncomingMessage, done: (response: Response) => void, fail: (error: Error) => void) {
    super(request);
    this.sendDate = false;
    this.#done = done;
    this.#fail = fail;
  }

  /** Keeps headers that are given here where `getHeaders` finds them. */
  override writeHead(status: number, ...given: readonly unknown[]): this {
    const headers = given.find((each) => typeof each === "object") as Record<string, string | string[]> | undefined;
    for (const [name, value] of Object.entries(headers ?? {})) this.setHeader(name, value);
    return super.writeHead(status);
  }

  override write(chunk: string | Uint8Array, ...given: readonly unknown[]): boolean {
    if (!this.headersSent) this.writeHead(this.statusCode);
    this.#chunks.push(typeof chunk === "string" ? Buffer.from(chunk, encodingIn(given)) : Buffer.from(chunk));
    callBack(given);
    return true;
  }

  override end(...given: readonly unknown[]): this {
    if (this.writableEnded) return this;
    const [chunk, ...more] = given;
    if (typeof chunk === "string") this.write(chunk, encodingIn(more) ?? "utf8");
    else if (chunk instanceof Uint8Array) this.write(chunk);
    else if (!this.headersSent) this.writeHead(this.statusCode);
    // `writableEnded` reads it.
    Object.assign(this, { finished: true });
    const headers = Object.entries(this.getHeaders()).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value : String(value)] as const],
    );
    const body = this.req.method === "HEAD" ? Buffer.alloc(0) : Buffer.concat(this.#chunks);
    this.#done({ status: this.statusCode, headers: Object.fromEntries(headers), body });
    process.nextTick(() => {
      this.emit("finish");
      this.emit("close");
    });
    callBack(given);
    return this;
  }

  /** As a server that closes the connection without a response. */
  override destroy(error?: Error): this {
    if (!this.writableEnded) this.#fail(Object.assign(error ?? new Error("read ECONNRESET"), { code: "ECONNRESET" }));
    return super.destroy(error);
  }
}

function encodingIn(given: readonly unknown[]): BufferEncoding | undefined {
  return given.find((each) => typeof each === "string") as BufferEncoding | undefined;
}

function callBack(given: readonly unknown[]): void {
  const callback = given.find((each) => typeof each === "function") as (() => void) | undefined;
  if (callback !== undefined) process.nextTick(callback);
}
