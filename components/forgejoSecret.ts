import { ComponentResource, RunError, output } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Resource } from "@pulumi/pulumi";
import type { SecretReference } from "../core/secrets/reference.ts";
import { ownerOfLabel } from "../systems/forgejo/secrets/secretMarker.ts";
import type { PushLogin } from "../systems/forgejo/secrets/secretMarker.ts";
import { secretId } from "../systems/forgejo/resources/secretId.ts";
import { haveOneRow, secretsOf } from "./parts/rows.ts";
import {
  ActionsSecret,
  ActionsSecrets,
  CopiedSecret,
  CopiedSecrets,
  FormerSecrets,
  SecretCleanup,
} from "./parts/resources.ts";

/** A key whose value is stored elsewhere. */
export interface StoredKey {
  /** Where the key is: `op://vault/item/field`, `env:NAME` or `file:path`. Its value never enters the state. */
  readonly source: SecretReference;
  /** First 16 hex digits of the key's SHA-256. A change writes the secret again; a key that does not match is not written. */
  readonly fingerprint: Input<string>;
  /** `<owner>/<number>`, with a different number for each key. A variable beside the secret shows it, so that everyone can see which key is there. */
  readonly label: Input<string>;
  /** When the key expires, RFC 3339. The variable shows it too. */
  readonly expires: Input<string>;
}

/** Another Actions secret, copied from a reference. */
export interface OtherSecret {
  /** Name of the Actions secret. */
  readonly name: string;
  /** Where its value is: `op://vault/item/field`, `env:NAME` or `file:path`. `pulumi refresh` detects a changed value. */
  readonly source: SecretReference;
  /** Who gets it, as in `ForgejoSecretArgs.targets`. */
  readonly targets: readonly string[];
}

export interface ForgejoSecretArgs {
  /** Forgejo's address: `https://forge.example.net`. A change writes the secrets there, then deletes those at the old address if that is another Forgejo. */
  readonly forgejoUrl: string;
  /** Reference to an API token that may write Actions secrets and variables of all targets. */
  readonly forgejoToken: SecretReference;
  /** Who manages these secrets, without spaces: `zot-auth/<stack>`. Only secrets marked with this name are overwritten or deleted, so it must be unique. */
  readonly owner: string;
  /** Name of the Actions secret that holds the key. A change writes the new secrets, then deletes those of the old name. */
  readonly secretName: string;
  /**
   * Who gets the key: repositories (`owner/name`), organisations (`name`) and the token's own user (`user:login`). The secret of a target that is
   * removed from the list is deleted.
   */
  readonly targets: readonly string[];
  /** The key. */
  readonly key: StoredKey;
  /**
   * What a workflow needs beside the key to push with it; the variable beside the secret shows it. A change rewrites the variable and not the secret.
   * Default: the variable shows nothing of it.
   */
  readonly login?: PushLogin | undefined;
  /** Other Actions secrets, copied from references. Default: none. */
  readonly otherSecrets?: readonly OtherSecret[];
  /** Any number. Another one writes all of them again: for secrets that the program had left out for a while. Default: none. */
  readonly generation?: Input<number | undefined>;
}

/** A key as an Actions secret of any number of repositories, organisations and users in Forgejo, and other secrets beside it. */
export class ForgejoSecret extends ComponentResource {
  constructor(name: string, args: ForgejoSecretArgs, options?: ComponentResourceOptions) {
    super("zot-auth:index:ForgejoSecret", name, {}, options);
    const { forgejoUrl, forgejoToken, owner, secretName, targets, login, otherSecrets = [] } = args;
    const { source, fingerprint, expires } = args.key;
    const label = output(args.key.label).apply((text) => {
      // Without targets it is written nowhere: the key of another account does.
      if (targets.length === 0 || ownerOfLabel(text) === owner) return text;
      throw new RunError(
        `key.label of ${name} is "${text}" but must be "${owner}/<number>". Otherwise the secret is not recognised as managed by "${owner}".`,
      );
    });
    const connection = { forgejoUrl, forgejoToken };
    const labelOf = (secret: OtherSecret): string => `${owner}/${secret.name}`;
    const cleanup = new SecretCleanup(
      `${name}-secrets`,
      {
        ...connection,
        secrets: [
          ...secretsOf(targets, { secretName, owner, source, login }),
          ...otherSecrets.flatMap((secret) =>
            secretsOf(secret.targets, { secretName: secret.name, source: secret.source, owner: labelOf(secret) }),
          ),
        ],
        again: args.generation,
      },
      { parent: this },
    );
    const written = { parent: this, dependsOn: [cleanup] };
    const recipientsOf = (to: readonly string[], name: string) =>
      output(cleanup.generations).apply((generations) =>
        Object.fromEntries(
          to.map((target) => [target, generations?.[secretId({ target, secretName: name })] ?? 0] as const),
        ),
      );
    const generationOf = (secret: { readonly target: string; readonly secretName: string }) =>
      output(cleanup.generations).apply((generations) => generations?.[secretId(secret)]);
    const key = { ...connection, secretName, source, fingerprint, label, expires, login };
    const secrets: Resource[] = [
      ...(haveOneRow(targets)
        ? [new ActionsSecrets(`${name}-recipients`, { ...key, recipients: recipientsOf(targets, secretName) }, written)]
        : targets.map(
            (target) =>
              new ActionsSecret(
                `${name}-${target}`,
                { ...key, target, generation: generationOf({ target, secretName }) },
                written,
              ),
          )),
      ...otherSecrets.flatMap((secret): readonly Resource[] => {
        const copy = { ...connection, secretName: secret.name, source: secret.source, label: labelOf(secret) };
        if (haveOneRow(secret.targets)) {
          const recipients = recipientsOf(secret.targets, secret.name);
          return [new CopiedSecrets(`${name}-recipients-${secret.name}`, { ...copy, recipients }, written)];
        }
        return secret.targets.map(
          (target) =>
            new CopiedSecret(
              `${name}-${target}-${secret.name}`,
              { ...copy, target, generation: generationOf({ target, secretName: secret.name }) },
              written,
            ),
        );
      }),
    ];
    new FormerSecrets(
      `${name}-former-secrets`,
      // Undefined in the state of earlier versions.
      { ...connection, former: output(cleanup.former).apply((former) => former ?? []) },
      { parent: this, dependsOn: secrets },
    );
    this.registerOutputs();
  }
}
