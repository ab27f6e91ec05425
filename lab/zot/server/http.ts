// Stands in for zot: answers requests in the format of Go's HTTP server.
import type { IncomingMessage, ServerResponse } from "node:http";

/** A request and its response. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  /** The path as sent, without the query. zot does not decode it. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The name of the user who sent the request, once authenticated. Empty for anonymous users. */
  user: string;
}

export function exchange(request: IncomingMessage, response: ServerResponse): Exchange {
  const url = request.url ?? "/";
  const [path = "/", query = ""] = splitOnce(url, "?");
  return {
    request,
    response,
    method: request.method ?? "GET",
    path,
    query: new URLSearchParams(query),
    user: "",
  };
}

export function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** The return type of routes, so that none can forget to answer. */
export type Answered = typeof answered;
export const answered = Symbol("answered");

/** Answers with a status and an empty body. */
export function sendEmpty({ response, method }: Exchange, status: number): Answered {
  if (status !== 204 && method !== "HEAD") response.setHeader("Content-Length", "0");
  response.writeHead(status).end();
  return answered;
}

/** Answers with a body, or for HEAD with its headers only. */
export function send({ response, method }: Exchange, status: number, contentType: string, body: string): Answered {
  response.setHeader("Content-Type", contentType);
  response.setHeader("Content-Length", String(Buffer.byteLength(body)));
  response.writeHead(status).end(method === "HEAD" ? undefined : body);
  return answered;
}

export function sendText(exchange: Exchange, status: number, body: string): Answered {
  return send(exchange, status, "text/plain; charset=utf-8", body);
}

export function sendJson(exchange: Exchange, status: number, value: unknown): Answered {
  return send(exchange, status, "application/json", goJson(value));
}

/** Answers like Go's `http.Error`. */
export function sendError(exchange: Exchange, status: number, body: string): Answered {
  setNoSniff(exchange);
  return sendText(exchange, status, `${body}\n`);
}

/** Answers like Go's `http.NotFound`. */
export function sendNotFound(exchange: Exchange): Answered {
  return sendError(exchange, 404, "404 page not found");
}

/** Tells browsers not to guess the content type. */
export function setNoSniff({ response }: Exchange): void {
  response.setHeader("X-Content-Type-Options", "nosniff");
}

/** Redirects, for GET and HEAD with the small page that Go adds. */
export function redirect(exchange: Exchange, location: string): Answered {
  exchange.response.setHeader("Location", location);
  if (exchange.method !== "GET" && exchange.method !== "HEAD") return sendEmpty(exchange, 302);
  const link = location
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&#34;");
  return send(exchange, 302, "text/html; charset=utf-8", `<a href="${link}">Found</a>.\n\n`);
}

/** Redirects permanently to `path` and keeps the query. */
export function redirectPermanently(exchange: Exchange, path: string): Answered {
  const [, query] = splitOnce(exchange.request.url ?? "", "?");
  exchange.response.setHeader("Location", query === undefined ? path : `${path}?${query}`);
  return sendEmpty(exchange, 301);
}

/** JSON as Go encodes it: characters that are unsafe in HTML are escaped. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** Allows a web UI on another origin to call a route. */
export function setCorsHeaders({ response }: Exchange, methods: string, allowOrigin: string): void {
  response.setHeader("Access-Control-Allow-Headers", "Authorization,content-type,X-ZOT-API-CLIENT");
  response.setHeader("Access-Control-Allow-Methods", methods);
  response.setHeader("Access-Control-Allow-Origin", allowOrigin === "" ? "*" : allowOrigin);
}

/** The body, or undefined if it is longer than `limit` bytes. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
  }
  return size > limit ? undefined : Buffer.concat(chunks);
}

/** An empty name with an empty password counts as no credentials. */
export function isEmptyAuthorization(header: string | undefined): boolean {
  return header === undefined || header === "" || header.toLowerCase() === "basic og==";
}

/** zot's web UI sends this header; without it, zot ignores the session cookie. */
export function comesFromUi({ request }: Exchange): boolean {
  return request.headers["x-zot-api-client"] === "zot-ui";
}

/** The value of a cookie that the client sent. */
export function cookie(request: IncomingMessage, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? "").split(";")) {
    const [key = "", value] = splitOnce(pair.trim(), "=");
    if (key === name) return value;
  }
  return undefined;
}

export interface CookieOptions {
  readonly path: string;
  /** Seconds; 0 removes the cookie. */
  readonly maxAge?: number;
  readonly expires?: Date;
  readonly httpOnly?: boolean;
  readonly secure?: boolean;
  readonly sameSite?: "Lax";
}

/** Adds a Set-Cookie header with the attributes in Go's order. */
export function setCookie({ response }: Exchange, name: string, value: string, options: CookieOptions): void {
  const parts = [`${name}=${value}`, `Path=${options.path}`];
  if (options.expires !== undefined) parts.push(`Expires=${options.expires.toUTCString()}`);
  if (options.maxAge !== undefined) parts.push(`Max-Age=${options.maxAge}`);
  if (options.httpOnly === true) parts.push("HttpOnly");
  if (options.secure === true) parts.push("Secure");
  if (options.sameSite !== undefined) parts.push(`SameSite=${options.sameSite}`);
  response.appendHeader("Set-Cookie", parts.join("; "));
}
