// Stands in for Authentik: the methods that each path of its API allows, the `Allow` header, and the 405 for others.
import type { Hono, MiddlewareHandler } from "hono";

const order = ["GET", "POST", "PUT", "PATCH", "DELETE"];

interface Address {
  readonly pattern: RegExp;
  readonly parameters: number;
  readonly methods: readonly string[];
}

/** Adds `Allow` to every response of an existing path. */
export function tellMethods(app: Hono): MiddlewareHandler {
  let addresses: readonly Address[] | undefined;
  return async (c, next) => {
    // Computed on the first request, when all routes exist. A literal path takes precedence over one with a parameter.
    addresses ??= addressesOf(app).sort((left, right) => left.parameters - right.parameters);
    const path = c.req.path.replace(/^\/api\/v3/, "");
    const methods = addresses.find((address) => address.pattern.test(path))?.methods;
    if (methods === undefined) return next();
    if (order.includes(c.req.method) && !methods.includes(c.req.method))
      c.res = c.json({ detail: `Method "${c.req.method}" not allowed.` }, 405);
    else await next();
    // A response with its own `Allow` is left unchanged.
    if (!c.res.headers.has("allow"))
      c.res.headers.set("allow", [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", "));
  };
}

function addressesOf(app: Hono): Address[] {
  const methods = new Map<string, Set<string>>();
  for (const route of app.routes) {
    if (!order.includes(route.method)) continue;
    const path = route.path.replace(/^\/api\/v3/, "");
    const known = methods.get(path) ?? new Set();
    methods.set(path, known.add(route.method));
  }
  return [...methods].map(([path, known]) => ({
    pattern: new RegExp(`^${path.replaceAll(/:\w+/g, "[^/]+")}$`),
    parameters: path.split(":").length - 1,
    methods: order.filter((method) => known.has(method)),
  }));
}
