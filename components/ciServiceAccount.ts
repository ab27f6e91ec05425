import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Output, Resource } from "@pulumi/pulumi";
import { toSeconds } from "../core/duration.ts";
import { rotationPlan } from "../systems/zot/keys/rotation.ts";
import type { Settings } from "../settings/schema.ts";
import type { OwnKey } from "../systems/zot/keys/accountKeys.ts";
import type { AuthentikAccess } from "./authentikAccess.ts";
import { ApiKey, DeclaredKeys, ServiceAccount } from "./resources.ts";
import { signInSettings } from "./signInSettings.ts";

export interface CiServiceAccountArgs {
  readonly settings: Settings;
  /** Says whose keys these are: the stack's name. */
  readonly owner: string;
  /** Authentik's side: the account is there when its blueprint is applied, and can sign in when all of it is as declared. */
  readonly access: Resource & Pick<AuthentikAccess, "applied" | "blueprintHash" | "blueprintPlace">;
  /** The registry, which has to be in force before a key can be made. */
  readonly server: Resource;
}

/** What everybody may know of the key. */
export interface KeyOutputs {
  readonly uuid: Output<string>;
  readonly label: Output<string>;
  readonly fingerprint: Output<string>;
  /** RFC 3339. */
  readonly created: Output<string>;
  readonly expires: Output<string>;
  readonly rotates: Output<string>;
  readonly superseded: Output<readonly OwnKey[]>;
}

/** The account that CI pushes with, its API key, the key's place in 1Password, and its rotation. The key itself is no output. */
export class CiServiceAccount extends ComponentResource {
  readonly key: KeyOutputs;
  /** What revokes every key of ours on destroy. */
  readonly keys: Resource;

  constructor(name: string, args: CiServiceAccountArgs, options?: ComponentResourceOptions) {
    super("zot-auth:index:CiServiceAccount", name, {}, options);
    const { authentik, ci, acceptance } = args.settings;
    const signIn = signInSettings(args.settings);
    const { authentikUrl, authentikToken, appPassword } = signIn;
    const blueprint = {
      path: args.access.blueprintPlace,
      hash: args.access.blueprintHash,
      timeout: toSeconds(authentik.applyTimeout),
    };
    const account = new ServiceAccount(
      `${name}-account`,
      {
        authentikUrl,
        authentikToken,
        ...blueprint,
        username: ci.user,
        group: signIn.ciGroup,
        appPassword,
        machineFlow: signIn.machineFlow,
      },
      { parent: this, dependsOn: [args.access.applied] },
    );
    const keys = { ...signIn, owner: args.owner, store: ci.keyStore, onDestroy: ci.onDestroy };
    const declared = new DeclaredKeys(
      `${name}-keys`,
      { ...keys, blueprint },
      { parent: this, dependsOn: [account, args.access, args.server] },
    );
    this.keys = declared;
    const plan = rotationPlan(ci.keyLifetime, ci.rotateAfter);
    const key = new ApiKey(
      `${name}-key`,
      {
        ...keys,
        lifetime: plan.lifetimeSeconds,
        rotateAfter: plan.rotateAfterSeconds,
        rotationTrigger: ci.rotationTrigger ?? "",
        revocationTrigger: ci.revocationTrigger ?? "",
        proofRepository: acceptance.repository,
      },
      { parent: this, dependsOn: [declared] },
    );
    this.key = {
      uuid: key.uuid,
      label: key.label,
      fingerprint: key.fingerprint,
      created: key.created,
      expires: key.expires,
      rotates: key.rotates,
      superseded: key.superseded,
    };
    this.registerOutputs();
  }
}
