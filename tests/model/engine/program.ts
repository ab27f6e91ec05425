// The real components, without zot's config on its host: zot is hardened already, and tests/systems/zot/host covers interrupted hardening.
import { ComponentResource, output } from "@pulumi/pulumi";
import { Acceptance, AuthentikAccess, CiServiceAccount, ForgejoSecret } from "../../../components/index.ts";
import type { Settings } from "../../../settings/schema.ts";
import * as from from "../../../stack/arguments.ts";

export const OWNER = "zot-auth/model";

/**
 * Composed as in index.ts.
 *
 * @param owner changes when the stack is renamed
 */
export function program(settings: Settings, owner = OWNER): void {
  const access = new AuthentikAccess("authentik", {
    ...from.authentikAccessArgs(settings),
    clientSecretFingerprint: "the same",
  });
  const server = new ComponentResource("zot-auth:index:ZotServer", "zot");
  const account = new CiServiceAccount("ci", { ...from.ciServiceAccountArgs(settings), owner, access, server });
  const { key } = account;
  const secrets = new ForgejoSecret(
    "forgejo",
    { ...from.forgejoSecretArgs(settings), owner, key: { ...key, source: settings.ci.keyStore } },
    { dependsOn: [account.keys] },
  );
  const proofs = { ...from.acceptanceArgs(settings), configHash: output("config") };
  new Acceptance("acceptance", { ...proofs, owner, key, secrets });
}
