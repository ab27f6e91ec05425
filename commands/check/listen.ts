import { createServer } from "node:http";
import type { Server, ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Serves metrics of repeated checks. */
export interface Listening {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Seconds from the end of a check to the next. */
  readonly every: number;
  /** Checks once, and returns the metrics. */
  readonly check: () => Promise<string>;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly onListening: (url: string) => void;
}

/** Checks now and again, and serves the metrics of the last check at `/metrics`, until the signal. It fails if the address is in use. */
export async function listen({ host, port, every, check, signal, onListening }: Listening): Promise<void> {
  let metrics: string | undefined;
  const server = createServer(({ url = "", method = "" }, response) => {
    respond(response, method, url.replace(/\?.*/, ""), metrics);
  });
  server.listen(port, host);
  await once(server, "listening");
  onListening(urlOf(server));
  try {
    while (!signal.aborted) {
      metrics = await check();
      await delay(every * 1000, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function respond(response: ServerResponse, method: string, path: string, metrics: string | undefined): void {
  const answer = (status: number, text: string): void => {
    response.writeHead(status, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text);
  };
  if (method !== "GET" && method !== "HEAD") answer(405, "Only GET and HEAD.\n");
  else if (path !== "/metrics") answer(404, "The metrics are at /metrics.\n");
  // Prometheus then sets `up` to 0.
  else if (metrics === undefined) answer(503, "The first check is still running.\n");
  else answer(200, metrics);
}

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}/metrics`;
}
