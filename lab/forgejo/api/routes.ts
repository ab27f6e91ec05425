// Stands in for Forgejo 14.0.2: registers paths with their methods and what all requests have in common.
import type { Context, Hono } from "hono";
import { callerOf, tokenOfQuery } from "./access.ts";
import type { Caller } from "./access.ts";
import type { Instance } from "../state.ts";

export interface Call {
  readonly instance: Instance;
  readonly context: Context;
  readonly caller: Caller | null;
}

export type Handler = (call: Call) => Response | Promise<Response>;
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export type Route = (path: string, handlers: Partial<Record<Method, Handler>>) => void;

const DEPRECATED =
  "token and access_token API authentication is deprecated and will be removed in Forgejo v13.0.0. Please use " +
  "AuthorizationHeaderToken instead. Existing queries will continue to work but without authorization.";

/** Adds paths to the app. An unsupported method is a 405, even without authentication. */
export function routesOf(app: Hono, instance: Instance): Route {
  return (path, handlers) => {
    const methods = Object.keys(handlers);
    for (const [method, handler] of Object.entries(handlers)) {
      app.on(method, path, async (context) => {
        const caller = callerOf(instance, context);
        const response = await handler({ instance, context, caller });
        if (tokenOfQuery(context) !== undefined) response.headers.set("Warning", DEPRECATED);
        return response;
      });
    }
    // Forgejo's router names only the path's last method.
    const allow = methods.at(-1) ?? "";
    app.all(path, () => new Response(null, { status: 405, headers: { Allow: allow, "Content-Length": "0" } }));
  };
}

/** A part of the path, decoded. */
export function part({ context }: Call, name: string): string {
  return context.req.param(name) ?? "";
}
