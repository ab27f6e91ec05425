// Stands in for zot: the lines that its logs have for a request.
import type { Exchange } from "./http.ts";
import type { ZotState } from "./state.ts";

const writes = ["POST", "PUT", "PATCH", "DELETE"];
const successes = [200, 201, 202];

/** Logs a request as zot does: credentials are masked, cookies are not. */
export function logRequest(zot: ZotState, { request, response, method }: Exchange): void {
  const headers = Object.fromEntries(
    Object.entries(request.headersDistinct).map(([name, values]) => [
      name,
      name === "authorization" ? ["******"] : values,
    ]),
  );
  zot.log("info", "HTTP API", {
    module: "http",
    component: "session",
    clientIP: `${request.socket.remoteAddress ?? ""}:${request.socket.remotePort ?? ""}`,
    method,
    path: request.url,
    statusCode: response.statusCode,
    headers,
  });
}

/** Adds a successful write to the audit log. It names the user, but neither the key nor the token. */
export function logWrite(zot: ZotState, { request, response, method, user }: Exchange): void {
  if (!writes.includes(method) || !successes.includes(response.statusCode)) return;
  zot.audit?.("info", "HTTP API Audit", {
    component: "session",
    clientIP: `${request.socket.remoteAddress ?? ""}:${request.socket.remotePort ?? ""}`,
    subject: user === "" ? "anonymous" : user,
    action: method,
    object: request.url,
    status: response.statusCode,
  });
}
