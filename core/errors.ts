import type { ErrorCode } from "./errorCodes.ts";

/** An error for the person at the terminal: a stable code, one message that says what, why and what to do next. Never carries a secret or a request. */
export class ZotAuthError extends Error {
  readonly code: ErrorCode;

  /** @param cause the underlying error; only its name, code and message are kept */
  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause: redacted(cause) });
    this.name = "ZotAuthError";
    this.code = code;
  }
}

/** The cause of another error, without its other properties: requests, headers, bodies, sockets. */
class Cause extends Error {
  /** The system's code for it: `ECONNRESET`. */
  declare readonly code?: string;
}

function redacted(error: unknown, depth = 0): Cause {
  if (!(error instanceof Error)) return new Cause(typeof error);
  // A parser quotes what it could not read, which may be a secret.
  const message = error instanceof SyntaxError ? "syntax error (text not shown)" : error.message;
  const deeper = error.cause instanceof Error && depth < 3 ? { cause: redacted(error.cause, depth + 1) } : {};
  const kept = new Cause(message, deeper);
  const code = "code" in error && typeof error.code === "string" ? { code: error.code } : {};
  // Its stack adds nothing to that of the error above.
  return Object.assign(kept, { name: error.name, ...code, stack: `${error.name}: ${message}` });
}

/** The message of a thrown value of unknown type. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
