// The model's requests reach its servers' listeners without a socket, which would take half of a story's time.
import http from "node:http";
import type { RequestListener } from "node:http";
import { syncBuiltinESMExports } from "node:module";
import type { AddressInfo } from "node:net";
import { exchange } from "./exchange.ts";
import type { Request as Sent, Response as Answered } from "./inProcess.ts";

/** By port. */
const listeners = new Map<string, RequestListener>();

/** Call it before creating a server. */
export function takeShortcuts(): void {
  const make = http.createServer.bind(http);
  http.createServer = ((...given: Parameters<typeof http.createServer>) => {
    const server = make(...given);
    let port = "";
    server.on("listening", () => {
      port = String((server.address() as AddressInfo).port);
      listeners.set(port, (request, response) => void server.emit("request", request, response));
    });
    server.on("close", () => listeners.delete(port));
    return server;
  }) as typeof http.createServer;
  syncBuiltinESMExports();
  // The servers send requests to each other.
  globalThis.fetch = async (input, init = {}) => {
    const sent = new Request(input instanceof Request ? input.url : input, init);
    const { status, headers, body } = await ask({
      method: sent.method,
      url: new URL(sent.url),
      headers: Object.fromEntries(sent.headers),
      body: sent.body === null ? undefined : Buffer.from(await sent.arrayBuffer()),
    });
    const seen = new Headers();
    for (const [name, value] of Object.entries(headers)) for (const each of [value].flat()) seen.append(name, each);
    return new Response([204, 304].includes(status) ? null : new Uint8Array(body), { status, headers: seen });
  };
}

/** The response of a server in this process. */
export async function ask(request: Sent): Promise<Answered> {
  const listener = listeners.get(request.url.port);
  if (listener === undefined)
    throw Object.assign(new Error(`nothing listens at ${request.url.href}`), { code: "ECONNREFUSED" });
  return exchange(listener, request);
}
