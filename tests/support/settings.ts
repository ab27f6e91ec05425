import { parseSettings } from "../../settings/parse.ts";
import type { Settings } from "../../settings/schema.ts";
import { parseZotVersion } from "../../systems/zot/version.ts";
import type { ZotVersion } from "../../systems/zot/version.ts";

/** The real case, as a person writes it. */
export const REAL_CASE = {
  registry: {
    url: "https://registry.ops.eblu.me",
    host: "ssh:indri",
    configFile: "/Users/erichblume/.config/zot/config.json",
    credentialsFile: "/Users/erichblume/.config/zot/oidc-credentials.json",
    dataDirectory: "/Users/erichblume/zot",
    port: 5050,
    restartCommand: "launchctl kickstart -k gui/$(id -u)/mcquack.eblume.zot",
    pullThrough: [
      { name: "docker.io", url: "https://registry-1.docker.io" },
      { name: "ghcr.io", url: "https://ghcr.io" },
      { name: "quay.io", url: "https://quay.io" },
    ],
  },
  authentik: {
    url: "https://authentik.ops.eblu.me",
    token: "env:AUTHENTIK_TOKEN",
    clientSecret: "op://vault/item/zot-client-secret",
  },
  ci: { keyStore: "op://vault/item/zot-ci-api", imagePrefix: "blumeops" },
  forgejo: { url: "https://forge.eblu.me", token: "env:FORGEJO_TOKEN", repositories: ["eblume/blumeops"] },
  onePassword: { account: "my.1password.com" },
};

export function realCase(): Settings {
  return parseSettings(REAL_CASE);
}

export function version(text: string): ZotVersion {
  const parsed = parseZotVersion(text);
  if (parsed === undefined) throw new TypeError(text);
  return parsed;
}
