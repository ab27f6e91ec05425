import { createServer } from "node:net";
import { threadId } from "node:worker_threads";

/** Below the ports that systems give to connections (from 32768 on Linux), one of which could take a port before its server does. */
const FIRST = 10_000;
const COUNT = 20_000;

/** Test processes and threads run side by side, so each begins somewhere else. */
let next = (process.pid * 101 + threadId * 3571) % COUNT;

/** Ports of 127.0.0.1 that are free now, all of them different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = FIRST + (next++ % COUNT);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

/** One such port. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen({ port, host: "127.0.0.1" }, () => server.close(() => done(true)));
  });
}
