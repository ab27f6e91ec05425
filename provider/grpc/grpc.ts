import { Metadata, Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { ServerUnaryCall, handleUnaryCall, sendUnaryData } from "@grpc/grpc-js";

/** The official plugins' limit: one message may hold a stack's whole config. */
const MESSAGE_LIMIT = 400 * 1024 * 1024;
export const CHANNEL_OPTIONS = {
  "grpc.max_receive_message_length": MESSAGE_LIMIT,
  "grpc.max_send_message_length": MESSAGE_LIMIT,
};

export function newServer(): Server {
  return new Server(CHANNEL_OPTIONS);
}

/** Listens on a free loopback port. */
export async function listen(server: Server): Promise<number> {
  return new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
}

/** Listens, and prints the port as the first line, where the engine reads it. */
export async function announce(server: Server): Promise<number> {
  const port = await listen(server);
  process.stdout.write(`${port}\n`);
  return port;
}

/** An error with details for the engine. */
export interface DetailedError extends Error {
  /** A serialized `google.rpc.Status`. */
  readonly statusDetails: Uint8Array;
}

/** Wraps an async function as a gRPC method. Only an error's message leaves the process, never its stack, properties or cause. */
export function unary<Request, Response>(
  answer: (request: Request, signal: AbortSignal) => Promise<Response> | Response,
): handleUnaryCall<Request, Response> {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) => {
    const caller = new AbortController();
    call.on("cancelled", () => caller.abort());
    Promise.resolve()
      .then(() => answer(call.request, caller.signal))
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(toStatus(error)),
      );
  };
}

/** The part of an error that the caller receives. */
export function toStatus(error: unknown): { code: status; details: string; metadata: Metadata } {
  const message = error instanceof Error ? error.message : String(error);
  const metadata = new Metadata();
  if (hasDetails(error)) metadata.set("grpc-status-details-bin", Buffer.from(error.statusDetails));
  return { code: status.UNKNOWN, details: message, metadata };
}

function hasDetails(error: unknown): error is DetailedError {
  return error instanceof Error && "statusDetails" in error && error.statusDetails instanceof Uint8Array;
}
