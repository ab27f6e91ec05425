import { at } from "../json.ts";
import type { IncomingHttpHeaders } from "node:http";
import { fromSeconds } from "../time/duration.ts";
import { ZotAuthError, messageOf } from "../errors.ts";
import { Secret } from "../secrets/secret.ts";
import { connections } from "./connections.ts";
import { retryPolicy, waitUntilWelcome } from "./retry.ts";
import type { RetryLimits } from "./retry.ts";
import { saidIn } from "./said.ts";
import { tlsError } from "./tls.ts";

/** A server as its errors name it. */
export interface Endpoint {
  /** For messages: `Forgejo`. */
  readonly name: string;
  readonly url: string;
  /** The setting that holds the address: `forgejo.url`. */
  readonly setting: string;
  /** Statuses, besides 429, 502, 503 and 504, after which an idempotent request to this server is retried. */
  readonly retriedStatuses?: readonly number[];
}

export interface RequestOptions {
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly headers?: Readonly<Record<string, string | Secret>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent unchanged. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal | undefined;
  /** Timeout of each attempt, in seconds. Default 15. */
  readonly timeout?: number;
  /** Whether the request can safely be sent twice. Default: yes, unless the method is POST or PATCH. */
  readonly idempotent?: boolean;
  readonly retry?: RetryLimits;
}

/** No response arrived. The server may or may not have processed the request. */
export class Unreachable extends ZotAuthError {
  /** `connect ECONNREFUSED 127.0.0.1:5000`. */
  readonly reason: string;

  constructor(endpoint: Endpoint, error: unknown) {
    super(
      "SERVER_UNREACHABLE",
      `${endpoint.name} does not answer at ${endpoint.url} (${causeOf(error)}). Check the setting ${endpoint.setting} and that the server runs.`,
      error,
    );
    this.reason = causeOf(error);
  }
}

/** Whether the server, or a proxy in front of it, is down or restarting. */
export function isUnavailable({ status }: HttpResponse): boolean {
  return UNAVAILABLE.includes(status);
}

/** The server, or a proxy in front of it, answered that it is down or busy for now. */
export class Unavailable extends ZotAuthError {}

/** Whether a request failed since its server does not respond for now. Whether the request had an effect is unknown. */
export function isOutage(error: unknown): boolean {
  return error instanceof Unreachable || error instanceof Unavailable;
}

/** A complete response. It holds nothing of the request. */
export class HttpResponse {
  readonly status: number;
  readonly text: string;
  /** Seconds for which the request was retried before this last response; `undefined` if it was not retryable. */
  readonly retriedFor: number | undefined;
  readonly #headers: IncomingHttpHeaders;

  constructor(status: number, headers: IncomingHttpHeaders, text: string, retriedFor?: number) {
    this.status = status;
    this.text = text;
    this.retriedFor = retriedFor;
    this.#headers = headers;
  }

  /** The body as JSON; `undefined` if it is not JSON. */
  get json(): unknown {
    try {
      return JSON.parse(this.text) as unknown;
    } catch {
      return undefined;
    }
  }

