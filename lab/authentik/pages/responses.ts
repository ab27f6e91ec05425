// Stands in for Authentik: responses without a framework, for the paths that the OpenID library also handles.
import type { ServerResponse } from "node:http";

const html = { "content-type": "text/html; charset=utf-8" };

/** A page as the framework's response. */
export const page = (content: string, status = 200): Response => new Response(content, { status, headers: html });

export function sendPage(response: ServerResponse, status: number, page: string): void {
  response.writeHead(status, html).end(page);
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

export function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { ...html, location }).end();
}
