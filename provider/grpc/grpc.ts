import { Metadata, Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { ServerUnaryCall, handleUnaryCall, sendUnaryData } from "@grpc/grpc-js";

/** As large as the official plugins allow: a stack's whole config may travel in one message. */
const MESSAGE_LIMIT = 400 * 1024 * 1024;
export const CHANNEL_OPTIONS = {
  "grpc.max_receive_message_length": MESSAGE_LIMIT,
  "grpc.max_send_message_length": MESSAGE_LIMIT,
};

export function newServer(): Server {
  return new Server(CHANNEL_OPTIONS);
}

/** Listens on a free port of loopback and prints it as the first line, which is how the engine learns it. */
export async function announce(server: Server): Promise<number> {
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  process.stdout.write(`${port}\n`);
  return port;
}

/** An error that answers with details which the engine understands, beside its message. */
export interface DetailedError extends Error {
  /** A serialized `google.rpc.Status`. */
  readonly statusDetails: Uint8Array;
}

/** An async function as a gRPC method. Of an error only its message leaves the process: never its stack, properties or cause. */
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

/** What the caller gets to know of an error. */
export function toStatus(error: unknown): { code: status; details: string; metadata: Metadata } {
  const message = error instanceof Error ? error.message : String(error);
  const metadata = new Metadata();
  if (hasDetails(error)) metadata.set("grpc-status-details-bin", Buffer.from(error.statusDetails));
  return { code: status.UNKNOWN, details: message, metadata };
}

function hasDetails(error: unknown): error is DetailedError {
  return error instanceof Error && "statusDetails" in error && error.statusDetails instanceof Uint8Array;
}
