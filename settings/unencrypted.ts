import { isLoopback } from "../core/settings/loopback.ts";
import type { Settings } from "./schema.ts";

/** Of each address without TLS on another machine: which secrets everyone on the way there can read. */
export function unencrypted({ registry, authentik, forgejo, argocd, onePassword }: Settings): readonly string[] {
  const addresses: readonly (readonly [setting: string, url: string | undefined, secrets: string])[] = [
    ["registry.url", registry.url, "CI's keys and people's passwords"],
    ["authentik.url", authentik.url, "authentik.token, app passwords and people's sign-ins"],
    ["forgejo.url", forgejo.url, "forgejo.token and the secrets of CI"],
    ["argocd.url", argocd?.url, "argocd.token"],
    ["onePassword.connectUrl", onePassword.connectUrl, "onePassword.connectToken and every secret that it reads"],
  ];
  return addresses.flatMap(([setting, url, secrets]) => {
    if (url === undefined) return [];
    const { protocol, hostname } = new URL(url);
    if (protocol !== "http:" || isLoopback(hostname)) return [];
    return [
      `${setting}: ${url} is not encrypted: whoever is between this machine and ${hostname} can read ${secrets}. Serve it by https.`,
    ];
  });
}
