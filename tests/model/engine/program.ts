// The real components, without zot's config on its host: zot is hardened already, and tests/systems/zot/host covers interrupted hardening.
import { ComponentResource, output } from "@pulumi/pulumi";
import type { Resource } from "@pulumi/pulumi";
import { AuthentikAccess } from "../../../components/index.ts";
import type { Settings } from "../../../settings/schema.ts";
import { fingerprint } from "../../../core/secrets/fingerprint.ts";
import { TOKENS } from "../homelab/servers.ts";
import { NEWEST_KNOWN } from "../../../systems/zot/version.ts";
import * as from from "../../../stack/arguments.ts";
import { registerAccounts } from "../../../stack/accounts/ciAccount.ts";
import { registerJobAccounts } from "../../../stack/accounts/jobAccount.ts";

export const OWNER = "zot-auth/model";

/**
 * Composed as in index.ts.
 *
 * @param owner changes when the stack is renamed
 * @param clientSecret the one in 1Password
 * @param deploy deploys zot, once its issuer answers
 * @param again when it was asked to prove again
 */
export function program(
  settings: Settings,
  owner = OWNER,
  clientSecret = TOKENS.MODEL_CLIENT_SECRET,
  deploy: (server: Resource, issuer: Resource) => void = () => undefined,
  again?: string,
): void {
  const clientSecretFingerprint = fingerprint(clientSecret);
  const access = new AuthentikAccess("authentik", {
    ...from.authentikAccessArgs(settings),
    clientSecretFingerprint,
  });
  const server = new ComponentResource("zot-auth:index:ZotServer", "zot");
  deploy(server, access.issuer);
  const version = NEWEST_KNOWN;
  const configHash = output("config");
  const base = { settings, owner, access, server, version, configHash, clientSecretFingerprint, again };
  registerAccounts(base);
  registerJobAccounts(base);
}
