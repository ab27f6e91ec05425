// The program, but for zot's config on its host: the real components. zot is hardened already; tests/systems/zot/host kills what hardens it.
import { ComponentResource, output } from "@pulumi/pulumi";
import { Acceptance } from "../../components/acceptance.ts";
import { AuthentikAccess } from "../../components/authentikAccess.ts";
import { CiServiceAccount } from "../../components/ciServiceAccount.ts";
import { ForgejoSecret } from "../../components/forgejoSecret.ts";
import type { Settings } from "../../settings/schema.ts";

export const OWNER = "zot-auth/model";

/** As index.ts puts it together. */
export function program(settings: Settings): void {
  const access = new AuthentikAccess("authentik", { settings, clientSecretFingerprint: "the same" });
  const server = new ComponentResource("zot-auth:index:ZotServer", "zot");
  const account = new CiServiceAccount("ci", { settings, owner: OWNER, access, server });
  const secrets = new ForgejoSecret("forgejo", { settings, owner: OWNER, key: account.key, keys: account.keys });
  new Acceptance("acceptance", { settings, key: account.key, owner: OWNER, configHash: output("config"), secrets });
}
