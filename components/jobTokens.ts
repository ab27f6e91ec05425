import { ComponentResource, output } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output, Resource } from "@pulumi/pulumi";
import { toSeconds } from "../core/time/duration.ts";
import type { SecretReference } from "../core/secrets/reference.ts";
import { secretId } from "../systems/forgejo/resources/secretId.ts";
import type { PushLogin } from "../systems/forgejo/secrets/secretMarker.ts";
import type { TestBuildArgs } from "./acceptance.ts";
import { haveOneRow, secretsOf } from "./parts/rows.ts";
import { FormerSecrets, JobTokenVariable, JobTokenVariables, SecretCleanup, TestBuild } from "./parts/resources.ts";

export interface JobTokensArgs {
  /** Forgejo's address: `https://forge.example.net`. */
  readonly forgejoUrl: string;
  /** Reference to an API token that may write Actions variables of all targets. */
  readonly forgejoToken: SecretReference;
  /** Who manages the variables, without spaces: `zot-auth/<stack>/<account>`. Only variables marked with this name are overwritten or deleted, so it must be unique. */
  readonly owner: string;
  /** What the variable's name begins with: `ZOT_CI_JOB_TOKEN` makes `ZOT_CI_JOB_TOKEN_INFO`. A change writes the new variables, then deletes the old ones. */
  readonly variableName: string;
  /** Whose jobs push: repositories (`owner/name`), organisations (`name`) and the token's own user (`user:login`). */
  readonly targets: readonly string[];
  /** What a job needs to push: where, as whom, and for which audience it asks its token. */
  readonly login: PushLogin & { readonly audience: string };
  /** SHA-256 of zot's config in force. A change repeats the proof. */
  readonly configHash: Output<string>;
  /** The registry. The variables are written once zot accepts the tokens. */
  readonly server: Resource;
  /** The workflow that proves what a job's token can do, and what it cannot. Default: none. */
  readonly proof?: TestBuildArgs | undefined;
  /** Proves again although nothing changed: when that was asked for, RFC 3339. Default: the proof is repeated only after a change. */
  readonly again?: string | undefined;
  /** Any number. Another one writes the variables again: for an account that the program had left out for a while. Default: none. */
  readonly generation?: Input<number | undefined>;
}

/**
 * Jobs of Forgejo Actions that push with the token that Forgejo gives each of them, so that no key is stored: the proof by a job, then the variables
 * from which the jobs learn where and how. zot's config must accept the tokens.
 */
export class JobTokens extends ComponentResource {
  /** How the proof ended; absent without one. */
  readonly result: Output<string | undefined>;

  constructor(name: string, args: JobTokensArgs, options?: ComponentResourceOptions) {
    super("zot-auth:index:JobTokens", name, {}, options);
    const { forgejoUrl, forgejoToken, owner, variableName, targets, login, proof, server } = args;
    const connection = { forgejoUrl, forgejoToken };
    const repeated = args.again === undefined ? {} : { again: args.again };
    const proofs = (proof === undefined ? [] : [proof]).map(
      (build) =>
        new TestBuild(
          `${name}-proof`,
          {
            ...build,
            ...repeated,
            timeout: toSeconds(build.timeout),
            proves: { config: args.configHash },
            isJobTokenProof: true,
          },
          { parent: this, dependsOn: [server] },
        ),
    );
    const label = `${owner}/${variableName}`;
    const cleanup = new SecretCleanup(
      `${name}-variables`,
      {
        ...connection,
        secrets: secretsOf(targets, { secretName: variableName, owner: label, login, isVariable: true }),
        again: args.generation,
      },
      { parent: this },
    );
    const variable = { ...connection, name: variableName, label, login };
    // Jobs go on as before until theirs is proved.
    const written = { parent: this, dependsOn: [cleanup, server, ...proofs] };
    const generationOf = (target: string) =>
      output(cleanup.generations).apply((generations) => generations?.[secretId({ target, secretName: variableName })]);
    const variables = haveOneRow(targets)
      ? [
          new JobTokenVariables(
            `${name}-recipients`,
            {
              ...variable,
              recipients: Object.fromEntries(
                targets.map((target) => [target, generationOf(target).apply((count) => count ?? 0)] as const),
              ),
            },
            written,
          ),
        ]
      : targets.map(
          (target) =>
            new JobTokenVariable(
              `${name}-${target}`,
              { ...variable, target, generation: generationOf(target) },
              written,
            ),
        );
    new FormerSecrets(
      `${name}-former-variables`,
      { ...connection, former: output(cleanup.former).apply((former) => former ?? []) },
      { parent: this, dependsOn: variables },
    );
    const [proved] = proofs;
    this.result = proved === undefined ? output(undefined) : output(proved.result);
    this.registerOutputs();
  }
}
