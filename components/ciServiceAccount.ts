import { ComponentResource, output } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output, Resource } from "@pulumi/pulumi";
import { toSeconds } from "../core/time/duration.ts";
import type { Duration } from "../core/time/duration.ts";
import type { SecretReference } from "../core/secrets/reference.ts";
import type { FormerAccounts } from "../systems/zot/keys/former/formerAccounts.ts";
import type { FormerStore } from "../systems/zot/keys/former/formerStores.ts";
import type { OwnKey } from "../systems/zot/keys/otherKeys/accountKeys.ts";
import { rotationPlan } from "../systems/zot/keys/rotation.ts";
import type { SignInArgs } from "../systems/zot/signIn/check.ts";
import type { AuthentikAccess, DeclaredAccount } from "./authentikAccess.ts";
import { ApiKey, KeyCleanup, KeyCopy, ServiceAccount } from "./parts/resources.ts";

export interface CiServiceAccountArgs {
  /** How the account signs in to Authentik and zot. */
  readonly signIn: SignInArgs;
  /** First part of the keys' labels, such as `zot-auth/<stack>`; it must be unique. A change, such as a renamed stack, creates a new key and revokes the old one after the grace period. */
  readonly owner: string;
  /** What the owners of all CI accounts of the stack begin with, if it has several: their keys are not taken for unmanaged ones. Default: it has one. */
  readonly stack?: string | undefined;
  /** Where the key is stored: `op://vault/item/field`. The item must exist; its other fields are left unchanged. A change creates a new key there, and empties the old field. */
  readonly keyStore: SecretReference;
  /** Further fields that get a copy of the key. A field that is removed from the list is emptied. Default: none. */
  readonly keyCopies?: readonly SecretReference[] | undefined;
  /** How long a key is valid. A change creates a new key. */
  readonly keyLifetime: Duration;
  /** The age at which `up` replaces the key. Default: two thirds of `keyLifetime`. */
  readonly rotateAfter?: Duration | undefined;
  /** Any text. A change creates a new key. Default: empty. */
  readonly rotationTrigger?: string | undefined;
  /** Any text. A change revokes every key of the account at once, then creates a new one: CI cannot push in between. Default: empty. */
  readonly revocationTrigger?: string | undefined;
  /** What `destroy` does to the stored key: `blank` empties the field, `leave` keeps it. */
  readonly onDestroy: "blank" | "leave";
  /** The host and data folder of zot, such as `local:/srv/zot`. A change creates a new key: zot's keys are in that folder. Default: not compared. */
  readonly zotData?: string | undefined;
  /** The image repository in which a new key is proved. One small tag stays there. */
  readonly proofRepository: string;
  /** How long Authentik may take to apply the blueprint again if the account is not as declared. */
  readonly applyTimeout: Duration;
  /** The component whose blueprint creates the account. */
  readonly access: Resource & Pick<AuthentikAccess, "applied" | "blueprintHash" | "blueprintPlace">;
  /** The account there: `access.account(id)`. */
  readonly account: DeclaredAccount;
  /** The registry. Its config must be in force before zot can create a key. */
  readonly server: Resource;
  /** Any number. Another one looks whether 1Password and zot still have the key: for an account that the program had left out for a while. Default: none. */
  readonly generation?: Input<number | undefined>;
}

/** What is known of the key; none of it is secret. */
export interface KeyOutputs {
  /** The key's id in zot. */
  readonly uuid: Output<string>;
  /** `<owner>/<generation>`. */
  readonly label: Output<string>;
  /** First 16 hex digits of the key's SHA-256. */
  readonly fingerprint: Output<string>;
  /** RFC 3339, like the two dates below. */
  readonly created: Output<string>;
  readonly expires: Output<string>;
  /** From then on, `up` creates a new key. */
  readonly rotates: Output<string>;
  /** Earlier values of `owner`; undefined if there is none. Keys with such labels are ours, too. */
  readonly formerOwners: Output<readonly string[] | undefined>;
  /** Accounts of earlier settings, and how to act as one of them to revoke its keys; undefined if there is none. */
  readonly former: Output<FormerAccounts | undefined>;
  /** Fields of 1Password that earlier settings named; undefined if there is none. */
  readonly formerStores: Output<readonly FormerStore[] | undefined>;
  /** Keys that this one replaced and that are still to be revoked. */
  readonly superseded: Output<readonly OwnKey[]>;
}

