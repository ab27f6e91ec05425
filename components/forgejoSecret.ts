import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Resource } from "@pulumi/pulumi";
import type { Settings } from "../settings/schema.ts";
import type { KeyOutputs } from "./ciServiceAccount.ts";
import { ActionsSecret, CopiedSecret, DeclaredSecrets } from "./resources.ts";

export interface ForgejoSecretArgs {
  readonly settings: Settings;
  /** Says whose secrets these are: the stack's name. */
  readonly owner: string;
  readonly key: KeyOutputs;
  /** What revokes the keys on destroy: that is after the secrets have gone. */
  readonly keys: Resource;
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
    const declared = new DeclaredSecrets(
      `${name}-secrets`,
      {
        ...connection,
        secrets: [
          ...forgejo.repositories.map((target) => ({ target, secretName: forgejo.secretName, owner: args.owner })),
          ...forgejo.secrets.flatMap(({ name: secretName, repositories }) =>
            repositories.map((target) => ({ target, secretName, owner: `${args.owner}/${secretName}` })),
          ),
        ],
      },
      { parent: this, dependsOn: [args.keys] },
    );
    const written = { parent: this, dependsOn: [declared] };
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
        written,
      );
    }
    for (const { name: secretName, source, repositories } of forgejo.secrets) {
      for (const target of repositories) {
        new CopiedSecret(
          `${name}-${target}-${secretName}`,
          { ...connection, target, secretName, source, label: `${args.owner}/${secretName}` },
          written,
        );
      }
    }
    this.registerOutputs();
  }
}
