import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions } from "@pulumi/pulumi";
import type { Settings } from "../domain/settings/schema.ts";
import type { KeyOutputs } from "./ciServiceAccount.ts";
import { ActionsSecret, CopiedSecret } from "./resources.ts";

export interface ForgejoSecretArgs {
  readonly settings: Settings;
  /** Says whose secrets these are: the stack's name. */
  readonly owner: string;
  readonly key: KeyOutputs;
}

/**
 * The key as an Actions secret of every repository, organisation and user that the settings name, and the other secrets of the settings
 * beside it: all side by side.
 */
export class ForgejoSecret extends ComponentResource {
  constructor(name: string, args: ForgejoSecretArgs, options?: ComponentResourceOptions) {
    super("zot-auth:index:ForgejoSecret", name, {}, options);
    const { forgejo, ci } = args.settings;
    const connection = { forgejoUrl: forgejo.url, forgejoToken: forgejo.token };
    for (const target of forgejo.repositories) {
      new ActionsSecret(
        `${name}-${target}`,
        {
          ...connection,
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
    for (const { name: secretName, source, repositories } of forgejo.secrets) {
      for (const target of repositories) {
        new CopiedSecret(
          `${name}-${target}-${secretName}`,
          { ...connection, target, secretName, source, label: `${args.owner}/${secretName}` },
          { parent: this },
        );
      }
    }
    this.registerOutputs();
  }
}
