// Part of the lab: HTTP servers, which listen on loopback only.
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** A running server of the lab. */
export interface RunningServer {
  /** Base URL without a trailing slash, `http://127.0.0.1:<port>`. */
  readonly url: string;
  close(): Promise<void>;
}

export interface ListenOptions {
  /** The server's display name, such as `Forgejo`. */
  readonly name: string;
  /** 0 for any free port. */
  readonly port: number;
  /** The setting of the port, for the error if the port is in use: `forgejo.url in Pulumi.lab.yaml`. */
  readonly setting?: string;
}

/** Listens on 127.0.0.1. Throws a `PortTakenError` if the port is in use. */
export async function listen(listener: RequestListener, options: ListenOptions): Promise<RunningServer> {
  const server = createServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(cause.code === "EADDRINUSE" ? new PortTakenError(options, cause) : cause);
    });
    server.listen(options.port, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

/** Throws a `PortTakenError` if the port is in use. For a server that runs as a separate process. */
export async function assertPortFree(options: ListenOptions): Promise<void> {
  const server = await listen(() => undefined, options);
  await server.close();
}

export class PortTakenError extends Error {
  constructor(options: ListenOptions, cause: unknown) {
    const from = options.setting === undefined ? "" : ` The port is set by ${options.setting}.`;
    super(
      `Port ${options.port} on 127.0.0.1, for the lab's ${options.name}, is already in use.${from} ` +
        "Stop the program that uses it, or set another port.",
      { cause },
    );
  }
}