/** The account that CI pushes with, its API key, the key's place in 1Password, and its rotation. The key itself is not an output. */
export class CiServiceAccount extends ComponentResource {
  /** The key in force. */
  readonly key: KeyOutputs;
  /** What revokes every key on `destroy`. Whatever uses the key must depend on it. */
  readonly keys: Resource;

  constructor(name: string, args: CiServiceAccountArgs, options?: ComponentResourceOptions) {
    super("zot-auth:index:CiServiceAccount", name, {}, options);
    const { signIn, access } = args;
    const blueprint = {
      path: access.blueprintPlace,
      hash: access.blueprintHash,
      timeout: toSeconds(args.applyTimeout),
    };
    const account = new ServiceAccount(
      `${name}-account`,
      {
        authentikUrl: signIn.authentikUrl,
        authentikToken: signIn.authentikToken,
        ...blueprint,
        username: signIn.username,
        group: signIn.ciGroup,
        appPassword: signIn.appPassword,
        machineFlow: signIn.machineFlow,
        declared: args.account.declared,
      },
      { parent: this, dependsOn: [access.applied] },
    );
    const plan = rotationPlan(args.keyLifetime, args.rotateAfter);
    const lifetime = plan.lifetimeSeconds;
    const { owner, stack } = args;
    const keys = { ...signIn, owner, stack, store: args.keyStore, onDestroy: args.onDestroy, lifetime };
    const cleanup = new KeyCleanup(
      `${name}-keys`,
      {
        ...keys,
        blueprint,
        declaredBefore: args.account.former,
        rotationTrigger: args.rotationTrigger ?? "",
        revocationTrigger: args.revocationTrigger ?? "",
        ...(args.zotData === undefined ? {} : { zotData: args.zotData }),
        generation: args.generation,
        stores: [args.keyStore, ...(args.keyCopies ?? [])],
      },
      { parent: this, dependsOn: [account, access, args.server] },
    );
    const formerOwners = output(cleanup.formerOwners).apply((owners) => (owners?.length === 0 ? undefined : owners));
    const { timeout } = blueprint;
    const former = output(cleanup.formerAccounts).apply((accounts) =>
      accounts === undefined || accounts.length === 0 ? undefined : { accounts, signIn, timeout },
    );
    const generationOf = (store: SecretReference) =>
      output(cleanup.storeGenerations).apply((generations) => generations?.[store]);
    const key = new ApiKey(
      `${name}-key`,
      {
        ...keys,
        formerOwners,
        former,
        rotateAfter: plan.rotateAfterSeconds,
        rotationTrigger: args.rotationTrigger ?? "",
        revocationTrigger: args.revocationTrigger ?? "",
        proofRepository: args.proofRepository,
        storeGeneration: generationOf(args.keyStore),
        ...(args.zotData === undefined ? {} : { zotData: args.zotData }),
      },
      { parent: this, dependsOn: [cleanup] },
    );
    for (const store of args.keyCopies ?? []) {
      const { fingerprint, label } = key;
      new KeyCopy(
        `${name}-${store}`,
        {
          source: args.keyStore,
          store,
          fingerprint,
          label,
          onDestroy: args.onDestroy,
          storeGeneration: generationOf(store),
        },
        { parent: this, dependsOn: [cleanup] },
      );
    }
    this.keys = cleanup;
    this.key = {
      uuid: key.uuid,
      label: key.label,
      fingerprint: key.fingerprint,
      created: key.created,
      expires: key.expires,
      rotates: key.rotates,
      formerOwners,
      former,
      formerStores: output(cleanup.formerStores).apply((stores) => (stores?.length === 0 ? undefined : stores)),
      superseded: key.superseded,
    };
    this.registerOutputs();
  }
}
