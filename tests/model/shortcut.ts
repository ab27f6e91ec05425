// The model's requests go to its servers' listeners without a socket between: half of the time of a story would be spent in there.
import http from "node:http";
import type { RequestListener } from "node:http";
import { syncBuiltinESMExports } from "node:module";
import type { AddressInfo } from "node:net";
import inject from "light-my-request";

/** By port. */
const listeners = new Map<string, RequestListener>();

/** Call it before a server is made. */
export function takeShortcuts(): void {
  const make = http.createServer.bind(http);
  http.createServer = ((...given: Parameters<typeof http.createServer>) => {
    const server = make(...given);
    let port = "";
    server.on("listening", () => {
      port = String((server.address() as AddressInfo).port);
      listeners.set(port, (request, response) => {
        // What a request of light-my-request lacks.
        const distinct = Object.entries(request.headers).map(([name, value]) => [name, [value ?? ""].flat()] as const);
        Object.defineProperty(request, "headersDistinct", { value: Object.fromEntries(distinct) });
        server.emit("request", request, response);
      });
    });
    server.on("close", () => listeners.delete(port));
    return server;
  }) as typeof http.createServer;
  syncBuiltinESMExports();
  globalThis.fetch = async (input, init = {}) => ask(new URL(input instanceof Request ? input.url : input), init);
}

async function ask(url: URL, { method = "GET", headers, body }: RequestInit): Promise<Response> {
  const listener = listeners.get(url.port);
  if (listener === undefined)
    throw new TypeError("fetch failed", { cause: new Error(`nothing listens at ${url.href}`) });
  const hasBody = body !== undefined && body !== null;
  const sent = new Request(url, { method, headers: headers ?? {}, ...(hasBody ? { body } : {}) });
  const payload = hasBody ? Buffer.from(await sent.arrayBuffer()) : undefined;
  const answer = await inject(listener, {
    method,
    url: url.pathname + url.search,
    authority: url.host,
    headers: Object.fromEntries(sent.headers),
    ...(payload === undefined ? {} : { payload }),
  });
  const seen = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    for (const each of Array.isArray(value) ? value : [value]) if (each !== undefined) seen.append(name, String(each));
  }
  const empty = method === "HEAD" || [204, 304].includes(answer.statusCode);
  return new Response(empty ? null : new Uint8Array(answer.rawPayload), { status: answer.statusCode, headers: seen });
}
