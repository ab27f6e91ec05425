// Part of the lab: listening on loopback, and nothing else, in the one way that all its servers share.
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** A server of the lab that answers until `close`. */
export interface RunningServer {
  /** Base URL without a trailing slash, `http://127.0.0.1:<port>`. */
  readonly url: string;
  close(): Promise<void>;
}

export interface ListenOptions {
  /** What listens, in the user's words: `Forgejo`. */
  readonly name: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** The setting that the port comes from, named in the error when the port is taken: `forgejo.url in Pulumi.lab.yaml`. */
  readonly setting?: string;
}

/** Listens on 127.0.0.1. Fails with the port and the setting when somebody else has the port. */
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

/** Fails as {@link listen} would, for a server that is started as a process of its own. */
export async function assertPortFree(options: ListenOptions): Promise<void> {
  const server = await listen(() => undefined, options);
  await server.close();
}

export class PortTakenError extends Error {
  constructor(options: ListenOptions, cause: unknown) {
    const from = options.setting === undefined ? "" : ` It comes from the setting ${options.setting}.`;
    super(
      `Port ${options.port} of 127.0.0.1 is taken, so the lab's ${options.name} cannot listen there.${from} ` +
        "Stop what listens there, or choose another port in that setting.",
      { cause },
    );
  }
}
