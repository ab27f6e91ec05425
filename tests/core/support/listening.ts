import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

/** A server with scripted responses. */
export interface Listening {
  readonly url: string;
  /** How many requests reached it. */
  readonly asked: () => number;
}

/** @param listener by the number of the request, from 1 */
export async function listening(t: TestContext, listener: (asked: number) => RequestListener): Promise<Listening> {
  let asked = 0;
  const server = createServer((req, res) => {
    asked += 1;
    listener(asked)(req, res);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked };
}

/** Gives these responses, the last one again and again. */
export function responses(
  ...given: readonly (readonly [status: number, headers?: Record<string, string>])[]
): (asked: number) => RequestListener {
  return (asked) => (_req, res) => {
    const [status = 500, headers = {}] = given[Math.min(asked, given.length) - 1] ?? [];
    res.writeHead(status, headers).end();
  };
}
