import { BlockList, isIP } from "node:net";
import { isLoopback } from "../../core/settings/loopback.ts";

/** A proxy, and what names it. */
export interface Proxy {
  readonly url: string;
  readonly from: string;
}

/**
 * The proxy in front of an API server, as client-go chooses it: the cluster's `proxy-url`, or else the one in `HTTPS_PROXY` or `HTTP_PROXY`, unless `NO_PROXY` names the server.
 *
 * @throws Error for a proxy that client-go does not use either
 */
export function proxyOf(
  server: string,
  configured: string | undefined,
  environment: NodeJS.ProcessEnv,
): Proxy | undefined {
  if (configured !== undefined) return checked({ url: configured, from: "proxy-url in the kubeconfig" });
  const { protocol, hostname, port } = new URL(server);
  const isSecure = protocol === "https:";
  const variable = isSecure ? "HTTPS_PROXY" : "HTTP_PROXY";
  const named = valueOf(environment, variable);
  if (named === undefined) return undefined;
  const host = hostname.replace(/^\[|\]$/g, "");
  const isExcluded = excluded(host, port === "" ? (isSecure ? "443" : "80") : port, valueOf(environment, "NO_PROXY"));
  if (isLoopback(host) || isExcluded) return undefined;
  return checked({ url: /^[a-z0-9]+:\/\//i.test(named) ? named : `http://${named}`, from: variable });
}

function checked({ url, from }: Proxy): Proxy {
  if (URL.canParse(url) && /^(?:https?|socks5):$/.test(new URL(url).protocol)) return { url, from };
  throw new Error(`the proxy for the API server (${from}) must be an address that begins with http, https or socks5`);
}

function valueOf(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  return [environment[name], environment[name.toLowerCase()]].find((value) => value !== undefined && value !== "");
}

/** As Go's http.ProxyFromEnvironment reads it: names with their subdomains, addresses, networks, each also with a port. */
function excluded(host: string, port: string, list = ""): boolean {
  return list.split(",").some((entry) => {
    const text = entry.trim().toLowerCase();
    if (text === "*") return true;
    if (text.includes("/")) return within(host, text);
    const [, bracketed, plain = "", onlyPort] = /^(?:\[(.+)\]|([^:]*|[^:]*:[^:]*:.*))(?::(\d+))?$/.exec(text) ?? [];
    const name = bracketed ?? plain;
    if (name === "" || (onlyPort !== undefined && onlyPort !== port)) return false;
    if (isIP(name) !== 0) return host === name;
    const domain = name.replace(/^\*?\./, "");
    return host.endsWith(`.${domain}`) || (domain === name && host === name);
  });
}

function within(host: string, network: string): boolean {
  const [address = "", bits = ""] = network.split("/");
  const [version, size] = [isIP(address), Number(bits)];
  if (version === 0 || version !== isIP(host) || !/^\d+$/.test(bits) || size > (version === 4 ? 32 : 128)) return false;
  const family = version === 4 ? "ipv4" : "ipv6";
  const addresses = new BlockList();
  addresses.addSubnet(address, size, family);
  return addresses.check(host, family);
}
