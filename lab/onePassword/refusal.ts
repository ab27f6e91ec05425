// Stands in for 1Password Connect: its error responses.

/** Sent as `{"status", "message"}`. */
export class Refusal extends Error {
  readonly status: 400 | 401 | 403 | 404;

  constructor(status: 400 | 401 | 403 | 404, message: string) {
    super(message);
    this.status = status;
  }
}
