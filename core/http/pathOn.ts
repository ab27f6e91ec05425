import type { Endpoint } from "./http.ts";

/**
 * The path and query of an address below a server's own: what {@link request} takes. A server may be at a path, such as https://example.net/argocd.
 *
 * @param address absolute, or relative to the server's origin
 * @returns `undefined` for an address on another server, or outside of the server's path
 */
export function pathOn({ url }: Pick<Endpoint, "url">, address: string): string | undefined {
  const base = new URL(url);
  const target = URL.parse(address, url);
  const prefix = base.pathname.replace(/\/$/, "");
  if (target?.origin !== base.origin || !`${target.pathname}/`.startsWith(`${prefix}/`)) return undefined;
  return target.pathname.slice(prefix.length) + target.search;
}
