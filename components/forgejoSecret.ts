import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions } from "@pulumi/pulumi";
import type { Settings } from "../domain/settings/schema.ts";
import type { KeyOutputs } from "./ciServiceAccount.ts";
import { ActionsSecret } from "./resources.ts";

export interface ForgejoSecretArgs {
  readonly settings: Settings;
  readonly key: KeyOutputs;
}

/** The key as an Actions secret of every repository and organisation that the settings name, all side by side. */
export class ForgejoSecret extends ComponentResource {
  constructor(name: string, args: ForgejoSecretArgs, options?: ComponentResourceOptions) {
    super("zot-auth:index:ForgejoSecret", name, {}, options);
    const { forgejo, ci } = args.settings;
    for (const target of forgejo.repositories) {
      new ActionsSecret(
        `${name}-${target}`,
        {
          forgejoUrl: forgejo.url,
          forgejoToken: forgejo.token,
          target,
          secretName: forgejo.secretName,
          source: ci.keyStore,
          fingerprint: args.key.fingerprint,
          label: args.key.label,
          expires: args.key.expires,
        },
        { parent: this },
      );
    }
    this.registerOutputs();
  }
}
