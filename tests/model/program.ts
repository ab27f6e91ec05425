// The program from the key on: the real components. What comes before, the blueprint and zot's config, is there already.
import { ComponentResource } from "@pulumi/pulumi";
import { renderBlueprint } from "../../domain/blueprint.ts";
import { blueprintHash } from "../../domain/blueprintHash.ts";
import { blueprintPlace } from "../../domain/delivery.ts";
import type { Settings } from "../../domain/settings/schema.ts";
import { Acceptance } from "../../components/acceptance.ts";
import { CiServiceAccount } from "../../components/ciServiceAccount.ts";
import { ForgejoSecret } from "../../components/forgejoSecret.ts";
import { output } from "@pulumi/pulumi";

class Applied extends ComponentResource {
  readonly blueprintHash: string;
  readonly blueprintPlace: string;
  readonly applied = this;

  constructor(settings: Settings) {
    super("zot-auth:index:AuthentikAccess", "authentik");
    this.blueprintHash = blueprintHash(renderBlueprint(settings));
    this.blueprintPlace = blueprintPlace(settings);
    this.registerOutputs();
  }
}

export const OWNER = "zot-auth/model";

/** As index.ts puts it together. */
export function keysLife(settings: Settings): void {
  const access = new Applied(settings);
  const server = new ComponentResource("zot-auth:index:ZotServer", "zot");
  const account = new CiServiceAccount("ci", { settings, owner: OWNER, access, server });
  const secrets = new ForgejoSecret("forgejo", { settings, owner: OWNER, key: account.key, keys: account.keys });
  new Acceptance("acceptance", { settings, key: account.key, owner: OWNER, configHash: output("config"), secrets });
}
