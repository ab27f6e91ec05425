// Stands in for Authentik: a request's base URL and client address, with or without a proxy.
import type { IncomingMessage } from "node:http";
import { BlockList, isIPv6 } from "node:net";
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { isAtLeast } from "../models/database.ts";

export interface Origin {
  /** The URL of Authentik in this request, without a trailing slash. The issuer begins with it. */
  readonly base: string;
  /** The client's IP address. */
  readonly ip: string;
}

export interface OriginsOptions {
  readonly version: string;
  /** The public URL of Authentik, which overrides the request's. */
  readonly publicUrl?: string;
  /** Networks of trusted proxies (`AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS`). Default: loopback and private networks. */
  readonly trustedProxies?: readonly string[];
}

const privateNetworks = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fe80::/10", "::1/128"];

export class Origins {
  readonly #options: OriginsOptions;
  readonly #trusted = new BlockList();

  constructor(options: OriginsOptions) {
    this.#options = options;
    for (const network of options.trustedProxies ?? privateNetworks) {
      const [address = "", bits = ""] = network.split("/");
      this.#trusted.addSubnet(address, Number(bits), isIPv6(address) ? "ipv6" : "ipv4");
    }
  }

  of(request: IncomingMessage): Origin {
    const remote = request.socket.remoteAddress ?? "127.0.0.1";
    const forwarded = (name: string): string | undefined => {
      const value = request.headers[`x-forwarded-${name}`];
      return this.#believes(remote) && typeof value === "string" ? value.split(",")[0]?.trim() : undefined;
    };
    const scheme = forwarded("proto") === "https" ? "https" : "http";
    const host = forwarded("host") ?? request.headers.host ?? "127.0.0.1";
    return {
      base: this.#options.publicUrl?.replace(/\/$/, "") ?? `${scheme}://${host}`,
      ip: forwarded("for") ?? remote,
    };
  }

  /** Before 2026.8 every client is trusted as a proxy. */
  #believes(remote: string): boolean {
    if (!isAtLeast(this.#options.version, "2026.8")) return true;
    return this.#trusted.check(remote, isIPv6(remote) ? "ipv6" : "ipv4");
  }
}

/** The request of a framework context. */
export const incoming = (c: Context): IncomingMessage => (c.env as HttpBindings).incoming;
