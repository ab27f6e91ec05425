import { ComponentResource, all } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Output, Resource } from "@pulumi/pulumi";
import { expectedAccess } from "../systems/zot/access/matrix.ts";
import { toSeconds } from "../core/duration.ts";
import type { Settings } from "../settings/schema.ts";
import type { KeyOutputs } from "./ciServiceAccount.ts";
import { lookAtKeys } from "./keysSeen.ts";
import { AccessProof, RetiredKeys, SignInProof, TestBuild, UnknownKeys } from "./resources.ts";
import { signInSettings } from "./signInSettings.ts";

export interface AcceptanceArgs {
  readonly settings: Settings;
  readonly key: KeyOutputs;
  /** The first part of our own keys' labels. */
  readonly owner: string;
  /** SHA-256 of the config in force. */
  readonly configHash: Output<string>;
  /** CI has the key when this is done. */
  readonly secrets: Resource;
}

/** What each proof came to, in words. */
export interface AcceptanceResults {
  /** Each named check of the sign-in and what was found. */
  readonly signIn: Readonly<Record<string, string>>;
  readonly access: string;
  readonly build?: string;
}

/**
 * The test plan: every claim proved on the live system, anew whenever the config or the key changed. After it, and only after it, the keys
 * go that the newest one took the place of.
 */
export class Acceptance extends ComponentResource {
  /** The proofs' results, by name. */
  readonly results: Output<AcceptanceResults>;

  constructor(name: string, args: AcceptanceArgs, options?: ComponentResourceOptions) {
    super("zot-auth:index:Acceptance", name, {}, options);
    const { settings, key } = args;
    const { registry, ci, forgejo, acceptance } = settings;
    const proves = { config: args.configHash, key: key.fingerprint };
    const signIn = new SignInProof(
      `${name}-sign-in`,
      { ...signInSettings(settings), source: ci.keyStore, repository: acceptance.repository, proves },
      { parent: this },
    );
    // After the sign-in, which tells why a key may not push, and refreshes groups that are stale.
    const access = new AccessProof(
      `${name}-access`,
      {
        registryUrl: registry.url,
        username: ci.user,
        source: ci.keyStore,
        repository: acceptance.repository,
        expected: expectedAccess(settings),
        proves,
      },
      { parent: this, dependsOn: [signIn] },
    );
    const { workflow } = acceptance;
    const build =
      workflow === undefined
        ? undefined
        : new TestBuild(
            `${name}-build`,
            {
              forgejoUrl: forgejo.url,
              forgejoToken: forgejo.token,
              repository: workflow.repository,
              workflow: workflow.file,
              ref: workflow.ref,
              inputs: workflow.inputs,
              timeout: toSeconds(workflow.timeout),
              proves: { key: key.fingerprint },
            },
            { parent: this, dependsOn: [args.secrets] },
          );
    const seen = lookAtKeys({ settings, owner: args.owner, key }, { parent: this });
    const retired = new RetiredKeys(
      `${name}-retired-keys`,
      {
        registryUrl: registry.url,
        username: ci.user,
        source: ci.keyStore,
        owner: args.owner,
        uuid: key.uuid,
        superseded: key.superseded,
        seen: seen?.superseded,
        gracePeriod: toSeconds(ci.gracePeriod),
      },
      { parent: this, dependsOn: [args.secrets, access, ...(build === undefined ? [] : [build])] },
    );
    new UnknownKeys(
      `${name}-unknown-keys`,
      {
        registryUrl: registry.url,
        username: ci.user,
        source: ci.keyStore,
        owner: args.owner,
        policy: ci.unmanagedKeys,
        proves: { key: key.fingerprint },
        seen: seen?.unknown,
      },
      { parent: this, dependsOn: [retired] },
    );
    this.results = all([signIn.checks, access.result, build?.result]).apply(([checks, result, built]) => ({
      signIn: Object.fromEntries(checks.map((check) => [check.name, check.result])),
      access: result,
      ...(built === undefined ? {} : { build: built }),
    }));
    this.registerOutputs();
  }
}
