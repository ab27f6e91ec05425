import type { Settings } from "../../../../settings/schema.ts";

/** zot's address as its own host sees it: `http://127.0.0.1:5000`. The scheme is that of its own listener, not of a proxy before it. */
export function originOnHost({ registry, zot }: Pick<Settings, "registry" | "zot">): string {
  return `${zot.http.tls === undefined ? "http" : "https"}://${loopback(registry.address)}:${registry.port}`;
}

/** Where a server that listens on every address is reached from its own host. */
function loopback(address: string): string {
  if (address === "::") return "[::1]";
  if (address === "0.0.0.0" || address === "") return "127.0.0.1";
  return address.includes(":") ? `[${address}]` : address;
}
