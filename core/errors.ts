/** An error for the person at the terminal: a stable code, one message that says what, why and what to do next. Never carries a secret or a request. */
export class ZotAuthError extends Error {
  /** Stable, so that docs and tests can name it: `FORGEJO_REPOSITORY_UNKNOWN`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "ZotAuthError";
    this.code = code;
  }
}

/** What went wrong, as text, for errors whose type nobody knows. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
