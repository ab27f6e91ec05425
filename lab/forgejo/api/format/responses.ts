// Stands in for Forgejo 14.0.2: the format of its API's responses.

/** An error response. Thrown by a check and sent by the server. */
export class Refusal extends Error {
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(status: number, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

/** A redirect from a former name of a repository or an owner. */
export class Moved extends Error {
  readonly status: 301 | 307;
  readonly location: string;

  constructor(status: 301 | 307, location: string) {
    super(`moved to ${location}`);
    this.status = status;
    this.location = location;
  }
}

export function notFound(): Refusal {
  return new Refusal(404, "The target couldn't be found.", { errors: [] });
}

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(goJson(value), {
    status,
    headers: { "Content-Type": "application/json;charset=utf-8", ...headers },
  });
}

export function empty(status: number): Response {
  return new Response(null, { status, headers: status === 204 ? {} : { "Content-Length": "0" } });
}

export function text(status: number, body: string): Response {
  return new Response(body, { status, headers: { "Content-Type": "text/plain; charset=utf-8" } });
}

export function refusal(error: Refusal, url: string): Response {
  return json(error.status, { message: error.message, url: `${url}/api/swagger`, ...error.details });
}

/** Go adds a small HTML page to the redirect of a GET, and nothing to others. */
export function moved(error: Moved, method: string): Response {
  const headers = { Location: error.location };
  if (method !== "GET" && method !== "HEAD") return new Response(null, { status: error.status, headers });
  const link = error.location.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const words = error.status === 301 ? "Moved Permanently" : "Temporary Redirect";
  return new Response(`<a href="${link}">${words}</a>.\n\n`, {
    status: error.status,
    headers: { ...headers, "Content-Type": "text/html; charset=utf-8" },
  });
}

/** JSON in Go's format: with a trailing newline, and with HTML characters escaped. */
export function goJson(value: unknown): string {
  const escaped = JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${escaped}\n`;
}