  /** Each `Set-Cookie`. */
  get cookies(): readonly string[] {
    return [this.#headers["set-cookie"] ?? []].flat();
  }

  /** A header by its lower-case name; `undefined` if absent. */
  header(name: string): string | undefined {
    const value = this.#headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  /** The same response with another body, such as one with the sent secret removed. */
  withText(text: string): HttpResponse {
    return new HttpResponse(this.status, this.#headers, text, this.retriedFor);
  }
}

/** Statuses after which an idempotent request is retried: a proxy, or the server itself, reports a restart. */
const UNAVAILABLE = [502, 503, 504];

/**
 * Sends one request and reads the response. Redirects are never followed: a followed redirect can turn a POST into a GET, or write to another
 * repository, and the sign-in needs every step's cookies.
 *
 * @throws Unreachable `SERVER_UNREACHABLE`, which names the server, its setting and the cause
 * @throws ZotAuthError `HEADER_INVALID`, `CERTIFICATE_UNTRUSTED`, `CERTIFICATE_INVALID`, `TLS_MISSING`
 */
export async function request(endpoint: Endpoint, path: string, options: RequestOptions = {}): Promise<HttpResponse> {
  const { method = "GET", signal, retry = {} } = options;
  const url = new URL(endpoint.url + path);
  const headers = headersOf(endpoint, options);
  const body = options.json === undefined ? options.body : JSON.stringify(options.json);
  const idempotent = options.idempotent ?? !["POST", "PATCH"].includes(method);
  const statuses = [...UNAVAILABLE, ...(endpoint.retriedStatuses ?? [])];
  const timeout = (options.timeout ?? 15) * 1000;
  let retriedFor: number | undefined;
  const policy = retryPolicy({ ...retry, origin: url.origin, signal, idempotent, statuses }, (seconds) => {
    retriedFor = seconds;
  });
  try {
    const dispatcher = await connections(policy);
    await waitUntilWelcome(url.origin, signal);
    const response = await dispatcher.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers,
      headersTimeout: timeout,
      bodyTimeout: timeout,
      ...(signal === undefined ? {} : { signal }),
      ...(body === undefined ? {} : { body }),
    });
    return new HttpResponse(response.statusCode, response.headers, await response.body.text(), retriedFor);
  } catch (error) {
    signal?.throwIfAborted();
    throw tlsError(endpoint, error) ?? new Unreachable(endpoint, error);
  }
}

function headersOf(endpoint: Endpoint, { headers = {}, json }: RequestOptions): Record<string, string> {
  const sent: Record<string, string> = {
    accept: "*/*",
    "user-agent": "zot-auth",
    ...(json === undefined ? {} : { "content-type": "application/json" }),
  };
  for (const [name, value] of Object.entries(headers)) {
    const text = value instanceof Secret ? value.reveal() : value;
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) {
      throw new ZotAuthError(
        "HEADER_INVALID",
        `The value for ${endpoint.name}'s header "${name}" (not shown) contains a line break or another character that no header can contain. If it is a token, store it again without that character.`,
      );
    }
    sent[name.toLowerCase()] = text;
  }
  return sent;
}

const TIMEOUTS: readonly unknown[] = ["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT", "UND_ERR_CONNECT_TIMEOUT"];

/** The network error in short: `connect ECONNREFUSED …`, `getaddrinfo ENOTFOUND …`, `timed out`. */
function causeOf(error: unknown): string {
  const code = at(error, "code");
  if (TIMEOUTS.includes(code)) return "timed out";
  // The error for several addresses has no message of its own.
  const message = messageOf(error);
  return message === "" && typeof code === "string" ? code : message;
}

/** Where a response redirects to; `undefined` if it does not, or not to an absolute URL. */
export function redirectOf(response: HttpResponse): URL | undefined {
  const location = response.header("location");
  return response.status === 302 && location !== undefined ? (URL.parse(location) ?? undefined) : undefined;
}

/** The error for an unexpected response, with the server's message (shortened). */
export function unexpected(endpoint: Endpoint, what: string, response: HttpResponse): ZotAuthError {
  const { name } = endpoint;
  const { status, retriedFor } = response;
  if (retriedFor !== undefined) {
    const after = response.header("retry-after");
    const asked =
      after === undefined
        ? `It was retried for ${fromSeconds(retriedFor)}.`
        : `It asks clients to retry later (Retry-After: ${after.slice(0, 40)}).`;
    return status === 429
      ? new Unavailable(
          "SERVER_BUSY",
          `${name} accepts no more requests for now (429), when asked to ${what}. ${asked} Run again later, or raise the limit of ${name} or of the proxy in front of it.`,
        )
      : new Unavailable(
          "SERVER_FAILING",
          `${name} fails (${status}) when asked to ${what}. ${asked} See its log and that of the proxy in front of it, then run again.`,
        );
  }
  // A successful response may hold what was created: a key, for example.
  const said = status < 300 ? "" : saidIn(response);
  const Kind = isUnavailable(response) ? Unavailable : ZotAuthError;
  return new Kind(
    "UNEXPECTED_ANSWER",
    `${name} answered ${status} when asked to ${what}${said === "" ? "" : `: ${said}`}. See the log of ${name}.`,
  );
}
