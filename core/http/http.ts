import { ZotAuthError, messageOf } from "../errors.ts";
import { Secret } from "../secret.ts";

/** A server as its errors name it. */
export interface Endpoint {
  /** In the user's words: `Forgejo`. */
  readonly name: string;
  readonly url: string;
  /** The setting that holds the address: `forgejo.url`. */
  readonly setting: string;
}

export interface RequestOptions {
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly headers?: Readonly<Record<string, string | Secret>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal | undefined;
  /** Seconds until the request is given up. Default 15. */
  readonly timeout?: number;
}

/** No answer came. Whether the server did what was asked, nobody knows. */
export class Unreachable extends ZotAuthError {
  /** The network's word for it, where it has one: `ECONNRESET`. */
  readonly network: string | undefined;

  constructor(endpoint: Endpoint, error: unknown) {
    super(
      "SERVER_UNREACHABLE",
      `${endpoint.name} does not answer at ${endpoint.url} (${causeOf(error)}). Check the setting ${endpoint.setting} and that the server runs.`,
    );
    this.network =
      error instanceof Error && error.cause instanceof Error ? (error.cause as NodeJS.ErrnoException).code : undefined;
  }
}

/** An answer, read to its end. It holds nothing of the request. */
export class Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;

  constructor(status: number, headers: Headers, text: string) {
    this.status = status;
    this.headers = headers;
    this.text = text;
  }

  /** The body as JSON, `undefined` when it is none. */
  get json(): unknown {
    try {
      return JSON.parse(this.text) as unknown;
    } catch {
      return undefined;
    }
  }
}

/**
 * Sends one request and reads the answer. Redirects are never followed: a followed redirect can turn a POST into a GET, or write to another
 * repository, and the sign-in needs every step's cookies.
 *
 * @throws Unreachable `SERVER_UNREACHABLE`, which names the server, its setting and the cause
 * @throws ZotAuthError `HEADER_INVALID`
 */
export async function request(endpoint: Endpoint, path: string, options: RequestOptions = {}): Promise<Answer> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    const text = value instanceof Secret ? value.reveal() : value;
    // `Headers` would print the whole value, and it may be a token.
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) {
      throw new ZotAuthError(
        "HEADER_INVALID",
        `The value for ${endpoint.name}'s header "${name}" (not shown) holds a line break or another character that no header can. Where it is a token, store it again without.`,
      );
    }
    headers.set(name, text);
  }
  const body = options.json === undefined ? options.body : JSON.stringify(options.json);
  if (options.json !== undefined && !headers.has("content-type")) headers.set("content-type", "application/json");
  const timeout = AbortSignal.timeout((options.timeout ?? 15) * 1000);
  try {
    const response = await fetch(endpoint.url + path, {
      method: options.method ?? "GET",
      headers,
      redirect: "manual",
      signal: options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]),
      ...(body === undefined ? {} : { body }),
    });
    return new Answer(response.status, response.headers, await response.text());
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new Unreachable(endpoint, error);
  }
}

/** The innermost cause's short text: `ECONNREFUSED`, `getaddrinfo ENOTFOUND …`, `timed out`. */
function causeOf(error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError") return "timed out";
  if (error instanceof Error && error.cause instanceof Error) {
    const code = (error.cause as NodeJS.ErrnoException).code;
    return error.cause.message === "" ? (code ?? error.message) : error.cause.message;
  }
  return messageOf(error);
}

/** Where an answer redirects to, `undefined` when it does not, or not to a whole address. */
export function redirectOf(answer: Answer): URL | undefined {
  const location = answer.headers.get("location");
  return answer.status === 302 && location !== null ? (URL.parse(location) ?? undefined) : undefined;
}

/** An answer that nobody expected, with what the server said (shortened). */
export function unexpected(endpoint: Endpoint, what: string, answer: Answer): ZotAuthError {
  const said = answer.text.replace(/\s+/g, " ").trim().slice(0, 300);
  return new ZotAuthError(
    "UNEXPECTED_ANSWER",
    `${endpoint.name} answered ${answer.status} when asked to ${what}${said === "" ? "" : `: ${said}`}. See the log of ${endpoint.name}.`,
  );
}

/** Reads a property of something that came as JSON. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (here, key) => (typeof here === "object" && here !== null ? (here as Record<string, unknown>)[key] : undefined),
    value,
  );
}

/** A list that came as JSON; anything else counts as an empty one. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text that came as JSON; anything else counts as empty. */
export function string(value: unknown): string {
  return typeof value === "string" ? value : "";
}
